"""The ways in which decisions are packed, by name."""

from enum import StrEnum

from orchestrator_dynamic.wire.body_reader import Body


class Envelope(StrEnum):
    """How a decision was packed; where several apply, the first of these."""

    DIRECT_PLAN = "direct_plan"
    FRAMED_JSON = "framed_json"
    JSON_IN_JSON = "json_in_json"
    NESTED_PLAN = "nested_plan"
    PLAN_OBJECT = "plan_object"
    AVRO = "avro"
    JSON = "json"


def envelope_of(body: Body, *, nested: bool, as_object: bool) -> Envelope:
    """Return the envelope of a decision in `body`.

    Args:
        nested: whether its plan held another plan.
        as_object: whether its plan was an object rather than text.
    """
    applies = (
        (body.prefixed and not body.avro, Envelope.FRAMED_JSON),
        (body.layers > 1, Envelope.JSON_IN_JSON),
        (nested, Envelope.NESTED_PLAN),
        (as_object, Envelope.PLAN_OBJECT),
        (body.avro, Envelope.AVRO),
    )
    return next((envelope for holds, envelope in applies if holds), Envelope.JSON)
