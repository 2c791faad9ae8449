"""Gate: which decisions run, which wait for a person, which never run."""

from typing import Any

import pytest

from orchestrator_dynamic.core.execution_state import Phase
from orchestrator_dynamic.core.gate import (
    Verdict,
    approval_reasons,
    expires_at,
    steps_awaiting_approval,
    verdict_on,
)
from orchestrator_dynamic.errors import Finding, Severity
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.models.vocabulary import Outcome
from tests.support.messages import NOON, a_decision, a_plan
from tests.support.plans import a_task
from tests.support.story import Story

ERROR = Finding("no_tasks", Severity.ERROR, "cognitive_plan.tasks", "a plan needs a task")
WARNING = Finding("order_disagrees", Severity.WARNING, "cognitive_plan.execution_order", "b, a")


def a_choice(plan: dict[str, Any] | None = None, **decision: object) -> ConsolidatedDecision:
    """Return a decision about one task, with these fields of its plan and of its own."""
    return a_decision(a_plan(a_task("a"), **(plan or {})), **decision)


@pytest.mark.parametrize(
    ("decision", "verdict", "reason"),
    [
        (a_choice(), Verdict.RUN, "approved"),
        (
            a_choice(final_decision="reject"),
            Verdict.REJECT,
            "the specialists decided to reject this plan",
        ),
        (
            a_choice({"approval_status": "rejected"}),
            Verdict.REJECT,
            "a person has already refused this plan",
        ),
        (
            a_choice(final_decision="review_required"),
            Verdict.PARK,
            "the decision is review_required",
        ),
        (a_choice(final_decision="conditional"), Verdict.PARK, "the decision is conditional"),
        (
            a_choice(requires_human_review=True),
            Verdict.PARK,
            "the decision requires human review",
        ),
        (a_choice({"requires_approval": True}), Verdict.PARK, "the plan requires approval"),
        (a_choice({"is_destructive": True}), Verdict.PARK, "the plan is destructive"),
        (
            a_choice({"is_destructive": True, "approval_status": "pending"}),
            Verdict.PARK,
            "the plan is destructive",
        ),
        (
            a_choice({"requires_approval": True, "approval_status": "approved"}),
            Verdict.RUN,
            "approved",
        ),
        (
            a_choice({"is_destructive": True, "approval_status": "approved"}),
            Verdict.RUN,
            "approved",
        ),
        (
            a_choice({"approval_status": "approved"}, final_decision="review_required"),
            Verdict.PARK,
            "the decision is review_required",
        ),
        (
            a_choice(valid_until=NOON - 1),
            Verdict.EXPIRE,
            f"it was valid until {NOON - 1} (epoch ms)",
        ),
        (
            a_choice({"valid_until": NOON - 1}),
            Verdict.EXPIRE,
            f"it was valid until {NOON - 1} (epoch ms)",
        ),
        (a_choice(valid_until=NOON), Verdict.RUN, "approved"),
    ],
)
def test_the_table_of_the_gate(decision: ConsolidatedDecision, verdict: str, reason: str) -> None:
    """Each row of the rule, with the reason that people are given."""
    assert verdict_on(decision, [], NOON) == (verdict, reason)


def test_an_error_refuses_a_plan() -> None:
    """What C1 found wrong cannot be run, whoever approved it."""
    assert verdict_on(a_choice(), [WARNING, ERROR], NOON)[0] is Verdict.REFUSE_INVALID


def test_a_warning_does_not_stand_in_the_way() -> None:
    """A warning is written down, nothing more."""
    assert verdict_on(a_choice(), [WARNING], NOON)[0] is Verdict.RUN


def test_a_rejection_comes_before_everything_else() -> None:
    """A plan that nobody wants needs no incident about its faults."""
    decision = a_choice({"is_destructive": True}, final_decision="reject", valid_until=NOON - 1)

    assert verdict_on(decision, [ERROR], NOON)[0] is Verdict.REJECT


def test_an_invalid_plan_is_never_parked() -> None:
    """A person should not be asked about what cannot be run."""
    decision = a_choice({"requires_approval": True}, valid_until=NOON - 1)

    assert verdict_on(decision, [ERROR], NOON)[0] is Verdict.REFUSE_INVALID


def test_an_expired_plan_is_never_parked() -> None:
    """Nobody could approve it in time."""
    decision = a_choice({"requires_approval": True}, valid_until=NOON - 1)

    assert verdict_on(decision, [], NOON)[0] is Verdict.EXPIRE


