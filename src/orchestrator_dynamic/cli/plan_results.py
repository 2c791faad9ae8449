"""What became of one plan or input: an object for programs, lines for people."""

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator_dynamic.cli.durations import spoken
from orchestrator_dynamic.cli.printing import clean, counted, readable
from orchestrator_dynamic.cli.standstill import Standstill
from orchestrator_dynamic.errors import Finding, Severity
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.orchestrator import Receipt
from orchestrator_dynamic.ports.store import Ending, Store, StoredWorkflow

DEAD_LETTER, UNREADABLE, HALTED = "DEAD_LETTER", "UNREADABLE", "HALTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanResult:
    """How far a plan has come, or why there is none.

    Attributes:
        source: the file that it came from; `journal` where an earlier command took it in.
        outcome: an `Outcome`, or in capitals too why there is none (yet).
        record: the plan as the store has it; None where the input is no plan, or was pruned.
        reason: what led to the outcome, in words, or the code of a dead letter.
        remedy: what a person can do about it.
        repeated: whether it had ended before, so that this time nothing was started.
    """

    source: str
    outcome: str
    decision_id: str | None = None
    plan_id: str | None = None
    workflow_id: str | None = None
    record: StoredWorkflow | None = None
    reason: str = ""
    remedy: str = ""
    repeated: bool = False
    findings: tuple[Finding, ...] = ()

    @property
    def well(self) -> bool:
        """Whether nothing is left to be wished for."""
        return self.outcome == Outcome.SUCCESS

    @property
    def duration_ms(self) -> int | None:
        """How long it took, from being taken in to its end; None while it has none."""
        record = self.record
        if record is None or record.ended_at is None:
            return None
        return max(0, record.ended_at - record.accepted_at)


def result_of_plan(
    record: StoredWorkflow,
    source: str,
    findings: Sequence[Finding],
    *,
    standstill: Standstill | None = None,
    repeated: bool = False,
) -> PlanResult:
    """Return the result of a plan that has ended, stopped, or waits for a person."""
    return PlanResult(
        source=source,
        outcome=standstill.word if standstill else record.outcome or record.phase,
        decision_id=record.decision_id,
        plan_id=record.plan_id,
        workflow_id=record.workflow_id,
        record=record,
        reason=standstill.why if standstill else record.reason,
        remedy=standstill.remedy if standstill else "",
        repeated=repeated,
        findings=tuple(findings),
    )


def result_of_pruned(receipt: Receipt, ending: Ending) -> PlanResult:
    """Return the result of a plan that ended before, of which only the end is still known."""
    return PlanResult(
        source=receipt.source,
        outcome=ending.outcome or ending.phase,
        decision_id=receipt.decision_id,
        plan_id=receipt.plan_id,
        workflow_id=receipt.workflow_id,
        reason=ending.reason,
        repeated=True,
    )


def result_of_dead_letter(receipt: Receipt) -> PlanResult:
    """Return the result of an input that is kept as a dead letter."""
    return PlanResult(
        source=receipt.source,
        outcome=DEAD_LETTER,
        reason=receipt.reason,
        findings=receipt.findings,
    )


async def findings_on_record(store: Store, workflow: StoredWorkflow) -> tuple[Finding, ...]:
    """Return what was found about a plan when it was taken in."""
    audit = await store.audit(workflow)
    found = (entry.detail for entry in audit if entry.action == "plan_finding")
    return tuple(
        Finding(one["code"], Severity(one["severity"]), one["where"], one["message"])
        for one in found
    )


def as_object(result: PlanResult) -> dict[str, object]:
    """Return `result` for programs; the same keys whatever it is."""
    record = result.record
    return {
        "decision_id": result.decision_id,
        "plan_id": result.plan_id,
        "workflow_id": result.workflow_id,
        "outcome": result.outcome,
        "tickets": {
            "total": record.tasks if record else 0,
            "completed": record.completed if record else 0,
            "failed": record.failed if record else 0,
            "compensated": record.compensated if record else 0,
            "retried": record.retried if record else 0,
        },
        "duration_ms": result.duration_ms,
        "critical_path_ms": record.critical_path_ms if record else None,
        "sla_violations": record.sla_violations if record else 0,
        "incidents": record.incidents if record else 0,
        "findings": [
            {
                "code": finding.code,
                "severity": finding.severity.value,
                "where": finding.where,
                "message": finding.message,
            }
            for finding in result.findings
        ],
        "reason": result.reason,
        "source": result.source,
    }


def lines_about(result: PlanResult) -> list[str]:
    """Return `result` for people: a line, then one for each reason that an input was refused."""
    return [clean(readable(line)) for line in _lines_about(result)]


def _lines_about(result: PlanResult) -> list[str]:
    record = result.record
    name = f"{result.plan_id} ({result.source})" if result.plan_id else result.source
    if record is None:
        before = "; taken in before, its records were pruned" * result.repeated
        return [f"{name}: {result.outcome}, {result.reason}{before}", *_reasons(result)]
    if record.ended_at is None:
        why = f"{result.reason}; {result.remedy}" if result.remedy else result.reason
        return [f"{name}: {result.outcome}, {_numbers(record)}; {why}"]
    before = "; taken in before, so nothing was started" * result.repeated
    if record.started_at is None:
        return [f"{name}: {result.outcome}, {result.reason}{before}", *_reasons(result)]
    told = f"{name if before else result.plan_id}: {result.outcome}"
    told = f"{told} after {spoken(result.duration_ms or 0)}, {_numbers(record)}"
    if not result.well:
        return [f"{told}; {result.reason}{before}"]
    warnings = f"; {counted(len(result.findings), 'warning')}" if result.findings else ""
    return [f"{told}{warnings}{before}"]


def _reasons(result: PlanResult) -> list[str]:
    errors = [finding for finding in result.findings if finding.severity is Severity.ERROR]
    return [f"  {_with_place(finding)} ({finding.code})" for finding in errors]


def _with_place(finding: Finding) -> str:
    """Return the message, with the place where it does not name it already."""
    if finding.message.startswith(finding.where):
        return finding.message
    return f"{finding.where}: {finding.message}"


def _numbers(record: StoredWorkflow) -> str:
    """Return what became of the tickets, zeros left out."""
    outcomes = (
        (record.failed, "failed"),
        (record.compensated, "compensated"),
        (record.retried, "retried"),
    )
    parts = [f"{record.completed:,} of {counted(record.tasks, 'ticket')} completed"]
    parts += [f"{count:,} {word}" for count, word in outcomes if count]
    troubles = ((record.sla_violations, "SLA violation"), (record.incidents, "incident"))
    parts += [counted(count, word) for count, word in troubles if count]
    return ", ".join(parts)
