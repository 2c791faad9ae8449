"""Decisions to hand in: only what a test is about is said, the rest is as it mostly is."""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any

MADE_AT = "2026-01-15T08:00:00Z"


def a_task(
    task_id: str, *after: str, ms: int = 6_000, task_type: str = "EXECUTE", description: str = ""
) -> dict[str, Any]:
    """Return a task that waits for the tasks `after`; the paced worker takes 1/60 of `ms`."""
    return {
        "task_id": task_id,
        "task_type": task_type,
        "description": description or f"Do {task_id}",
        "dependencies": [*after],
        "estimated_duration_ms": ms,
        "required_capabilities": ["read"],
    }


def a_chain(*names: str, ms: int = 6_000) -> list[dict[str, Any]]:
    """Return tasks one after the other."""
    first = a_task(names[0], ms=ms)
    return [first, *(a_task(later, earlier, ms=ms) for earlier, later in pairwise(names))]


def layers(tasks: int, width: int, ms: int) -> list[dict[str, Any]]:
    """Return tasks in layers, each of which waits for two of the layer before."""
    types = ("BUILD", "TEST", "DEPLOY", "QUERY", "EXECUTE")
    made = []
    for number in range(tasks):
        above = number - width
        after = {above, above - 1 if above % width else above + width - 1} if above >= 0 else ()
        names = (f"task-{one:05}" for one in sorted(after))
        made.append(
            a_task(f"task-{number:05}", *names, ms=ms, task_type=types[number % len(types)])
        )
    return made


def a_decision(
    name: str,
    tasks: Sequence[dict[str, Any]],
    *,
    requires_approval: bool = False,
    destructive: Iterable[str] = (),
    risk_band: str = "low",
    more: Mapping[str, Any] = MappingProxyType({}),
) -> str:
    """Return a decision with a plan as JSON; what is `destructive` waits at its turn for a person.

    Args:
        more: fields of the decision.
    """
    decision = {
        "decision_id": f"decision-{name}",
        "plan_id": name,
        "intent_id": f"intent-{name}",
        "correlation_id": f"correlation-{name}",
        "final_decision": "approve",
        "consensus_method": "bayesian",
        "aggregated_confidence": 0.91,
        "aggregated_risk": 0.42,
        "reasoning_summary": "All agree.",
        "created_at": MADE_AT,
        **more,
        "cognitive_plan": {
            "plan_id": name,
            "intent_id": f"intent-{name}",
            "reasoning_summary": "A plan of a test.",
            "risk_band": risk_band,
            "risk_score": 0.2,
            "original_domain": "TECHNICAL",
            "original_priority": "normal",
            "original_security_level": "internal",
            "created_at": MADE_AT,
            "requires_approval": requires_approval,
            "is_destructive": False,
            "destructive_tasks": [*destructive],
            "tasks": [*tasks],
        },
    }
    return json.dumps(decision)
