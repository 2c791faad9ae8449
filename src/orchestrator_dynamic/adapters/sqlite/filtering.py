"""What a filter means in SQL; values are always bound, never part of the text."""

from collections.abc import Sequence

from orchestrator_dynamic.ports.filters import TicketFilter, WorkflowFilter

_IDS = ("workflow_id", "decision_id", "plan_id", "intent_id")

Condition = tuple[str, Sequence[object]]


def workflows(wanted: WorkflowFilter, before: int | None) -> Condition:
    """Return the WHERE clause for workflows with keys below `before`, and its values."""
    outcome = None if wanted.outcome is None else wanted.outcome.value
    plain: tuple[tuple[str, object], ...] = (
        ("outcome = ?", outcome),
        ("phase = ?", wanted.phase),
        ("plan_id = ?", wanted.plan_id),
        ("intent_id = ?", wanted.intent_id),
        ("risk_band = ?", wanted.risk_band),
        ("accepted_at >= ?", wanted.accepted_from),
        ("accepted_at < ?", wanted.accepted_before),
        ("(sla_violations > 0) = ?", wanted.violated),
        ("workflow < ?", before),
    )
    words = [word for word, value in plain if value is not None]
    values = [value for _, value in plain if value is not None]
    if wanted.search is not None:
        words.append(_holds(_IDS))
        values += [wanted.search] * len(_IDS)
    if wanted.open_only:
        words.append("outcome IS NULL")
    return f"WHERE {' AND '.join(words)}" if words else "", values


def tickets(wanted: TicketFilter) -> Condition:
    """Return what a WHERE clause for tickets goes on with, and its values."""
    text, values = "", list[object]()
    if wanted.stage is not None:
        text, values = f"{text} AND stage = ?", [*values, wanted.stage.value]
    if wanted.task_type is not None:
        text, values = f"{text} AND task_type = ?", [*values, wanted.task_type.value]
    if wanted.search is not None:
        ids = ("task_id", "ticket_id")
        text, values = f"{text} AND {_holds(ids)}", [*values, *[wanted.search] * len(ids)]
    return text, values


def _holds(columns: Sequence[str]) -> str:
    """Return the condition that one of `columns` has a text in it; no character is special."""
    return f"({' OR '.join(f'instr(lower({column}), lower(?)) > 0' for column in columns)})"
