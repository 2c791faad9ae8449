"""From a message's bytes to a plan that can begin, or to a dead letter that says why not.

This is the expensive part of taking a decision (reading, C1, drawing the graph), and it needs
nothing of the engine, so large messages are prepared in a thread while other plans go on.
"""

import asyncio
from dataclasses import dataclass
from time import perf_counter

from orchestrator_dynamic.core.derived_ids import workflow_id_of
from orchestrator_dynamic.core.plan_execution import PlanExecution
from orchestrator_dynamic.core.plan_rules import examine
from orchestrator_dynamic.core.policy import PlanLimits, Policy
from orchestrator_dynamic.errors import Finding, InvalidInput
from orchestrator_dynamic.ports.clock import Clock
from orchestrator_dynamic.ports.orchestrator import Incoming
from orchestrator_dynamic.ports.records import DeadLetterRecord
from orchestrator_dynamic.runtime.dead_letters import letter_about
from orchestrator_dynamic.wire.decision_reader import ReadLimits, read_decision
from orchestrator_dynamic.wire.decision_writer import kept_form
from orchestrator_dynamic.wire.message_headers import traceparent_in

# Below this, a thread costs more than it spares the others.
_IN_PLACE_BYTES_MAX = 128 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlan:
    """A decision that could be read, ready to be accepted."""

    execution: PlanExecution
    canonical: bytes
    content_hash: str
    envelope: str
    message: Incoming
    findings: tuple[Finding, ...]
    validation_ms: int
    generation_ms: int
    traceparent: str | None


Prepared = NewPlan | DeadLetterRecord


class Intake:
    """Prepares messages for the engine."""

    def __init__(
        self, clock: Clock, read_limits: ReadLimits, plan_limits: PlanLimits, policy: Policy
    ) -> None:
        self._clock = clock
        self._policy = policy
        self._read_limits = read_limits
        self._plan_limits = plan_limits

    async def prepare(self, message: Incoming) -> Prepared:
        """Return what the engine is to do with a message; nothing is durable yet."""
        if len(message.data) <= _IN_PLACE_BYTES_MAX:
            return self._prepare(message)
        return await asyncio.to_thread(self._prepare, message)

    def _prepare(self, message: Incoming) -> Prepared:
        began = perf_counter()
        try:
            read = read_decision(
                message.data,
                message.headers,
                limits=self._read_limits,
                writer_schema=message.schema,
            )
        except InvalidInput as error:
            return letter_about(message, error, self._clock.now_ms())
        unknown_ms = self._policy.ticket_timeout_min_ms
        examination = examine(read.decision, self._plan_limits, unknown_ms)
        examined = perf_counter()
        workflow_id = workflow_id_of(read.decision.decision_id)
        execution = PlanExecution(workflow_id, read.decision, examination.graph)
        if examination.valid:
            execution.prepare(self._policy)
        generated = perf_counter()
        canonical, content_hash = kept_form(read.decision)
        return NewPlan(
            execution=execution,
            canonical=canonical,
            content_hash=content_hash,
            envelope=read.envelope,
            message=message,
            findings=(*read.warnings, *examination.findings),
            validation_ms=round((examined - began) * 1000),
            generation_ms=round((generated - examined) * 1000),
            traceparent=traceparent_in(message.headers),
        )
