"""One workflow, or one ticket of it, told to people."""

from collections.abc import Iterable, Sequence

from orchestrator_dynamic.cli.plan_story import PlanStory, TicketStory, ToldTicket
from orchestrator_dynamic.cli.printing import (
    DASH,
    Column,
    counted,
    duration,
    exact_moment,
    moment,
    print_heading,
    print_pairs,
    print_table,
    readable,
    say,
)
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.incident import OrchestrationIncident
from orchestrator_dynamic.ports.store import (
    AuditEntry,
    StoredAnswer,
    StoredWorkflow,
    TimelineEntry,
)

# Where not all tickets are shown, those that need a look come first.
_RANK = {
    stage: rank
    for rank, stage in enumerate(
        (
            Stage.FAILED,
            Stage.AWAITING_APPROVAL,
            Stage.STARVED,
            Stage.BACKING_OFF,
            Stage.RUNNING,
            Stage.PUBLISHING,
            Stage.COMPENSATING,
            Stage.READY,
            Stage.WAITING,
            Stage.CANCELLED,
            Stage.SKIPPED,
            Stage.COMPENSATED,
            Stage.COMPLETED,
        )
    )
}
_NEEDS_NO_NOTE = (Stage.COMPLETED, Stage.COMPENSATED)

_KINDS = {
    "decision_accepted": "decision taken in",
    "workers_changed": "workers changed",
    "approval_given": "approved",
    "approval_refused": "approval refused",
    "tickets_published": "out",
    "tickets_returned": "came back, to go out again",
    "ticket_started": "started",
    "ticket_succeeded": "completed",
    "ticket_failed": "failed",
    "cancel_requested": "cancellation asked for",
    "pause_requested": "paused",
    "resume_requested": "resumed",
}

_NAMES_SHOWN = 5
_LOG_LINES_SHOWN = 20


def tell_plan(story: PlanStory, tickets_max: int, engine: str | None, *, with_audit: bool) -> None:
    """Print a workflow.

    Args:
        engine: who runs an engine on its data directory now, None where nobody does.
    """
    print_pairs(_pairs(story, engine))
    if tickets_max and story.tickets:
        _tell_tickets(story, tickets_max)
    if story.incidents:
        print_heading(f"Incidents ({len(story.incidents)})")
        _tell_incidents(story.incidents)
    if story.timeline:
        more = " (the latest; --timeline shows more)" if story.earlier_events else ""
        print_heading(f"Timeline{more}")
        _tell_timeline(story.timeline)
    if with_audit:
        print_heading(f"Audit ({len(story.audit)})")
        _tell_audit(story.audit)


def tell_ticket(story: TicketStory) -> None:
    """Print a ticket."""
    ticket, undone = story.told.ticket, story.undone_by
    print_pairs(
        [
            ("Task", _name(story.told)),
            ("Ticket", ticket.ticket_id),
            ("Workflow", story.workflow.workflow_id),
            ("Type", ticket.task_type),
            ("State", f"{ticket.stage} (status {ticket.status})"),
            ("Why", readable(story.told.why)),
            ("Attempts", str(ticket.attempt)),
            ("Time-out", duration(ticket.timeout_ms)),
            ("Ready", _when(ticket.ready_at)),
            ("Out", _when(ticket.published_at)),
            ("Started", _when(ticket.started_at)),
            ("Ended", _when(ticket.ended_at)),
            ("Deadline", _when(ticket.deadline_at)),
            ("Ran", "" if ticket.run_ms is None else duration(ticket.run_ms)),
            ("Worker", ticket.agent or ""),
            ("Progress", ticket.progress or ""),
            ("Undone by", f"{undone.ticket_id} ({undone.stage})" if undone else ""),
        ]
    )
    if story.history:
        print_heading("History")
        _tell_timeline(story.history)
    for number, answer in enumerate(story.answers, start=1):
        print_heading(f"Answer {number} of {len(story.answers)}")
        _tell_answer(answer)


def _pairs(story: PlanStory, engine: str | None) -> list[tuple[str, str]]:
    one = story.workflow
    state = one.outcome or one.phase
    if one.paused and one.outcome is None:
        state = f"{state} (paused)"
    ended = one.ended_at
    took = "" if ended is None else f", after {duration(ended - one.accepted_at)}"
    return [
        ("Workflow", one.workflow_id),
        ("State", state),
        ("Why", readable(story.why)),
        ("To do", story.remedy),
        ("Engine", _engine_words(one, engine)),
        ("Decision", one.decision_id),
        ("Plan", one.plan_id),
        ("Intent", one.intent_id),
        ("At stake", f"risk {one.risk_band}, priority {one.priority}"),
        ("Source", f"{story.arrival.source} ({story.arrival.envelope})"),
        ("Accepted", moment(one.accepted_at)),
        ("Started", _when(one.started_at)),
        ("Deadline", _when(one.deadline_at)),
        ("Ended", f"{moment(ended)}{took}" if ended is not None else ""),
        ("Tasks", _task_words(story)),
        ("Times", _time_words(one)),
        ("SLA", counted(one.sla_violations, "violation") if one.sla_violations else ""),
    ]


