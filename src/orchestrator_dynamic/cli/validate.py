"""`orq validate`: what would become of a decision, without handing it in."""

from collections.abc import Sequence
from pathlib import Path
from time import time_ns
from typing import Annotated

import typer

from orchestrator_dynamic.cli.failures import NOT_WELL
from orchestrator_dynamic.cli.inputs import inputs_named
from orchestrator_dynamic.cli.options import AsJson, settings_in_force
from orchestrator_dynamic.cli.printing import (
    DASH,
    Column,
    counted,
    duration,
    moment,
    print_heading,
    print_json,
    print_pairs,
    print_table,
    readable,
    say,
)
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.core.gate import Verdict, steps_awaiting_approval
from orchestrator_dynamic.core.ticket_factory import QOS, RETRIES_MAX, timeout_of
from orchestrator_dynamic.errors import Misconfigured, Severity
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.runtime.rehearsal import Rehearsal, Schedule
from orchestrator_dynamic.runtime.rehearsal_report import deadline_of, rehearse_any, report_on

_EXAMPLES = """
Examples:

orq validate decision.json

curl -s https://plans.example/latest | orq validate - --json
"""

# A person reads some tens of lines; a program asks for JSON, which has all of them.
ROWS_SHOWN = 40
NAMES_SHOWN = 8

_IN_WORDS = {
    Verdict.RUN: "it would run",
    Verdict.PARK: "it would wait for a person's approval",
    Verdict.REJECT: "it would be recorded as REJECTED and never run",
    Verdict.EXPIRE: "it would be recorded as EXPIRED and never run",
    Verdict.REFUSE_INVALID: "it would be recorded as REJECTED, with an incident",
}

_WANTS_A_REASON = (Verdict.PARK, Verdict.REJECT)

File = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="A decision or a plan in any envelope; - means standard input.",
        show_default=False,
    ),
]
All = Annotated[
    bool, typer.Option("--all", help=f"Show every ticket, not only the first {ROWS_SHOWN}.")
]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog=_EXAMPLES)(validate)


def validate(file: File, show_all: All = False, as_json: AsJson = False) -> None:
    """Check a decision as the engine would, without running it: every finding at once.

    Shows the order of its tickets, the critical path, the projected end and the priority. Exit
    code 1 means that it cannot run: the message breaks its contract, or a finding is an error.
    """
    settings = settings_in_force()
    at = time_ns() // 1_000_000
    rehearsal = _rehearsed(_bytes_of(file), settings, at)
    if as_json:
        told = report_on(rehearsal, settings.policy(), at)
        print_json({"source": file, **told})
    else:
        _tell(rehearsal, file, settings, at, None if show_all else ROWS_SHOWN)
    if not rehearsal.valid:
        raise typer.Exit(NOT_WELL)


def _bytes_of(file: str) -> bytes:
    if Path(file).is_dir():
        raise Misconfigured(f"{file} is a directory; name one file, or - for standard input")
    complaints: list[str] = []
    found = inputs_named([file], complaints)
    if complaints:
        raise Misconfigured("\n".join(complaints))
    try:
        return found[0].read()
    except OSError as error:
        raise Misconfigured(f"{file} cannot be read: {error.strerror}") from error


def _rehearsed(data: bytes, settings: Settings, at: int) -> Rehearsal:
    return rehearse_any(
        data,
        None,
        plan_bytes_max=settings.plan.max_bytes,
        allow_direct_plans=settings.allow_direct_plans,
        plan_limits=settings.plan_limits(),
        policy=settings.policy(),
        at=at,
    )


def _tell(
    rehearsal: Rehearsal, file: str, settings: Settings, at: int, rows_max: int | None
) -> None:
    decision, schedule = rehearsal.decision, rehearsal.schedule
    _tell_verdict(rehearsal, file)
    pairs = _pairs_about(decision, rehearsal) if decision is not None else []
    if schedule is not None and decision is not None:
        pairs += _pairs_of_schedule(decision, rehearsal, schedule, settings, at)
    print_pairs(pairs)
    if rehearsal.findings:
        print_heading(f"Findings ({len(rehearsal.findings)})")
        columns = [Column("severity"), Column("code"), Column("where"), Column("message")]
        print_table(
            columns,
            [
                [one.severity, one.code, one.where, readable(one.message)]
                for one in rehearsal.findings
            ],
        )
    if schedule is not None and decision is not None:
        _tell_tickets(decision, rehearsal, schedule, settings, rows_max)


def _tell_verdict(rehearsal: Rehearsal, file: str) -> None:
    what = file if rehearsal.decision is None else f"plan {rehearsal.decision.plan_id}"
    errors = sum(one.severity is Severity.ERROR for one in rehearsal.findings)
    warnings = len(rehearsal.findings) - errors
    word, style = ("valid", "bold green") if not errors else ("invalid", "bold red")
    numbers = [counted(errors, "error")] * bool(errors)
    numbers += [counted(warnings, "warning")] * bool(warnings)
    if rehearsal.verdict is not None:
        verdict = _IN_WORDS[rehearsal.verdict]
    else:
        verdict = "it would be kept as a dead letter"
    told = f" ({', '.join(numbers)})" if numbers else ""
    say(f"{what}: ", (word, style), f"{told}; {verdict}")


