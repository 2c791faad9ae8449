"""What a filter means as conditions of MongoDB."""

import re

from orchestrator_dynamic.adapters.mongodb.database import Document
from orchestrator_dynamic.ports.filters import TicketFilter, WorkflowFilter


def workflows(wanted: WorkflowFilter) -> list[Document]:
    """Return the conditions for workflows, all of which must hold."""
    outcome = None if wanted.outcome is None else wanted.outcome.value
    same = {
        "outcome": outcome,
        "phase": wanted.phase,
        "plan_id": wanted.plan_id,
        "intent_id": wanted.intent_id,
        "risk_band": wanted.risk_band,
    }
    conditions: list[Document] = [{name: value} for name, value in same.items() if value]
    if wanted.accepted_from is not None:
        conditions.append({"accepted_at": {"$gte": wanted.accepted_from}})
    if wanted.accepted_before is not None:
        conditions.append({"accepted_at": {"$lt": wanted.accepted_before}})
    if wanted.violated is not None:
        conditions.append({"sla_violations": {"$gt" if wanted.violated else "$lte": 0}})
    if wanted.search is not None:
        ids = ("workflow_id", "decision_id", "plan_id", "intent_id")
        conditions.append(_holds(wanted.search, *ids))
    if wanted.open_only:
        conditions.append({"outcome": None})
    return conditions


def tickets(wanted: TicketFilter) -> Document:
    """Return the condition for tickets; empty where all are wanted."""
    which: Document = {}
    if wanted.stage is not None:
        which["state.stage"] = wanted.stage.value
    if wanted.task_type is not None:
        which["task_type"] = wanted.task_type.value
    if wanted.search is not None:
        which |= _holds(wanted.search, "task_id", "ticket_id")
    return which


def _holds(text: str, *names: str) -> Document:
    """Return the condition that one of the fields `names` has `text` in it."""
    pattern = {"$regex": "".join(map(_in_either_case, text))}
    return {"$or": [{name: pattern} for name in names]}


def _in_either_case(letter: str) -> str:
    # The option "i" knows the cases of all alphabets, and a pattern must not hold a zero itself.
    if letter == "\0":
        return r"\x00"
    if letter.isascii() and letter.isalpha():
        return f"[{letter.lower()}{letter.upper()}]"
    return re.escape(letter)
