"""Everything may be told more than once; only the first time counts."""

from hypothesis import given, settings

from orchestrator_dynamic.core.commands import Fate, RecordAnswer
from orchestrator_dynamic.core.facts import (
    Answer,
    TicketFailed,
    TicketStarted,
    TicketSucceeded,
)
from orchestrator_dynamic.core.ticket import Ticket
from tests.support.histories import History, histories
from tests.support.moves import FAILING
from tests.support.snapshots import snapshot
from tests.support.story import Story


@settings(max_examples=120)
@given(histories())
def test_hearing_a_fact_twice_is_hearing_it_once(history: History) -> None:
    """Journals, buses and people repeat themselves; the plan must not notice.

    Only the note that an answer came in is kept each time, for answers are counted.
    """
    for story in history.retold():
        once = snapshot(story.execution)

        again = story.execution.apply(story.journal[-1])

        assert snapshot(story.execution) == once
        assert [command for command in again if not isinstance(command, RecordAnswer)] == []


def answers_of(ticket: Ticket, attempt: int, at: int) -> list[Answer]:
    """Return everything that a worker can say about an attempt."""
    number, agent = ticket.number, "w-9"
    return [
        TicketStarted(at=at, ticket=number, attempt=attempt, agent=agent),
        TicketSucceeded(at=at, ticket=number, attempt=attempt, agent=agent),
        TicketFailed(
            at=at,
            ticket=number,
            attempt=attempt,
            agent=agent,
            error="too late",
            retryable=False,
            chance=0.5,
        ),
    ]


@settings(max_examples=120)
@given(histories(moods=(FAILING,)))
def test_an_answer_of_an_older_attempt_changes_nothing(history: History) -> None:
    """A worker that was given up may still be at it; its successor's work must stand."""
    story = history.story()
    before = snapshot(story.execution)
    older = [(t, attempt) for t in story.state.tickets for attempt in range(1, t.attempt)]

    for ticket, attempt in older:
        for stale in answers_of(ticket, attempt, story.now):
            assert story.tell(stale) == [RecordAnswer(ticket.number, Fate.STALE)]

    assert snapshot(story.execution) == before


@settings(max_examples=120)
@given(histories(moods=(FAILING,)))
def test_an_answer_that_was_taken_may_come_again_at_any_time(history: History) -> None:
    """A topic is read again from an old offset, long after the plan has moved on."""
    taken: list[Answer] = []
    story = Story(history.decision)
    for fact in history.facts:
        asked = story.tell(fact)
        if isinstance(fact, TicketSucceeded | TicketFailed) and fact.attempt is not None:
            taken += [fact] if RecordAnswer(fact.ticket, Fate.ACCEPTED) in asked else []
    before = snapshot(story.execution)

    repeated = [command for fact in taken for command in story.tell(fact)]

    assert snapshot(story.execution) == before
    assert all(isinstance(command, RecordAnswer) for command in repeated)
    assert RecordAnswer(0, Fate.ACCEPTED) not in repeated
