"""People's answers off the approval topic, for every open workflow of the plan that they name."""

from collections.abc import Sequence

from orchestrator_dynamic.consumers.dead_letters import DeadLetters
from orchestrator_dynamic.consumers.reading import value_of
from orchestrator_dynamic.consumers.taker import Stream
from orchestrator_dynamic.errors import InvalidInput
from orchestrator_dynamic.models.approval_response import ApprovalResponse
from orchestrator_dynamic.models.vocabulary import ApprovalDecision
from orchestrator_dynamic.observability.logging import get_logger
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.orchestrator import Action, Orchestrator, Request
from orchestrator_dynamic.ports.record_source import Record
from orchestrator_dynamic.wire.approval_reader import read_approval
from orchestrator_dynamic.wire.message_codec import MessageCodec

log = get_logger(__name__)

# Who answered is for the audit; an answer that does not say counts all the same.
_SOMEBODY = "approval-topic"

_ACTION_FOR = {
    ApprovalDecision.APPROVED: Action.APPROVE,
    ApprovalDecision.REJECTED: Action.REJECT,
}


class ApprovalConsumer:
    """A `Taker` of approvals. An answer that nothing waits for is counted, and told in the log."""

    def __init__(
        self,
        topic: str,
        orchestrator: Orchestrator,
        codec: MessageCodec,
        dead_letters: DeadLetters,
        metrics: Metrics,
    ) -> None:
        self.topic = topic
        self.stream = Stream.APPROVALS
        self._orchestrator = orchestrator
        self._codec = codec
        self._dead_letters = dead_letters
        self._metrics = metrics

    async def take(self, records: Sequence[Record]) -> int:
        """As the port says: one at a time, for people are slower than any topic."""
        self._dead_letters.room()
        record = records[0]
        try:
            data = value_of(record)
            schema = await self._codec.writer_schema(data, record.headers)
            answer = read_approval(data, record.headers, writer_schema=schema)
        except InvalidInput as why:
            await self._dead_letters.put(record, why)
        else:
            await self._pass_on(answer, record.source)
        return 1

    async def put_aside(self, record: Record, why: InvalidInput) -> None:
        """As the port says."""
        await self._dead_letters.put(record, why)

    async def _pass_on(self, answer: ApprovalResponse, source: str) -> None:
        """Ask it of every open workflow of the plan; each says whether it waits for an answer."""
        by, said, why_not = answer.approved_by or _SOMEBODY, answer.decision.value, list[str]()
        reached = 0
        for workflow_id in await self._orchestrator.open_workflows_of(answer.plan_id):
            request = Request(
                action=_ACTION_FOR[answer.decision],
                workflow_id=workflow_id,
                by=by,
                reason=answer.rejection_reason,
            )
            reply = await self._orchestrator.request(request)
            if reply.accepted:
                reached += 1
                log.info("approval_passed_on", workflow_id=workflow_id, decision=said, by=by)
            else:
                why_not.append(f"{workflow_id}: {reply.text}")
        if not reached:
            self._metrics.add("orchestration_duplicates_total", kind="approval")
            told = {"plan_id": answer.plan_id, "decision": said, "by": by, "source": source}
            log.info("approval_without_effect", **told, why=why_not or "no open workflow")