def _when(at: int | None) -> str:
    return "" if at is None else moment(at)


def _engine_words(workflow: StoredWorkflow, engine: str | None) -> str:
    if workflow.outcome is not None:
        return ""
    return engine or "none runs on this data directory; nothing moves until one does"


def _task_words(story: PlanStory) -> str:
    parts = [f"{count:,} {stage.lower()}" for stage, count in sorted(story.stages.items())]
    retried = story.workflow.retried
    parts += [counted(retried, "retry", "retries")] * bool(retried)
    of_them = f": {', '.join(parts)}" if parts else ""
    return f"{story.workflow.tasks:,}{of_them}".replace("_", " ")


def _time_words(workflow: StoredWorkflow) -> str:
    if not workflow.execution_ms:
        return ""
    return (
        f"critical path {duration(workflow.critical_path_ms)}, "
        f"execution {duration(workflow.execution_ms)}, queue {duration(workflow.queue_ms)} in all"
    )


def _tell_tickets(story: PlanStory, most: int) -> None:
    tickets: Sequence[ToldTicket] = story.tickets
    if len(tickets) > most:
        tickets = sorted(tickets, key=lambda told: _RANK[told.ticket.stage])[:most]
    print_heading(f"Tickets ({len(story.tickets):,})")
    print_table(
        [
            Column("task", whole=True),
            Column("type"),
            Column("stage", whole=True),
            Column("attempts", right=True),
            Column("ran", right=True),
            Column("worker"),
            Column("note"),
        ],
        [_ticket_row(told) for told in tickets],
    )
    if (more := len(story.tickets) - len(tickets)) > 0:
        say(f"… and {counted(more, 'more ticket')}; --tickets {len(story.tickets)} shows them")


def _ticket_row(told: ToldTicket) -> list[str]:
    ticket = told.ticket
    return [
        _name(told),
        ticket.task_type,
        ticket.stage,
        str(ticket.attempt) if ticket.attempt else DASH,
        duration(ticket.run_ms),
        ticket.agent or DASH,
        _note(told),
    ]


def _note(told: ToldTicket) -> str:
    ticket = told.ticket
    if ticket.stage in _NEEDS_NO_NOTE:
        return DASH
    said = f"{ticket.progress}; " if ticket.progress and ticket.stage is Stage.RUNNING else ""
    return said + readable(told.why) or DASH


def _name(told: ToldTicket) -> str:
    undoing = told.ticket.undoes is not None
    return f"undoing of {told.ticket.task_id}" if undoing else told.ticket.task_id


def _tell_timeline(entries: Iterable[TimelineEntry]) -> None:
    for entry in entries:
        names = ", ".join(entry.tasks[:_NAMES_SHOWN])
        more = len(entry.tasks) - _NAMES_SHOWN
        names += f" and {more:,} more" if more > 0 else ""
        what = _KINDS.get(entry.kind, entry.kind.replace("_", " "))
        parts = [f"attempt {entry.attempt}"] if entry.attempt else []
        parts += [f"by {entry.agent}"] if entry.agent else []
        parts += [f"by {entry.by}"] if entry.by else []
        circumstances = f" ({', '.join(parts)})" if parts else ""
        why = entry.error or entry.reason
        told = f"{names} {what}" if names else what
        say(
            (f"{exact_moment(entry.at)}  ", "dim"),
            told + circumstances + (f": {why}" if why else ""),
        )


def _tell_incidents(incidents: Iterable[OrchestrationIncident]) -> None:
    for one in incidents:
        say(
            (f"{exact_moment(one.created_at)}  ", "dim"),
            (f"{one.incident_type} {one.severity}", "red"),
            f"  {one.incident_id}",
        )
        for detail in one.details:
            say(f"    {readable(detail)}")
        if one.recommended_playbook:
            say(f"    playbook: {one.recommended_playbook}")


def _tell_audit(entries: Iterable[AuditEntry]) -> None:
    rows = [
        [
            exact_moment(entry.at),
            entry.actor,
            entry.action.replace("_", " "),
            readable(
                ", ".join(f"{name}: {value}" for name, value in entry.detail.items() if value)
            ),
        ]
        for entry in entries
    ]
    print_table([Column("at"), Column("by"), Column("did"), Column("what")], rows)


def _tell_answer(answer: StoredAnswer) -> None:
    print_pairs(
        [
            ("At", exact_moment(answer.at)),
            ("Says", f"{answer.status}, by {answer.agent or 'nobody'}"),
            ("Fate", answer.fate.replace("_", " ")),
            ("Attempt", str(answer.attempt or DASH)),
            ("Took", duration(answer.duration_ms) if answer.duration_ms is not None else ""),
            ("Error", answer.error or ""),
            *[(f"output {name}", value) for name, value in answer.output.items()],
            *[(f"metadata {name}", value) for name, value in answer.metadata.items()],
        ]
    )
    for line in answer.logs[:_LOG_LINES_SHOWN]:
        say(f"  | {line}")
    if (more := len(answer.logs) - _LOG_LINES_SHOWN) > 0:
        say(f"  … and {counted(more, 'more line')}; --json has them")
