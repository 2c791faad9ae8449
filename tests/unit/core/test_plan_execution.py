"""The core's whole interface: facts go in, commands come out."""

import pytest

from orchestrator_dynamic.core import facts
from orchestrator_dynamic.core.derived_ids import workflow_id_of
from orchestrator_dynamic.core.plan_execution import PlanExecution
from orchestrator_dynamic.core.plan_graph import PlanGraph
from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.errors import InvariantViolation
from orchestrator_dynamic.models.ids import DecisionId
from tests.support.messages import NOON, a_decision, a_plan
from tests.support.plans import SECOND, a_task
from tests.support.story import Story, begun


def test_the_first_fact_is_that_the_decision_was_accepted() -> None:
    """Whatever else comes first belongs to another plan, or to a journal that was cut."""
    story = Story(a_decision(a_plan(a_task("a"))))

    with pytest.raises(InvariantViolation, match="cancel_requested before decision_accepted"):
        story.cancel()


@pytest.mark.parametrize("number", [-1, 2, 99])
def test_a_fact_about_a_ticket_that_the_plan_does_not_have_is_a_mistake(number: int) -> None:
    """Numbers from the end, as Python would have them, are no tickets either."""
    story = begun(a_task("a"), a_task("b"))

    with pytest.raises(InvariantViolation, match=f"orch-decision-1 has no ticket number {number}"):
        story.tell(facts.TicketSucceeded(at=NOON, ticket=number, attempt=1, agent="w-1"))


@pytest.mark.parametrize("kind", [facts.ApprovalGiven, facts.ApprovalRefused])
def test_a_word_about_a_step_that_the_plan_does_not_have_is_a_mistake(
    kind: type[facts.ApprovalGiven] | type[facts.ApprovalRefused],
) -> None:
    """It must not be taken for a word about another step."""
    story = begun(a_task("a"), a_task("b"), destructive_tasks=("b",))

    with pytest.raises(InvariantViolation, match="has no ticket number -1"):
        story.tell(kind(at=NOON, by="ann", tickets=(-1,)))


def test_a_hand_over_names_a_worker_for_each_ticket_or_for_none() -> None:
    """Anything between would give a ticket to the wrong one."""
    story = begun(a_task("a"), a_task("b"))

    with pytest.raises(InvariantViolation, match="names 1 agents for 2 tickets"):
        story.confirm("a", "b", agents=("w-1",))


def test_a_driver_that_starts_again_finds_what_is_out() -> None:
    """What nobody confirmed, and what is with a worker, by number and attempt."""
    story = begun(a_task("a"), a_task("b"), a_task("c"), a_task("d", after="a"))
    story.confirm("a", "b")
    story.fail("b")
    story.wait(SECOND)

    assert story.execution.attempts_in(Stage.PUBLISHING) == ((1, 2), (2, 1))
    assert story.execution.attempts_in(Stage.RUNNING) == ((0, 1),)
    assert story.execution.attempts_in(Stage.WAITING) == ((3, 0),)
    assert story.execution.attempts_in(Stage.FAILED) == ()


def test_the_graph_need_not_be_drawn_twice() -> None:
    """C1 has drawn it to find circles."""
    decision = a_decision(a_plan(a_task("a"), a_task("b", after="a")))
    graph = PlanGraph(decision.cognitive_plan.tasks, 60_000)
    execution = PlanExecution(workflow_id_of(DecisionId("decision-1")), decision, graph)

    execution.apply(facts.DecisionAccepted(at=NOON, policy=Policy()))

    assert execution.state.graph is graph


def test_a_graph_drawn_under_another_assumption_is_drawn_anew() -> None:
    """It would order the plan otherwise, and number its compensations otherwise after a restart."""
    decision = a_decision(a_plan(a_task("a"), a_task("b", after="a")))
    graph = PlanGraph(decision.cognitive_plan.tasks, 60_000)
    execution = PlanExecution(workflow_id_of(DecisionId("decision-1")), decision, graph)

    execution.apply(facts.DecisionAccepted(at=NOON, policy=Policy(ticket_timeout_min_ms=5_000)))

    assert execution.state.graph is not None
    assert execution.state.graph.tail_ms == [10_000, 5_000]


@pytest.mark.parametrize("prepared", [Policy(), Policy(ticket_timeout_min_ms=5_000)])
def test_tickets_can_be_prepared_before_the_decision_is_accepted(prepared: Policy) -> None:
    """Under the policy of its acceptance they are used, under any other they do no harm."""
    story = Story(a_decision(a_plan(a_task("a"), a_task("b", after="a"))))

    story.execution.prepare(prepared)
    assert story.state.tickets == []
    story.accept()

    assert story.released() == ["a"]
    assert [ticket.timeout_ms for ticket in story.state.tickets] == [180_000, 180_000]


def test_the_graph_is_drawn_with_the_policys_estimate() -> None:
    """A task without an estimate counts as the shortest timeout."""
    story = begun(a_task("a"), policy=Policy(ticket_timeout_min_ms=5_000))

    assert story.state.graph is not None
    assert story.state.graph.tail_ms == [5_000]


def test_workers_are_known_from_the_first_moment() -> None:
    """So that nothing goes out that nobody can take."""
    story = Story(a_decision(a_plan(a_task("a", required_capabilities=("gpu",)))))

    story.accept(workers=(facts.WorkerSkills(capabilities=("db",)),))

    assert story.stage("a") is Stage.STARVED


def test_a_plan_goes_on_with_the_numbers_it_began_with() -> None:
    """They travel in its first fact; a restart with other settings changes nothing."""
    story = begun(a_task("a"), policy=Policy(parallel_tickets_max=7))

    story.accept(Policy(parallel_tickets_max=9))

    assert story.state.policy.parallel_tickets_max == 7


def test_a_plan_starts_with_a_word_in_the_audit() -> None:
    """And how many tickets it has."""
    story = begun(a_task("a"), a_task("b"))

    assert story.audited("plan_started") == [{"actor": "orchestrator", "tickets": "2"}]


def test_clocks_that_run_backwards_do_not_turn_back_the_plan() -> None:
    """The latest moment that was told stays the latest."""
    story = begun(a_task("a"))
    story.wait(SECOND)
    story.confirm("a")

    story.tell(facts.PauseRequested(at=NOON - SECOND, by="ann"))

    assert story.state.now == NOON + SECOND
    assert story.state.paused


def test_an_unstarted_execution_has_no_outcome() -> None:
    """Nor has one that runs."""
    story = Story(a_decision(a_plan(a_task("a"))))
    assert story.execution.outcome is None

    story.accept()

    assert story.execution.outcome is None
