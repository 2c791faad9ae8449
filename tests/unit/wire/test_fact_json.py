"""Facts in the journal: every one comes back as it was, and old ones as today's."""

from typing import get_args

import pytest

from orchestrator_dynamic.core import facts
from orchestrator_dynamic.core.policy import FailurePolicy, Policy
from orchestrator_dynamic.errors import Finding, InvariantViolation, Misconfigured, Severity
from orchestrator_dynamic.wire import fact_json

FACTS: tuple[facts.Fact, ...] = (
    facts.DecisionAccepted(
        at=1,
        policy=Policy(failure_policy=FailurePolicy.ISOLATE, parallel_tickets_max=7),
        findings=(Finding("no_tasks", Severity.ERROR, "tasks", "a plan needs a task"),),
        workers=(facts.WorkerSkills(("BUILD",), ("compile",)),),
        validation_ms=3,
    ),
    facts.WorkersChanged(at=2, workers=None),
    facts.ApprovalGiven(at=3, by="ana", reason="looks right", tickets=(1, 2)),
    facts.ApprovalRefused(at=4, by="ana"),
    facts.TicketsPublished(at=5, tickets=((0, 1), (3, 2))),
    facts.TicketsReturned(at=6, tickets=((0, 1),)),
    facts.TicketStarted(at=7, ticket=0, attempt=None, agent="w"),
    facts.TicketSucceeded(at=8, ticket=0, attempt=1, agent="w"),
    facts.TicketFailed(
        at=9, ticket=1, attempt=2, agent="w", error="ação 💥", retryable=True, chance=0.25
    ),
    facts.TimePassed(at=10, chance=0.5),
    facts.CancelRequested(at=11, by="ana"),
    facts.PauseRequested(at=12, by="ana", reason="lunch"),
    facts.ResumeRequested(at=13, by="ana"),
)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.kind)
def test_a_fact_comes_back_as_it_was(fact: facts.Fact) -> None:
    """A restart folds what was written; a difference would be a different plan."""
    written = fact_json.encode(fact)

    assert fact_json.decode(fact.kind, fact_json.version_of(fact.kind), written) == fact


def test_every_kind_of_fact_is_among_these() -> None:
    """A new fact must not be forgotten here."""
    assert {type(fact) for fact in FACTS} == set(get_args(facts.Fact))


def test_an_old_fact_is_read_as_todays() -> None:
    """What was journaled by an older version is never rewritten, only read anew."""
    upcasts = {
        "time_passed": (
            lambda old: {"at": old["moment"], "chance": 0.0, "kind": "time_passed"},
            lambda old: {**old, "chance": 0.5},
        )
    }

    oldest = fact_json.decode("time_passed", 1, '{"moment": 7}', upcasts)
    middle = fact_json.decode(
        "time_passed", 2, '{"at": 7, "chance": 0.1, "kind": "time_passed"}', upcasts
    )

    assert fact_json.version_of("time_passed", upcasts) == 3
    assert oldest == middle == facts.TimePassed(at=7, chance=0.5)


@pytest.mark.parametrize("body", ["", "{}", '{"kind": "dance"}', '{"at": "soon"}'])
def test_what_nothing_of_ours_can_have_written_stops_its_plan(body: str) -> None:
    """A journal that cannot be read must not be folded by guessing."""
    with pytest.raises(InvariantViolation):
        fact_json.decode("time_passed", 1, body)


@pytest.mark.parametrize(("kind", "version"), [("time_passed", 99), ("plan_teleported", 1)])
def test_a_fact_of_a_newer_program_waits_for_it(kind: str, version: int) -> None:
    """While a version is rolled out both read one journal; the older must not stop its plans."""
    with pytest.raises(Misconfigured, match="newer program"):
        fact_json.decode(kind, version, "{}")
