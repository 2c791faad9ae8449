"""Decisions off the bus, in every envelope that is seen there.

An envelope is how a decision and its plan are packed: as Avro or JSON, with or without a prefix,
the plan as text or as an object, nested once more, or alone. What comes out does not tell them
apart: the same decision is the same model, with the same content hash.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pydantic import ValidationError

from orchestrator_dynamic.errors import Finding, InvalidInput
from orchestrator_dynamic.models.cognitive_plan import CognitivePlan
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.models.ids import DecisionId, IntentId, PlanId
from orchestrator_dynamic.models.vocabulary import DecisionType
from orchestrator_dynamic.wire import avro_schemas, json_text
from orchestrator_dynamic.wire.avro_schemas import Schema
from orchestrator_dynamic.wire.body_reader import Body, read_body
from orchestrator_dynamic.wire.collection_pause import collection_paused
from orchestrator_dynamic.wire.complaints import WHOLE, Complaints, refusal, shown
from orchestrator_dynamic.wire.derived_decision import derived_decision
from orchestrator_dynamic.wire.envelope import Envelope, envelope_of
from orchestrator_dynamic.wire.normalisation import Shape, normalised, shape_of
from orchestrator_dynamic.wire.plan_reader import PLAN_SPELLINGS, read_plan, take_plan, unwrapped


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLimits:
    """What a message may be.

    Attributes:
        plan_bytes_max: for the whole message.
        depth_max: how many JSON containers may hold one another.
        allow_direct_plans: whether a plan may come without a decision.
    """

    plan_bytes_max: int = 64 * 1024 * 1024
    depth_max: int = json_text.DEPTH_MAX
    allow_direct_plans: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDecision:
    """A decision, and what there is to say about how it came.

    Attributes:
        warnings: what was odd, yet accepted; at most a hundred, and one that counts the rest.
        envelope: one of `Envelope`.
        direct_plan: whether the decision was derived, because a plan came alone.
    """

    decision: ConsolidatedDecision
    warnings: tuple[Finding, ...]
    envelope: str
    direct_plan: bool


DEFAULT_LIMITS = ReadLimits()


def read_decision(
    data: bytes,
    headers: Mapping[str, bytes] | None = None,
    *,
    limits: ReadLimits = DEFAULT_LIMITS,
    writer_schema: Schema | None = None,
) -> ReadDecision:
    """Return the decision in `data`; whether its plan can run is for the plan rules to judge.

    Args:
        headers: of the message; names are compared without case.
        writer_schema: the schema that the registry names for it, if there is a registry. The same
            object for the same schema is prepared only once.

    Raises:
        InvalidInput: with every reason at once, its `reason` one of `empty`, `too_large`,
            `not_utf8`, `not_json`, `duplicate_key`, `not_a_number`, `nested_too_deeply`,
            `unreadable_avro`, `unknown_envelope`, `direct_plan_refused` and `contract`.
    """
    if len(data) > limits.plan_bytes_max:
        message = f"message has {len(data):,} bytes; at most {limits.plan_bytes_max:,} are read"
        raise refusal("too_large", WHOLE, message)
    with collection_paused(len(data)):
        body = read_body(
            data,
            headers,
            avro_schemas.CONSOLIDATED_DECISION,
            writer_schema=writer_schema,
            depth_max=limits.depth_max,
        )
        if _is_plan_alone(body.record):
            return _read_direct(body.record, limits)
        if _is_decision(body.record):
            return _read_consolidated(body, limits)
    fields = shown(list(body.record))
    message = f"message is neither a decision nor a plan; its fields are {fields}"
    raise refusal("unknown_envelope", WHOLE, message)


def _is_plan_alone(record: Mapping[str, object]) -> bool:
    return "tasks" in record and record.keys().isdisjoint(_MARKS_OF_A_DECISION)


def _is_decision(record: Mapping[str, object]) -> bool:
    return not record.keys().isdisjoint((*_MARKS_OF_A_DECISION, "final_decision", "finalDecision"))


_MARKS_OF_A_DECISION = ("decision_id", "decisionId", *PLAN_SPELLINGS)


def _read_consolidated(body: Body, limits: ReadLimits) -> ReadDecision:
    complaints, where = Complaints(), PLAN_SPELLINGS[0]
    sent = take_plan(body.record)
    as_object = isinstance(sent, dict)
    decision = _decision_without_plan(body.record, complaints)
    try:
        raw, nested = unwrapped(sent, limits.depth_max, where)
    except InvalidInput as error:
        complaints.refused(error)
        raise complaints.refusal(error.reason) from None
    del sent
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        complaints.warning("no_plan", where, f"{where} is empty; it is read as a plan of no tasks")
        raw = {"tasks": []}
    plan = read_plan(raw, _inherited(decision or _STAND_IN), where, complaints)
    if plan is None or decision is None or complaints.any_errors:
        raise complaints.refusal()
    return ReadDecision(
        decision=_completed(decision, plan),
        warnings=complaints.warnings,
        envelope=envelope_of(body, nested=nested, as_object=as_object),
        direct_plan=False,
    )


def _decision_without_plan(
    raw: Mapping[str, object], complaints: Complaints
) -> ConsolidatedDecision | None:
    record = {**normalised(raw, _shape()), "cognitive_plan": _NO_PLAN}
    try:
        return ConsolidatedDecision.model_validate(record)
    except ValidationError as error:
        complaints.invalid(error)
        return None


def _inherited(decision: ConsolidatedDecision) -> dict[str, object]:
    return {name: getattr(decision, name) for name in ("plan_id", "intent_id", "created_at")}


def _completed(decision: ConsolidatedDecision, plan: CognitivePlan) -> ConsolidatedDecision:
    update: dict[str, object] = {"cognitive_plan": plan}
    if "created_at" not in decision.model_fields_set:
        update["created_at"] = plan.created_at
    return decision.model_copy(update=update)


def _read_direct(raw: dict[str, object], limits: ReadLimits) -> ReadDecision:
    if not limits.allow_direct_plans:
        message = "message is a plan without a decision; send the decision, or allow direct plans"
        raise refusal("direct_plan_refused", WHOLE, message)
    complaints = Complaints()
    plan = read_plan(raw, {}, "", complaints)
    decision = derived_decision(plan, complaints) if plan is not None else None
    if decision is None or complaints.any_errors:
        raise complaints.refusal()
    held_back = [name for name in ("requires_approval", "is_destructive") if getattr(plan, name)]
    for name in held_back:
        message = f"{name} is set, so that the plan needs a decision; send it with one"
        complaints.error("direct_plan_refused", name, message)
    if held_back:
        raise complaints.refusal("direct_plan_refused")
    return ReadDecision(
        decision=decision,
        warnings=complaints.warnings,
        envelope=Envelope.DIRECT_PLAN,
        direct_plan=True,
    )


@cache
def _shape() -> Shape:
    """Return the shape of a decision without its plan, which has a reader of its own."""
    shape = shape_of(avro_schemas.CONSOLIDATED_DECISION)
    return tuple(field for field in shape if field.name != PLAN_SPELLINGS[0])


# They hold the place of what is not read yet, or cannot be, so that the rest is judged as well.
_NO_PLAN = CognitivePlan(plan_id=PlanId("-"), intent_id=IntentId("-"), tasks=())
_STAND_IN = ConsolidatedDecision(
    decision_id=DecisionId("-"),
    plan_id=PlanId("-"),
    intent_id=IntentId("-"),
    final_decision=DecisionType.REJECT,
    cognitive_plan=_NO_PLAN,
)
