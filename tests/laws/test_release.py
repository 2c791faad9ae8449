"""What goes out, and when: never too early, never too much, and never held back for nothing."""

from collections import Counter

from hypothesis import given, settings

from orchestrator_dynamic.core import commands
from orchestrator_dynamic.core.execution_state import Phase
from orchestrator_dynamic.core.facts import TicketsReturned
from orchestrator_dynamic.core.policy import RetryOwner
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.core.ticket_factory import RETRIES_MAX, required_of
from tests.support.histories import History, histories
from tests.support.moves import EVERYTHING
from tests.support.story import Story

TROUBLE = {**EVERYTHING, "fail": 20, "oversleep": 6}


def leaving(story: Story) -> list[tuple[int, int]]:
    """Return the attempts that the last fact handed to the bus."""
    return [
        attempt
        for command in story.latest
        if isinstance(command, commands.PublishTickets)
        for attempt in command.tickets
    ]


@settings(max_examples=120)
@given(histories())
def test_no_ticket_is_released_before_its_dependencies_have_completed(history: History) -> None:
    """Waiting for results is the product."""
    names = {task.task_id: task for task in history.decision.cognitive_plan.tasks}
    for story in history.retold():
        for number, _ in leaving(story):
            ticket = story.state.tickets[number]
            if ticket.undoes is None:
                before = names[ticket.task_id].dependencies
                assert {story.stage(name) for name in before} <= {Stage.COMPLETED}


@settings(max_examples=120)
@given(histories())
def test_no_more_tickets_are_out_than_the_policy_allows(history: History) -> None:
    """One plan must not take the workers from all others."""
    for story in history.retold():
        out = story.tickets_in(Stage.PUBLISHING, Stage.RUNNING)

        assert len(out) <= story.state.policy.parallel_tickets_max


@settings(max_examples=120)
@given(histories())
def test_what_may_go_goes_at_once(history: History) -> None:
    """A ready ticket waits only for a pause, for the limit, or for the plan's own end."""
    for story in history.retold():
        state = story.state
        if state.phase in (Phase.RUNNING, Phase.COMPENSATING) and not state.paused:
            full = state.in_flight == state.policy.parallel_tickets_max

            assert full or story.tickets_in(Stage.READY) == []


@settings(max_examples=120)
@given(histories())
def test_nothing_goes_out_that_is_held_back(history: History) -> None:
    """Not while paused, not without a worker who can, and nothing of a plan that stops."""
    for story in history.retold():
        state, out = story.state, leaving(story)
        if state.paused or state.phase in (Phase.DRAINING, Phase.CANCELLING, Phase.ENDED):
            assert out == []
        for number, _ in out:
            ticket = state.tickets[number]
            assert state.supply.serves(ticket.task_type, required_of(state, ticket))


@settings(max_examples=120)
@given(histories(moods=({**EVERYTHING, "approve": 1},)))
def test_a_step_that_wants_approval_is_released_after_it_only(history: History) -> None:
    """A destructive step must not run because something else was approved."""
    named: set[int] = set()
    for story in history.retold():
        fact = story.journal[-1]
        if fact.kind == "approval_given":
            named.update(range(99) if fact.tickets is None else fact.tickets)
        for number, _ in leaving(story):
            assert number not in story.state.gated or number in named


@settings(max_examples=120)
@given(histories(moods=(TROUBLE,)))
def test_retries_never_exceed_what_the_risk_band_allows(history: History) -> None:
    """Each attempt may have an effect; how many are worth it is the plan's decision."""
    story = history.story()
    most = RETRIES_MAX[history.decision.cognitive_plan.risk_band]
    if story.state.policy.retry_owner is RetryOwner.WORKER:
        most = 0

    assert all(ticket.retry_count <= most for ticket in story.state.tickets)


@settings(max_examples=120)
@given(histories(moods=(TROUBLE,)))
def test_an_attempt_is_handed_to_the_bus_once(history: History) -> None:
    """Whatever the plan asks for twice is done twice by somebody; what came back is not out."""
    handed = Counter[tuple[int, int]]()
    for story in history.retold():
        fact = story.journal[-1]
        if isinstance(fact, TicketsReturned):
            handed.subtract(fact.tickets)
        handed.update(leaving(story))

        assert max(handed.values(), default=0) <= 1
