"""The books: counted as it happens, and equal to a recount at any time."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator_dynamic.core import facts
from orchestrator_dynamic.core.execution_state import ExecutionState, Phase
from orchestrator_dynamic.core.facts import Fact
from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.core.ticket import IN_FLIGHT, TERMINAL, Stage
from orchestrator_dynamic.errors import InvariantViolation
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.models.vocabulary import IncidentType
from tests.support.histories import History, histories
from tests.support.messages import NOON
from tests.support.plan_strategies import decisions, policies
from tests.support.story import Story
from tests.support.wild_facts import wild_facts
from tests.support.workforce import Fate, Fates, clear_the_way, fates, finish


def assert_books_are_right(state: ExecutionState) -> None:
    """Count again what is counted as it happens."""
    tickets = state.tickets
    tasks = Counter(ticket.stage for ticket in tickets if ticket.undoes is None)
    undos = Counter(ticket.stage for ticket in tickets if ticket.undoes is not None)
    waiting = state.graph.dependencies if state.graph else []

    assert [ticket.number for ticket in tickets] == list(range(len(tickets)))
    assert {stage: count for stage, count in state.counts.items() if count} == tasks
    assert {stage: count for stage, count in state.undo_counts.items() if count} == undos
    assert state.open == sum(ticket.stage not in TERMINAL for ticket in tickets)
    assert state.in_flight == sum(ticket.stage in IN_FLIGHT for ticket in tickets)
    assert state.retries == sum(ticket.retry_count for ticket in tickets)
    assert sorted(state.starved) == [t.number for t in tickets if t.stage is Stage.STARVED]
    for number, before in enumerate(waiting):
        if tickets[number].stage is Stage.WAITING:
            left = sum(tickets[other].stage is not Stage.COMPLETED for other in before)
            assert tickets[number].waiting == left


@settings(max_examples=120)
@given(histories())
def test_counters_equal_a_recount(history: History) -> None:
    """Outcome, limits and pages are read from counters; nobody counts again."""
    for story in history.retold():
        assert_books_are_right(story.state)


@settings(max_examples=120)
@given(histories(), fates(*Fate))
def test_no_history_breaks_the_integrity_of_a_plan(history: History, fate_of: Fates) -> None:
    """An incident about our own books must mean that they are wrong."""
    story = history.story()
    clear_the_way(story)

    finish(story, fate_of)

    inconsistent = [i for i in story.incidents if i.incident_type is IncidentType.INCONSISTENCY]
    assert len(inconsistent) == bool(story.state.invalid)


@settings(max_examples=120)
@given(decisions(), policies(), st.data())
def test_any_fact_is_taken_in_any_phase(
    decision: ConsolidatedDecision, policy: Policy, data: st.DataObject
) -> None:
    """A fact has happened: there is nobody to refuse it to, however little sense it makes.

    Clocks may even run backwards; the books must still be right.
    """
    story = Story(decision)
    story.accept(policy)
    told = st.integers(0, 20).flatmap(lambda n: st.lists(st.just(n), min_size=n, max_size=n))
    for _ in data.draw(told):
        if not story.state.tickets:
            return
        fact: Fact = data.draw(wild_facts(len(story.state.tickets)))
        story.tell(fact)
        assert_books_are_right(story.state)


@settings(max_examples=60)
@given(decisions(), st.integers(-3, 30), st.data())
def test_a_ticket_that_a_plan_does_not_have_stops_the_plan(
    decision: ConsolidatedDecision, number: int, data: st.DataObject
) -> None:
    """Its driver has mistaken one plan for another: it must stop before it does harm."""
    story = Story(decision)
    story.accept()
    if 0 <= number < len(story.state.tickets):
        return
    fact = data.draw(st.sampled_from(facts_about(number)))

    with pytest.raises(InvariantViolation, match=f"orch-decision-1 has no ticket number {number}"):
        story.tell(fact)


def facts_about(number: int) -> list[Fact]:
    """Return every kind of fact that names a ticket, for the ticket with this number."""
    at, agent, attempts = NOON, "w-1", ((number, 1),)
    return [
        facts.TicketsPublished(at=at, tickets=attempts),
        facts.TicketsReturned(at=at, tickets=attempts),
        facts.TicketStarted(at=at, ticket=number, attempt=1, agent=agent),
        facts.TicketSucceeded(at=at, ticket=number, attempt=None, agent=agent),
        facts.TicketFailed(
            at=at,
            ticket=number,
            attempt=1,
            agent=agent,
            error="it broke",
            retryable=True,
            chance=0.5,
        ),
    ]


@settings(max_examples=60)
@given(histories(), st.booleans())
def test_a_step_that_a_plan_does_not_have_is_nobodys_to_approve(
    history: History, approved: bool
) -> None:
    """A number is never read as another step's, whether it is too large or below zero."""
    story = history.story()
    unknown = (len(story.state.tickets),) if approved else (-1,)
    kind = facts.ApprovalGiven if approved else facts.ApprovalRefused
    if story.state.phase is Phase.AWAITING_APPROVAL:
        return  # The whole plan is approved or refused; its steps have no say yet.

    with pytest.raises(InvariantViolation, match="has no ticket number"):
        story.tell(kind(at=story.now, by="ann", tickets=unknown))
