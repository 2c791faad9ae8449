"""Decisions to send: recorded ones, and made ones of every shape."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.wire.message_writer import to_avro, to_json
from tests.support.messages import RECORDED_PLANS, a_decision, a_plan, a_task

_TYPES = ("EXECUTE", "BUILD", "TEST", "QUERY", "TRANSFORM", "VALIDATE", "DEPLOY")
_BANDS = ("low", "medium", "high", "critical")


@dataclass(frozen=True, slots=True)
class Sent:
    """A decision as it was sent, and what is to be expected of it."""

    decision_id: str
    plan_id: str
    value: bytes
    tasks: tuple[str, ...]


def made(tag: str, number: int, *, schema_id: int | None = None, tasks: int = 0) -> Sent:
    """Return a decision about a plan of 8 to 20 tasks, always the same for the same arguments.

    Args:
        schema_id: written as Avro by this schema; as JSON if not given.
        tasks: how many tasks, if it matters.
    """
    decision = made_decision(tag, number, tasks)
    names = tuple(task.task_id for task in _plan_of(decision).tasks)
    value = to_json(decision) if schema_id is None else to_avro(decision, schema_id)
    return Sent(decision.decision_id, decision.plan_id, value, names)


def made_decision(tag: str, number: int, tasks: int = 0) -> ConsolidatedDecision:
    """Return the decision that `made` sends."""
    chance = random.Random(f"{number}")
    count = tasks or chance.randint(8, 20)
    nodes = []
    for place in range(count):
        befores = chance.sample(range(place), min(place, chance.choice((0, 1, 1, 2, 3))))
        nodes.append(
            a_task(
                f"t{place}",
                task_type=chance.choice(_TYPES),
                description=f"step {place}",
                dependencies=[f"t{before}" for before in sorted(befores)],
                estimated_duration_ms=chance.choice((None, 100, 5_000)),
            )
        )
    ids = {"plan_id": f"plan-{tag}-{number}", "intent_id": f"intent-{tag}-{number}"}
    plan = a_plan(*nodes, **ids, risk_band=chance.choice(_BANDS))
    return a_decision(plan, decision_id=f"decision-{tag}-{number}")


def _plan_of(decision: ConsolidatedDecision) -> Any:
    return decision.cognitive_plan


def recorded() -> Sequence[Sent]:
    """Return the recorded runs, smallest first; none where they are not kept."""
    found = []
    for file in sorted(RECORDED_PLANS.glob("*.json"), key=lambda one: one.stat().st_size):
        value = file.read_bytes()
        decision = json.loads(value)
        plan = json.loads(decision["cognitive_plan"])
        names = tuple(task["task_id"] for task in plan["tasks"])
        found.append(Sent(decision["decision_id"], decision["plan_id"], value, names))
    return found


def capabilities_of(decisions: Sequence[Sent]) -> frozenset[str]:
    """Return all that the tasks of these JSON decisions require."""
    plans = [json.loads(json.loads(one.value)["cognitive_plan"]) for one in decisions]
    tasks = [task for plan in plans for task in plan["tasks"]]
    return frozenset(name for task in tasks for name in task.get("required_capabilities", ()))
