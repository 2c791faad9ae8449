"""People's answers, from body and headers."""

import pytest

from orchestrator_dynamic.errors import InvalidInput
from orchestrator_dynamic.models.approval_response import ApprovalResponse
from orchestrator_dynamic.models.vocabulary import ApprovalDecision
from orchestrator_dynamic.wire.approval_reader import read_approval
from orchestrator_dynamic.wire.message_writer import to_avro, to_json
from tests.support.messages import NOON, as_json

APPROVAL = ApprovalResponse.model_validate(
    {
        "plan_id": "p",
        "intent_id": "i",
        "decision": "approved",
        "approved_by": "Ada",
        "approved_at": NOON,
    }
)
HEADERS = {
    "Plan-Id": b"p",
    "intent-id": b"i",
    "Decision": b"approved",
    "approved-by": b"Ada",
    "content-type": b"application/json",
}


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("approved", ApprovalDecision.APPROVED),
        ("Rejected", ApprovalDecision.REJECTED),
        ("approve", ApprovalDecision.APPROVED),
        ("REJECT", ApprovalDecision.REJECTED),
    ],
)
def test_the_answer_is_yes_or_no(sent: str, meant: ApprovalDecision) -> None:
    """In any case, and as the verb as well."""
    assert read_approval(as_json({"plan_id": "p", "decision": sent})).decision is meant


def test_avro_may_come_without_a_prefix() -> None:
    """The content type announces it."""
    headers = {**HEADERS, "content-type": b"application/avro"}

    assert read_approval(to_avro(APPROVAL), headers) == APPROVAL
    assert read_approval(to_avro(APPROVAL, schema_id=3), headers) == APPROVAL
    assert read_approval(to_json(APPROVAL), headers) == APPROVAL


def test_what_the_body_does_not_say_is_in_the_headers() -> None:
    """They repeat it for those who route messages without opening them."""
    body = as_json({"approved_at": "2026-01-01T12:00:00Z"})

    assert read_approval(body, HEADERS) == APPROVAL


def test_the_body_counts_before_the_headers() -> None:
    """A header may have been copied from another message."""
    body = as_json({"plan_id": "q", "decision": "rejected", "rejection_reason": "too dear"})

    approval = read_approval(body, HEADERS)

    assert (approval.plan_id, approval.decision) == ("q", ApprovalDecision.REJECTED)
    assert approval.rejection_reason == "too dear"


@pytest.mark.parametrize(
    ("body", "headers", "places"),
    [
        ({}, {}, {"plan_id", "decision"}),
        ({"plan_id": "p", "decision": "perhaps"}, {}, {"decision"}),
        ({"decision": "approved"}, {"plan-id": b"\x00\xff"}, {"plan_id"}),
    ],
)
def test_an_answer_must_say_to_what_and_which(
    body: object, headers: dict[str, bytes], places: set[str]
) -> None:
    """Neither is guessed."""
    with pytest.raises(InvalidInput) as caught:
        read_approval(as_json(body), headers)

    assert {finding.where for finding in caught.value.findings} == places