def _pairs_about(decision: ConsolidatedDecision, rehearsal: Rehearsal) -> list[tuple[str, str]]:
    plan = decision.cognitive_plan
    edges = sum(len(task.dependencies) for task in plan.tasks)
    steps = sorted(steps_awaiting_approval(decision))
    return [
        ("Decision", f"{decision.decision_id} ({decision.final_decision})"),
        ("Intent", decision.intent_id),
        ("Envelope", rehearsal.envelope or ""),
        ("Why", readable(rehearsal.why) if rehearsal.verdict in _WANTS_A_REASON else ""),
        (
            "Tasks",
            f"{counted(len(plan.tasks), 'task')}, {counted(edges, 'dependency', 'dependencies')}",
        ),
        ("At stake", f"risk {plan.risk_band}, priority {plan.original_priority}"),
        ("Approval", f"asked for at the turn of: {_some(steps)}" if steps else ""),
    ]


def _pairs_of_schedule(
    decision: ConsolidatedDecision,
    rehearsal: Rehearsal,
    schedule: Schedule,
    settings: Settings,
    at: int,
) -> list[tuple[str, str]]:
    names = [task.task_id for task in decision.cognitive_plan.tasks]
    band = decision.cognitive_plan.risk_band
    path = [names[number] for number in schedule.critical_path]
    runs = rehearsal.verdict in (Verdict.RUN, Verdict.PARK)
    scores = "" if rehearsal.state is None else _scores(rehearsal.state.scores)
    retries = counted(RETRIES_MAX[band], "retry", "retries")
    return [
        ("Critical path", f"{duration(schedule.critical_path_ms)}: {_some(path, ' → ')}"),
        ("Projected end", _projection(decision, schedule, settings, at) if runs else ""),
        ("Deadline", moment(deadline_of(decision, settings.policy(), at)) if runs else ""),
        ("Score", scores),
        ("Delivery", f"{QOS[band].delivery_mode}, {QOS[band].consistency}; up to {retries}"),
        ("First out", _some([names[number] for number in schedule.first])),
    ]


def _projection(
    decision: ConsolidatedDecision, schedule: Schedule, settings: Settings, at: int
) -> str:
    end, most = at + schedule.duration_ms, settings.scheduler.max_parallel_tickets
    parts = [f"{moment(end)}, {duration(schedule.duration_ms)} after it starts"]
    if schedule.duration_ms > schedule.critical_path_ms:
        parts.append(f"with at most {counted(most, 'ticket')} out")
    if end > deadline_of(decision, settings.policy(), at):
        parts.append("after its deadline")
    told = ", ".join(parts)
    if schedule.unestimated:
        guess = duration(settings.sla.ticket_min_timeout_ms)
        tasks = counted(schedule.unestimated, "task")
        told += f"; {guess} is assumed for {tasks} without an estimate"
    return told


def _scores(scores: tuple[float, float, float]) -> str:
    if not any(scores):
        return ""
    now, half, late = scores
    return f"{now:.2f}; {half:.2f} once half of a ticket's time is used, {late:.2f} after 80 %"


def _some(names: Sequence[str], between: str = ", ") -> str:
    if len(names) <= NAMES_SHOWN:
        return between.join(names)
    half = NAMES_SHOWN // 2
    gap = f"… {len(names) - NAMES_SHOWN:,} more …"
    return between.join([*names[:half], gap, *names[-half:]])


def _tell_tickets(
    decision: ConsolidatedDecision,
    rehearsal: Rehearsal,
    schedule: Schedule,
    settings: Settings,
    rows_max: int | None,
) -> None:
    tasks, policy = decision.cognitive_plan.tasks, settings.policy()
    critical = set(schedule.critical_path)
    rows = []
    for place, number in enumerate(schedule.order[:rows_max], start=1):
        task = tasks[number]
        name = f"{task.task_id} *" if number in critical else task.task_id
        rows.append(
            [
                f"{place:,}",
                name,
                task.task_type,
                _some(task.dependencies) or DASH,
                duration(task.estimated_duration_ms or None),
                f"+{duration(schedule.starts_ms[number])}",
                duration(timeout_of(task, policy)),
                ", ".join(task.required_capabilities) or DASH,
            ]
        )
    print_heading("Tickets in order (* on the critical path)")
    print_table(
        [
            Column("#", right=True),
            Column("task", whole=True),
            Column("type"),
            Column("waits for"),
            Column("estimate", right=True),
            Column("begins", right=True),
            Column("time-out", right=True),
            Column("requires"),
        ],
        rows,
    )
    if (more := len(schedule.order) - len(rows)) > 0:
        say(f"… and {counted(more, 'more ticket')}; --all shows them")
