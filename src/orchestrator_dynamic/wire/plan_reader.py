"""The plan in a decision: found in whatever it is wrapped in, and read as a model."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pydantic import ValidationError

from orchestrator_dynamic.errors import Finding
from orchestrator_dynamic.models.cognitive_plan import CognitivePlan
from orchestrator_dynamic.wire import avro_schemas, json_text
from orchestrator_dynamic.wire.body_reader import LAYERS_MAX, read_body
from orchestrator_dynamic.wire.collection_pause import collection_paused
from orchestrator_dynamic.wire.complaints import WHOLE, Complaints, member, shown
from orchestrator_dynamic.wire.normalisation import Shape, normalised, shape_of
from orchestrator_dynamic.wire.task_reader import read_tasks

PLAN_SPELLINGS = ("cognitive_plan", "cognitivePlan")


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """A plan that came without a decision, and what was odd about it, yet accepted."""

    plan: CognitivePlan
    warnings: tuple[Finding, ...]


def read_plan_alone(data: bytes, *, depth_max: int = json_text.DEPTH_MAX) -> ReadPlan:
    """Return the plan in `data`, alone or under `cognitive_plan`, to be looked at, not to be run.

    Args:
        data: JSON.
        depth_max: how many JSON containers may hold one another.

    Raises:
        InvalidInput: with every reason at once; `read_decision` lists them.
    """
    complaints = Complaints()
    with collection_paused(len(data)):
        body = read_body(data, None, avro_schemas.COGNITIVE_PLAN, depth_max=depth_max)
        raw, _ = unwrapped(body.record, depth_max, "cognitive_plan")
        plan = read_plan(raw, {}, "", complaints)
    if plan is None or complaints.any_errors:
        raise complaints.refusal()
    return ReadPlan(plan, complaints.warnings)


def take_plan(record: dict[str, object]) -> object:
    """Return the plan in `record` as it was sent, and take it out; None where there is none."""
    found = [record.pop(name, None) for name in PLAN_SPELLINGS]
    return next((plan for plan in found if plan is not None), None)


def unwrapped(plan: object, depth_max: int, where: str) -> tuple[object, bool]:
    """Return `plan` out of its JSON texts and its nesting, and whether it was nested.

    Raises:
        InvalidInput: a text in it cannot be read.
    """
    nested = False
    for _ in range(LAYERS_MAX):
        if isinstance(plan, str) and plan.strip():
            plan = json_text.read(plan, depth_max=depth_max, where=where)
        elif isinstance(plan, dict) and "tasks" not in plan and _holds_plan(plan):
            plan, nested = take_plan(plan), True
        else:
            break
    return plan, nested


def read_plan(
    raw: object, inherited: Mapping[str, object], where: str, complaints: Complaints
) -> CognitivePlan | None:
    """Return the plan that `raw` describes, or None where it breaks the contract.

    Args:
        raw: its tasks are taken out on the way.
        inherited: what the plan has from its decision where it does not say so itself.
        where: the path of `raw`, empty where it is the whole message.
        complaints: takes every reason.
    """
    if not isinstance(raw, dict):
        place = where or WHOLE
        complaints.error("wrong_type", place, f"{place} must be a plan; it is {shown(raw)}")
        return None
    place = member(where, "tasks")
    sent = raw.pop("tasks", None)
    tasks = read_tasks(sent, place, complaints) if isinstance(sent, list) else ()
    if sent is None:
        complaints.error("missing_field", place, f"{place} is missing; it must be given")
    elif not isinstance(sent, list):
        complaints.error("wrong_type", place, f"{place} must be a list; it is {shown(sent)}")
    record = {**inherited, **normalised(raw, _shape()), "tasks": tasks}
    try:
        return CognitivePlan.model_validate(record)
    except ValidationError as error:
        complaints.invalid(error, where)
        return None


def _holds_plan(record: Mapping[str, object]) -> bool:
    return any(record.get(name) is not None for name in PLAN_SPELLINGS)


@cache
def _shape() -> Shape:
    """Return the shape of a plan without its tasks, which have a reader of their own."""
    return tuple(field for field in shape_of(avro_schemas.COGNITIVE_PLAN) if field.name != "tasks")
