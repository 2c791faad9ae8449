"""What became of one plan or input: an object for programs, lines for people."""

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator_dynamic.cli.durations import spoken
from orchestrator_dynamic.cli.standstill import Standstill
from orchestrator_dynamic.errors import Finding, Severity
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.orchestrator import Receipt
from orchestrator_dynamic.ports.store import StoredWorkflow

DEAD_LETTER, UNREADABLE, HALTED = "DEAD_LETTER", "UNREADABLE", "HALTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanResult:
    """How far a plan has come, or why there is none.

    Attributes:
        source: the file that it came from; `journal` where an earlier command took it in.
        outcome: an `Outcome`, or in capitals too why there is none (yet).
        record: the plan's row in the store; None where the input is no plan.
        reason: what led to the outcome, in words, or the code of a dead letter.
        remedy: what a person can do about it.
    """

    source: str
    outcome: str
    record: StoredWorkflow | None = None
    reason: str = ""
    remedy: str = ""
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
    standstill: Standstill | None = None,
) -> PlanResult:
    """Return the result of a plan that has ended, stopped, or waits for a person."""
    if standstill is not None:
        outcome, reason, remedy = standstill.word, standstill.why, standstill.remedy
    else:
        outcome, reason, remedy = record.outcome or record.phase, record.reason, ""
    return PlanResult(
        source=source,
        outcome=outcome,
        record=record,
        reason=reason,
        remedy=remedy,
        findings=tuple(findings),
    )


def result_of_dead_letter(receipt: Receipt) -> PlanResult:
    """Return the result of an input that is kept as a dead letter."""
    return PlanResult(
        source=receipt.source,
        outcome=DEAD_LETTER,
        reason=receipt.reason,
        findings=receipt.findings,
    )


def as_object(result: PlanResult) -> dict[str, object]:
    """Return `result` for programs; the same keys whatever it is."""
    record = result.record
    return {
        "decision_id": record and record.decision_id,
        "plan_id": record and record.plan_id,
        "workflow_id": record and record.workflow_id,
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
    if result.record is None:
        return [f"{result.source}: {result.outcome} ({result.reason})", *_reasons(result)]
    record, numbers = result.record, _numbers(result.record)
    name, took = record.plan_id, result.duration_ms
    if took is None:
        why = f"{result.reason}; {result.remedy}" if result.remedy else result.reason
        return [f"{name}: {result.outcome}, {numbers}; {why}"]
    told = f"{name}: {result.outcome} after {spoken(took)}, {numbers}"
    if result.well:
        warnings = len(result.findings)
        return [told + (f"; {warnings} {_plural('warning', warnings)}" if warnings else "")]
    return [f"{told}; {result.reason}", *_reasons(result)]


def _reasons(result: PlanResult) -> list[str]:
    errors = [finding for finding in result.findings if finding.severity is Severity.ERROR]
    return [f"  {finding.where}: {finding.message} ({finding.code})" for finding in errors]


def _numbers(record: StoredWorkflow) -> str:
    """Return what became of the tickets, zeros left out."""
    parts = [f"{record.completed:,} of {record.tasks:,} tickets completed"]
    for count, word in (
        (record.failed, "failed"),
        (record.compensated, "compensated"),
        (record.retried, "retried"),
    ):
        parts += [f"{count:,} {word}"] * bool(count)
    for count, word in (
        (record.sla_violations, "SLA violation"),
        (record.incidents, "incident"),
    ):
        parts += [f"{count:,} {_plural(word, count)}"] * bool(count)
    return ", ".join(parts)


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"
