"""Decisions in their canonical form, and the hash that says whether two are the same."""

import hashlib

from orchestrator_dynamic.models.cognitive_plan import CognitivePlan
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.wire import json_text
from orchestrator_dynamic.wire.collection_pause import collection_paused

# A task is seldom shorter on the wire than this; it only decides whether a plan is large.
_TASK_BYTES = 128


def decision_object(decision: ConsolidatedDecision) -> dict[str, object]:
    """Return `decision` under its names on the wire, the plan as canonical JSON text."""
    record = decision.model_dump(mode="json", exclude={"cognitive_plan"})
    record["cognitive_plan"] = plan_text(decision.cognitive_plan)
    return record


def plan_text(plan: CognitivePlan) -> str:
    """Return `plan` as canonical JSON text: the same plan gives the same text."""
    with collection_paused(len(plan.tasks) * _TASK_BYTES):
        return json_text.canonical(plan.model_dump())


def content_hash(decision: ConsolidatedDecision) -> str:
    """Return the SHA-256 of what `decision` says, in hexadecimal, whatever envelope it came in.

    Its own field `hash` is left out: how senders work that out differs, and it says nothing that
    the rest does not say.
    """
    return _hash_of(decision_object(decision))


def kept_form(decision: ConsolidatedDecision) -> tuple[bytes, str]:
    """Return `decision` as JSON bytes to be kept, and its content hash, for the work of one."""
    record = decision_object(decision)
    return json_text.compact(record), _hash_of(record)


def _hash_of(record: dict[str, object]) -> str:
    said = {name: value for name, value in record.items() if name != "hash"}
    return hashlib.sha256(json_text.canonical(said).encode()).hexdigest()
