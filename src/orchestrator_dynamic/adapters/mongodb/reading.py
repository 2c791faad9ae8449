"""Documents as what readers of the store are given."""

import orjson

from orchestrator_dynamic.adapters.mongodb.database import Document
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.errors import Finding, Severity
from orchestrator_dynamic.models.vocabulary import Outcome, TaskType, TicketStatus
from orchestrator_dynamic.ports.dead_letters import DeadLetter
from orchestrator_dynamic.ports.records import WorkflowRecord
from orchestrator_dynamic.ports.store import (
    StoredAnswer,
    StoredMessage,
    StoredTicket,
    StoredWorkflow,
)

_WORKFLOW = WorkflowRecord._fields[1:]


def workflow(found: Document, stages: list[Document]) -> StoredWorkflow:
    """Return a workflow; where it has no outcome, its progress is that of its tickets.

    Args:
        stages: how many of its tickets are in which stage and attempt; empty where it has ended.
    """
    fields = {name: found[name] for name in _WORKFLOW}
    fields["paused"] = bool(fields["paused"])
    if fields["outcome"] is not None:
        fields["outcome"] = Outcome(fields["outcome"])
        return StoredWorkflow(key=found["_id"], **fields)
    # The record of an open plan is written when its phase changes; its tickets tell its progress.
    count = in_stages(stages)
    fields["completed"] = count.get(Stage.COMPLETED, 0)
    fields["failed"] = count.get(Stage.FAILED, 0)
    fields["compensated"] = count.get(Stage.COMPENSATED, 0)
    fields["retried"] = sum(max(one["_id"]["attempt"] - 1, 0) * one["count"] for one in stages)
    return StoredWorkflow(key=found["_id"], **fields)


def in_stages(groups: list[Document]) -> dict[Stage, int]:
    """Return how many tickets are in each stage."""
    count: dict[Stage, int] = {}
    for group in groups:
        stage = Stage(group["_id"]["stage"])
        count[stage] = count.get(stage, 0) + group["count"]
    return count


def ticket(found: Document) -> StoredTicket:
    """Return a ticket."""
    state = found["state"]
    return StoredTicket(
        number=found["number"],
        ticket_id=found["ticket_id"],
        task_id=found["task_id"],
        task_type=TaskType(found["task_type"]),
        undoes=found["undoes"],
        timeout_ms=found["timeout_ms"],
        stage=Stage(state["stage"]),
        status=TicketStatus(state["status"]),
        attempt=state["attempt"],
        ready_at=state["ready_at"],
        deadline_at=state["deadline_at"],
        published_at=state["published_at"],
        started_at=state["started_at"],
        ended_at=state["ended_at"],
        agent=state["agent"],
        error=state["error"],
        progress=found["progress"]["text"] if "progress" in found else None,
    )


def answer(found: Document) -> StoredAnswer:
    """Return an answer whose payload is there."""
    payload = orjson.loads(found["payload"])
    return StoredAnswer(
        ticket_id=found["ticket_id"],
        attempt=found["attempt"],
        at=found["at"],
        status=found["status"],
        fate=found["fate"],
        agent=found["agent"],
        duration_ms=found["duration_ms"],
        error=found["error"],
        output=payload["output"],
        metadata=payload["metadata"],
        logs=tuple(payload["logs"]),
    )


def message(found: Document) -> StoredMessage:
    """Return a message whose value is there."""
    value = found["value"]
    return StoredMessage(
        id=found["number"],
        topic=found["topic"],
        key=found["key"],
        value=value if isinstance(value, str) else value.decode(),
        created_at=found["created_at"],
        sent_at=found["sent_at"],
    )


def dead_letter(found: Document) -> DeadLetter:
    """Return a dead letter without its body."""
    return DeadLetter(
        id=found["number"],
        at=found["at"],
        reason=found["reason"],
        source=found["source"],
        findings=tuple(
            Finding(one["code"], Severity(one["severity"]), one["where"], one["message"])
            for one in orjson.loads(found["findings"])
        ),
        headers=orjson.loads(found["headers"]),
        size=found["size"],
        kept=found["kept"],
        sha256=found["sha256"],
        key=None if found["key"] is None else bytes(found["key"]).decode("latin-1"),
        requeued_at=found["requeued_at"],
        requeue_outcome=found["requeue_outcome"],
    )
