"""When only a person can move a plan, and what they are told to do."""

from pathlib import Path

from orchestrator_dynamic.cli.standstill import Standstill, standstill_of
from orchestrator_dynamic.core import facts
from orchestrator_dynamic.core.plan_execution import PlanExecution
from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.models.cognitive_plan import CognitivePlan
from tests.support.messages import NOON, a_decision, a_plan
from tests.support.plans import a_task, an_execution

ACCEPTED = facts.DecisionAccepted(at=NOON, policy=Policy())
TWO_STEPS = a_plan(a_task("prepare"), a_task("drop tables"), destructive_tasks=("drop tables",))


def begun(plan: CognitivePlan, *more: facts.Fact, **decision: object) -> PlanExecution:
    """Return the execution of a plan that was accepted, and to which `more` has happened."""
    execution = an_execution(a_decision(plan, **decision))
    for fact in (ACCEPTED, *more):
        execution.apply(fact)
    return execution


def seen(execution: PlanExecution, data_dir: Path | None = None) -> Standstill | None:
    """Return why it stands still."""
    return standstill_of(execution.state, data_dir)


def answered(number: int, *, well: bool = True) -> facts.Fact:
    """Return the answer to a first attempt."""
    if well:
        return facts.TicketSucceeded(at=NOON, ticket=number, attempt=1, agent="w")
    return facts.TicketFailed(
        at=NOON, ticket=number, attempt=1, agent="w", error="no", retryable=True, chance=0.5
    )


def test_a_parked_plan_waits_for_its_approval() -> None:
    """The person who reads this has the command at hand."""
    waiting = seen(begun(a_plan(a_task("a"), requires_approval=True)))

    assert waiting is not None
    assert waiting.word == "AWAITING_APPROVAL"
    assert "the plan requires approval" in waiting.why
    assert waiting.remedy == "approve it with: orq approve orch-decision-1"


def test_a_plan_with_a_ticket_out_moves_by_itself() -> None:
    """Its worker will answer, or its time will run out; the waiting step does not matter yet."""
    assert seen(begun(TWO_STEPS)) is None


def test_a_step_that_waits_stops_the_plan_once_nothing_else_is_left() -> None:
    """It is named in the command, quoted as a shell needs it."""
    waiting = seen(begun(TWO_STEPS, answered(0)), Path("my data"))

    assert waiting is not None
    assert waiting.word == "AWAITING_APPROVAL"
    assert waiting.remedy == (
        "approve with: orq approve orch-decision-1 --task 'drop tables' --data-dir 'my data'"
    )


def test_a_plan_that_backs_off_moves_by_itself() -> None:
    """Its retry comes with time."""
    assert seen(begun(TWO_STEPS, answered(0, well=False))) is None


def test_a_paused_plan_waits_for_being_resumed_once_nothing_is_out() -> None:
    """What is out may still end."""
    pause = facts.PauseRequested(at=NOON, by="ana")

    assert seen(begun(TWO_STEPS, pause)) is None
    waiting = seen(begun(TWO_STEPS, pause, answered(0)))
    assert waiting is not None
    assert (waiting.word, waiting.remedy) == (
        "PAUSED",
        "resume it with: orq resume orch-decision-1",
    )


def test_a_starved_plan_waits_for_a_worker_that_can_do_it() -> None:
    """What is missing is said, so that somebody can start it."""
    skills = (facts.WorkerSkills(task_types=("BUILD",)),)
    workers = facts.DecisionAccepted(at=NOON, policy=Policy(), workers=skills)
    execution = an_execution(a_decision(a_plan(a_task("a", required_capabilities=("gpu",)))))
    execution.apply(workers)

    waiting = seen(execution)

    assert waiting is not None
    assert waiting.word == "STARVED"
    assert "waits for a worker that executes EXECUTE and has: gpu" in waiting.why


def test_an_ended_plan_waits_for_nobody() -> None:
    """There is nothing left that a person could move."""
    assert seen(begun(a_plan(a_task("a")), answered(0))) is None
    assert seen(begun(a_plan(a_task("a")), final_decision="reject")) is None