def test_all_reasons_for_asking_are_given_at_once() -> None:
    """Whoever approves must know everything that they approve."""
    plan = {"requires_approval": True, "is_destructive": True}
    decision = a_choice(plan, final_decision="conditional", requires_human_review=True)

    assert approval_reasons(decision) == [
        "the decision is conditional",
        "the decision requires human review",
        "the plan requires approval",
        "the plan is destructive",
    ]


@pytest.mark.parametrize(
    ("decision", "plan", "limit"),
    [(None, None, None), (5, None, 5), (None, 7, 7), (5, 7, 5), (7, 5, 5)],
)
def test_the_earlier_limit_of_validity_counts(
    decision: int | None, plan: int | None, limit: int | None
) -> None:
    """Neither the decision nor its plan may be stale."""
    assert expires_at(a_choice({"valid_until": plan}, valid_until=decision)) == limit


@pytest.mark.parametrize(
    ("plan", "steps"),
    [
        ({}, set()),
        ({"destructive_tasks": ("a",)}, {"a"}),
        ({"destructive_tasks": ("a",), "approval_status": "pending"}, {"a"}),
        ({"destructive_tasks": ("a",), "approval_status": "approved"}, set()),
        ({"destructive_tasks": ("a",), "is_destructive": True}, set()),
    ],
)
def test_destructive_steps_of_a_plan_that_runs_want_approval(
    plan: dict[str, Any], steps: set[str]
) -> None:
    """Unless somebody has approved them already, or is about to with the plan as a whole."""
    assert steps_awaiting_approval(a_choice(plan)) == steps


def test_an_approved_plan_starts_at_once() -> None:
    """Nothing else is in the way, so nothing is waited for."""
    story = Story(a_choice())

    story.accept()

    assert story.state.phase is Phase.RUNNING
    assert story.released() == ["a"]
    assert story.audited("decision_accepted") == [
        {"actor": "orchestrator", "verdict": "run", "reason": "approved"}
    ]


@pytest.mark.parametrize(
    ("decision", "outcome"),
    [
        (a_choice(final_decision="reject"), Outcome.REJECTED),
        (a_choice({"approval_status": "rejected"}), Outcome.REJECTED),
        (a_choice(valid_until=NOON - 1), Outcome.EXPIRED),
    ],
)
def test_what_never_runs_is_recorded_and_nothing_else(
    decision: ConsolidatedDecision, outcome: Outcome
) -> None:
    """Its outcome is told like any other; there is no ticket and no incident."""
    story = Story(decision)

    story.accept()

    assert story.execution.outcome is outcome
    assert story.state.tickets == []
    assert story.incidents == []
    assert [command.kind for command in story.asked] == [
        "record_audit",
        "record_audit",
        "publish_telemetry",
        "end_plan",
    ]


def test_a_plan_that_needs_a_person_is_parked() -> None:
    """Its tickets are there to be looked at, and none of them goes out."""
    story = Story(a_choice({"requires_approval": True}))

    story.accept()

    assert story.state.phase is Phase.AWAITING_APPROVAL
    assert len(story.state.tickets) == 1
    assert story.released() == []


def test_an_invalid_plan_ends_rejected_with_an_incident() -> None:
    """The incident asks for the plan to be issued again, with every reason."""
    story = Story(a_choice())

    story.accept(None, ERROR, WARNING)

    assert story.execution.outcome is Outcome.REJECTED
    (incident,) = story.incidents
    assert incident.incident_type == "INCONSISTENCY"
    assert incident.escalation_required
    assert incident.details == (
        "no_tasks at cognitive_plan.tasks: a plan needs a task",
        "the plan must be issued again under a new decision id",
    )


def test_findings_are_audited_whether_the_plan_is_valid_or_not() -> None:
    """A warning that nobody can look up is no warning."""
    story = Story(a_choice())

    story.accept(None, WARNING)

    assert story.execution.outcome is None
    assert story.audited("plan_finding") == [
        {
            "actor": "orchestrator",
            "code": "order_disagrees",
            "severity": "warning",
            "where": "cognitive_plan.execution_order",
            "message": "b, a",
        }
    ]


def test_accepting_again_changes_nothing() -> None:
    """The same decision with the same content is a duplicate."""
    story = Story(a_choice())
    story.accept()

    story.accept()

    assert story.latest == []
