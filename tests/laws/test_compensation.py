"""Undoing: all that has to be undone, nothing else, once, one by one, in the right order."""

from hypothesis import given, settings

from orchestrator_dynamic.core.compensation import needs_undoing
from orchestrator_dynamic.core.execution_state import Phase
from orchestrator_dynamic.core.policy import FailurePolicy
from orchestrator_dynamic.core.ticket import IN_FLIGHT, Stage
from orchestrator_dynamic.models.cognitive_plan import CognitivePlan
from orchestrator_dynamic.models.vocabulary import Outcome
from tests.support.histories import History, histories
from tests.support.moves import EVERYTHING
from tests.support.plan_strategies import policies
from tests.support.story import UNDO
from tests.support.workforce import Fate, Fates, clear_the_way, fates, finish

# Failures that leave something behind: most things succeed, then one fails for good.
BREAKING = {**EVERYTHING, "fail_for_good": 4, "fail": 2, "give_back": 4}
BREAKING_HISTORIES = histories(
    policy=policies(FailurePolicy.COMPENSATE), moods=(BREAKING,), without="cancel"
)


def ancestors(plan: CognitivePlan) -> dict[str, set[str]]:
    """Return for each task all the tasks that it waits for, near and far."""
    near: dict[str, set[str]] = {task.task_id: set(task.dependencies) for task in plan.tasks}

    def of(name: str) -> set[str]:
        return near[name].union(*(of(other) for other in sorted(near[name])))

    return {name: of(name) for name in near}


@settings(max_examples=120)
@given(BREAKING_HISTORIES, fates(*[Fate.SUCCEED] * 5, Fate.FAIL, Fate.SILENCE))
def test_what_had_completed_is_undone_in_reverse_order_of_dependence(
    history: History, fate_of: Fates
) -> None:
    """A thing is undone before that which it was built on, as a stack is taken down."""
    story = history.story()
    clear_the_way(story)

    finish(story, fate_of)

    undone = list(dict.fromkeys(n for n in story.released() if n.startswith(UNDO)))
    built_on = ancestors(history.decision.cognitive_plan)
    for place, name in enumerate(undone):
        before = {other.removeprefix(UNDO) for other in undone[:place]}
        assert not before & built_on[name.removeprefix(UNDO)]


@settings(max_examples=120)
@given(BREAKING_HISTORIES, fates(*[Fate.SUCCEED] * 5, Fate.FAIL))
def test_all_that_must_be_undone_is_undone_and_nothing_else(
    history: History, fate_of: Fates
) -> None:
    """Too little leaves a mess, too much makes one."""
    story = history.story()
    clear_the_way(story)

    finish(story, fate_of)

    if story.execution.outcome is Outcome.COMPENSATED:
        for number, task in enumerate(history.decision.cognitive_plan.tasks):
            stage = story.state.tickets[number].stage
            undoing = [t for t in story.state.tickets if t.undoes == number]
            assert len(undoing) == (stage is Stage.COMPENSATED)
            assert stage is not Stage.COMPLETED or not needs_undoing(task)
            assert stage is not Stage.COMPENSATED or needs_undoing(task)


@settings(max_examples=120)
@given(BREAKING_HISTORIES)
def test_undoing_goes_one_by_one(history: History) -> None:
    """Each is released by the one before it, when everything else has come to rest."""
    for story in history.retold():
        undoing = [t for t in story.state.tickets if t.undoes is not None]
        if not undoing:
            continue
        begun = [t for t in undoing if t.attempt > 0]
        assert [t.number for t in begun] == [t.number for t in undoing[: len(begun)]]
        assert all(t.terminal for t in begun[:-1])
        assert all(t.undoes is not None for t in story.tickets_in(*IN_FLIGHT))


@settings(max_examples=120)
@given(histories(policy=policies(FailurePolicy.ISOLATE), moods=(BREAKING,), without="cancel"))
def test_isolating_undoes_nothing(history: History) -> None:
    """The branches that stand are the reason to choose this policy."""
    for story in history.retold():
        assert story.state.phase not in (Phase.DRAINING, Phase.COMPENSATING)
        assert all(t.undoes is None for t in story.state.tickets)
