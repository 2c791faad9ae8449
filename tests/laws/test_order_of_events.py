"""What came of a plan depends on what came of its tasks, not on who was first or who paused."""

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator_dynamic.core.policy import FailurePolicy, Policy
from orchestrator_dynamic.core.ticket import Stage, Ticket
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.models.vocabulary import Outcome
from tests.support.plan_strategies import approvals, policies
from tests.support.story import Story
from tests.support.workforce import STEPS_MAX, Fate, Fates, fates_of_tasks, finish, step

TURNS = st.lists(st.integers(0, 11), min_size=1, max_size=12)
ENDINGS = (Fate.SUCCEED, Fate.SUCCEED, Fate.SUCCEED, Fate.FAIL_FOR_GOOD, Fate.FAIL, Fate.SILENCE)
FINAL = (Fate.SUCCEED, Fate.SUCCEED, Fate.FAIL_FOR_GOOD)


def carried_out(
    decision: ConsolidatedDecision, policy: Policy, fate_of: Fates, turns: list[int]
) -> Story:
    """Return the story of a plan whose workers answer in this order."""
    story = Story(decision)
    story.accept(policy)
    finish(story, fate_of, turns)
    return story


@settings(max_examples=120)
@given(approvals(), policies(FailurePolicy.ISOLATE), fates_of_tasks(*ENDINGS), TURNS, TURNS)
def test_the_order_of_independent_answers_does_not_change_how_tickets_end(
    decision: ConsolidatedDecision, policy: Policy, fate_of: Fates, one: list[int], two: list[int]
) -> None:
    """Partitions, threads and retries shuffle answers; nobody may depend on their order."""
    first = carried_out(decision, policy, fate_of, one)
    second = carried_out(decision, policy, fate_of, two)

    assert second.stages() == first.stages()
    assert second.execution.outcome == first.execution.outcome


@settings(max_examples=120)
@given(
    approvals(undoable=True),
    policies(FailurePolicy.COMPENSATE, parallel=100),
    fates_of_tasks(*FINAL),
    TURNS,
    TURNS,
)
def test_the_order_of_independent_answers_does_not_change_the_outcome_of_undoing(
    decision: ConsolidatedDecision, policy: Policy, fate_of: Fates, one: list[int], two: list[int]
) -> None:
    """Which branches had come how far differs; that all of it is undone does not."""
    first = carried_out(decision, policy, fate_of, one)
    second = carried_out(decision, policy, fate_of, two)

    assert second.execution.outcome == first.execution.outcome
    assert first.execution.outcome in (Outcome.SUCCESS, Outcome.COMPENSATED, Outcome.FAILED)
    for story in (first, second):
        left = [ticket for ticket in story.tickets_in(Stage.COMPLETED) if ticket.undoes is None]
        assert left == [] or story.execution.outcome is Outcome.SUCCESS


@st.composite
def pauses(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    """Draw when to pause: after how many steps, for how many steps, for how long."""
    return draw(
        st.lists(
            st.tuples(st.integers(0, 30), st.integers(0, 6), st.sampled_from([0, 1_000, 500_000])),
            min_size=1,
            max_size=4,
        )
    )


def carried_out_with_pauses(
    story: Story, fate_of: Fates, planned: list[tuple[int, int, int]]
) -> None:
    """Carry a plan out; what is in flight may answer while it is paused, then time passes."""
    begin = {after: (during, wait_ms) for after, during, wait_ms in planned}
    for number in range(STEPS_MAX):
        if story.execution.outcome is not None:
            return
        if number not in begin:
            step(story, fate_of, 0)
            continue
        during, wait_ms = begin[number]
        story.pause()
        for _ in range(during):
            if story.state.in_flight:
                step(story, fate_of, 0)
        if story.state.in_flight == 0:  # Those in flight would time out, and rightly so.
            story.wait(wait_ms)
        story.resume()
    raise AssertionError("a pause lasted for ever")


@settings(max_examples=120)
@given(approvals(), policies(FailurePolicy.ISOLATE), fates_of_tasks(*ENDINGS), pauses())
def test_pausing_and_resuming_changes_nothing_but_time(
    decision: ConsolidatedDecision,
    policy: Policy,
    fate_of: Fates,
    planned: list[tuple[int, int, int]],
) -> None:
    """An operator who hesitates must not decide anything by it."""
    straight = carried_out(decision, policy, fate_of, [0])
    paused = Story(decision)
    paused.accept(policy)

    carried_out_with_pauses(paused, fate_of, planned)

    assert paused.stages() == straight.stages()
    assert paused.execution.outcome == straight.execution.outcome


@settings(max_examples=60)
@given(approvals(undoable=True), policies(FailurePolicy.COMPENSATE), pauses())
def test_pausing_while_a_plan_is_undone_changes_nothing_but_time(
    decision: ConsolidatedDecision, policy: Policy, planned: list[tuple[int, int, int]]
) -> None:
    """What has to be undone is undone after the pause, in the same order."""
    last = decision.cognitive_plan.tasks[-1].task_id

    def fate_of_last(ticket: Ticket) -> Fate:
        failing = ticket.task_id == last and ticket.undoes is None
        return Fate.FAIL_FOR_GOOD if failing else Fate.SUCCEED

    straight = carried_out(decision, policy, fate_of_last, [0])
    paused = Story(decision)
    paused.accept(policy)
    while paused.execution.outcome is None and paused.stage(last) is not Stage.FAILED:
        step(paused, fate_of_last, 0)

    carried_out_with_pauses(paused, fate_of_last, planned)

    assert paused.stages() == straight.stages()
    assert paused.released() == straight.released()
