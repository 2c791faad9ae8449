"""Warnings, violations and incidents: each told once, and none that is not true."""

from collections import Counter

from hypothesis import given, settings

from orchestrator_dynamic.core import commands
from orchestrator_dynamic.core.execution_state import Phase
from orchestrator_dynamic.core.ticket import Stage
from tests.support.histories import History, histories
from tests.support.moves import SLOW, UNSURE
from tests.support.workforce import Fate, Fates, clear_the_way, fates, finish


@settings(max_examples=120)
@given(histories(moods=(SLOW, UNSURE)), fates(Fate.SUCCEED, Fate.FAIL, Fate.SILENCE))
def test_a_deadline_warns_once_and_is_violated_once(history: History, fate_of: Fates) -> None:
    """Whoever is paged for the same thing twice stops listening."""
    story = history.story()
    clear_the_way(story)
    finish(story, fate_of)

    warned = Counter(alert.context.get("ticket_id") for alert in story.alerts)
    violated = Counter(violation.ticket_id for violation in story.violations)

    assert set((warned | violated).values()) <= {1}
    assert story.state.sla_violations == len(story.violations)


@settings(max_examples=120)
@given(histories(moods=(SLOW, UNSURE)))
def test_a_warning_or_violation_is_true_when_it_is_told(history: History) -> None:
    """A warning comes while there is time, a violation when there is none, both about work left."""
    for story in history.retold():
        fact = story.journal[-1]
        for command in story.latest:
            if isinstance(command, commands.SendSlaAlert):
                assert fact.at < int(command.alert.context["deadline"])
                assert story.state.phase is not Phase.CANCELLING
            if isinstance(command, commands.SendSlaViolation):
                assert fact.at >= command.violation.sla_deadline
                assert command.violation.delay_ms == fact.at - command.violation.sla_deadline
                assert story.state.phase is not Phase.CANCELLING


@settings(max_examples=120)
@given(histories(moods=(SLOW, UNSURE), without="cancel"))
def test_a_deadline_is_violated_if_and_only_if_it_was_missed(history: History) -> None:
    """Also by an answer that comes in late, before anybody has looked at the clock."""
    story = history.story()
    violated = {violation.ticket_id for violation in story.violations}
    for ticket in story.tickets_in(Stage.COMPLETED):
        if ticket.attempt == 1 and ticket.ended_at is not None and ticket.deadline_at is not None:
            late = ticket.ended_at > ticket.deadline_at
            in_time = ticket.ended_at < ticket.deadline_at
            assert not late or ticket.ticket_id in violated
            assert not in_time or ticket.ticket_id not in violated


@settings(max_examples=120)
@given(histories(moods=(SLOW, UNSURE), without="cancel"), fates(Fate.SUCCEED, Fate.SILENCE))
def test_a_plans_deadline_is_violated_if_and_only_if_it_was_missed(
    history: History, fate_of: Fates
) -> None:
    """Whether an alarm or the last answer was the first to show it."""
    story = history.story()
    clear_the_way(story)
    finish(story, fate_of)
    state = story.state
    if state.deadline_at is None or state.ended_at is None:
        return  # It never ran, so nobody has promised anything.

    violated = None in {violation.ticket_id for violation in story.violations}

    assert violated or state.ended_at <= state.deadline_at
    assert not violated or state.ended_at >= state.deadline_at


@settings(max_examples=120)
@given(histories(moods=(SLOW, UNSURE)), fates(*Fate))
def test_a_cause_makes_one_incident(history: History, fate_of: Fates) -> None:
    """Flow E starts a playbook for each; five retries must not start five."""
    story = history.story()
    clear_the_way(story)
    finish(story, fate_of)

    ids = Counter(incident.incident_id for incident in story.incidents)
    causes = Counter(
        (incident.incident_type, incident.affected_tickets, incident.details[0])
        for incident in story.incidents
    )

    assert set(ids.values()) <= {1}
    assert set(causes.values()) <= {1}
    assert story.state.incidents == len(story.incidents)
