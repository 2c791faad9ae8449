"""A plan ends, and what has ended stays as it is."""

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator_dynamic.core import commands
from orchestrator_dynamic.core.execution_state import Phase
from orchestrator_dynamic.core.facts import Fact, TimePassed
from orchestrator_dynamic.core.ticket import TERMINAL, Stage
from orchestrator_dynamic.models.vocabulary import Outcome
from tests.support.histories import History, histories
from tests.support.snapshots import FAR, snapshot
from tests.support.story import Story
from tests.support.wild_facts import wild_facts
from tests.support.workforce import Fate, Fates, always, clear_the_way, fates, finish

TURNS = st.lists(st.integers(0, 11), min_size=1, max_size=8)


@settings(max_examples=120)
@given(histories(), fates(*Fate), TURNS)
def test_every_plan_comes_to_an_outcome(history: History, fate_of: Fates, turns: list[int]) -> None:
    """Once every ticket has been answered or timed out, nothing is left to wait for."""
    story = history.story()
    clear_the_way(story)

    finish(story, fate_of, turns)

    assert story.state.open == 0
    assert all(ticket.stage in TERMINAL for ticket in story.state.tickets)
    assert story.execution.alarm is None


def outcome_by_the_rules(story: Story) -> Outcome:
    """Return the outcome of a plan that has run, read from its tickets and its audit."""
    tasks = [ticket.stage for ticket in story.state.tickets if ticket.undoes is None]
    undos = [ticket.stage for ticket in story.state.tickets if ticket.undoes is not None]
    if story.audited("plan_cancelled"):
        return Outcome.CANCELLED
    if Stage.FAILED in undos:
        return Outcome.FAILED
    if undos:
        return Outcome.COMPENSATED
    if set(tasks) == {Stage.COMPLETED}:
        return Outcome.SUCCESS
    return Outcome.PARTIAL if Stage.COMPLETED in tasks else Outcome.FAILED


@settings(max_examples=120)
@given(histories(), fates(*[Fate.SUCCEED] * 6, Fate.FAIL, Fate.FAIL_FOR_GOOD))
def test_the_outcome_follows_from_how_the_tickets_ended(history: History, fate_of: Fates) -> None:
    """A page that shows the one and the other must not contradict itself."""
    story = history.story()
    clear_the_way(story)

    finish(story, fate_of)

    if story.audited("plan_started"):
        assert story.execution.outcome is outcome_by_the_rules(story)
    else:
        assert story.released() == []


@settings(max_examples=120)
@given(histories(), st.data())
def test_an_ended_plan_never_changes(history: History, data: st.DataObject) -> None:
    """Its outcome has been told to the world; what comes later is only counted."""
    story = history.story()
    clear_the_way(story)
    finish(story, always(Fate.SUCCEED))
    strays: list[Fact] = data.draw(
        st.lists(wild_facts(max(1, len(story.state.tickets))), max_size=12)
        if story.state.tickets
        else st.just([TimePassed(at=FAR, chance=0.5)])
    )
    before = snapshot(story.execution)

    asked = [command for fact in strays for command in story.tell(fact)]

    passing = {"now", "supply"}  # They are told by facts and mean nothing to an ended plan.
    after = snapshot(story.execution)
    assert {name for name in after if after[name] != before[name]} <= passing
    assert all(isinstance(command, commands.RecordAnswer) for command in asked)


@settings(max_examples=120)
@given(histories())
def test_a_ticket_that_has_ended_stays_ended(history: History) -> None:
    """Only undoing touches what was done, and what it undoes had completed."""
    before: dict[int, Stage] = {}
    for story in history.retold():
        for number, stage in before.items():
            now = story.state.tickets[number].stage
            if stage is Stage.COMPLETED and story.state.undo_counts != dict.fromkeys(Stage, 0):
                assert now in (Stage.COMPLETED, Stage.COMPENSATING, Stage.COMPENSATED)
            elif stage in TERMINAL:
                assert now is stage
        before = {ticket.number: ticket.stage for ticket in story.state.tickets}


@settings(max_examples=120)
@given(histories())
def test_the_end_is_told_once_and_last(history: History) -> None:
    """A driver forgets the plan with this command; whatever came later would be lost."""
    story = history.story()
    clear_the_way(story)
    finish(story, always(Fate.SUCCEED))

    kinds = [command.kind for command in story.asked if command.kind != "record_answer"]

    assert kinds.count("end_plan") == kinds.count("publish_telemetry") == 1
    assert kinds[-2:] == ["publish_telemetry", "end_plan"]


@settings(max_examples=120)
@given(histories(without="cancel"))
def test_cancelling_ends_a_plan_within_its_grace(history: History) -> None:
    """An operator who cancels wants an end, whether or not the workers still answer.

    A plan that is being undone goes on, for half undone helps nobody.
    """
    story = history.story()
    if story.state.phase in (Phase.COMPENSATING, Phase.ENDED):
        return

    story.cancel()
    asked_at, grace = story.now, story.state.policy.cancel_grace_ms
    story.wait(grace)

    assert story.execution.outcome is Outcome.CANCELLED
    assert story.state.ended_at is not None
    assert story.state.ended_at <= asked_at + grace
    assert story.execution.alarm is None


@settings(max_examples=120)
@given(histories())
def test_the_alarm_moves_on_when_it_has_rung(history: History) -> None:
    """An alarm that stays due would keep its driver busy for ever."""
    for story in history.retold():
        if isinstance(story.journal[-1], TimePassed):
            alarm = story.execution.alarm

            assert alarm is None or alarm > story.now


@settings(max_examples=60)
@given(histories())
def test_time_changes_nothing_before_the_alarm(history: History) -> None:
    """A driver sleeps until then; what would have to happen earlier would happen too late."""
    for story in history.retold():
        alarm = story.execution.alarm
        early = FAR if alarm is None else alarm - 1
        if early < story.now:
            continue
        before = snapshot(story.execution)

        asked = story.execution.apply(TimePassed(at=early, chance=0.5))

        assert asked == []
        assert {**snapshot(story.execution), "now": None} == {**before, "now": None}
