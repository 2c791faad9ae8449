"""A rehearsal says what would become of a decision, and leaves no trace."""

from orchestrator_dynamic.core.gate import Verdict
from orchestrator_dynamic.core.policy import PlanLimits, Policy
from orchestrator_dynamic.models.cognitive_plan import TaskNode
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.runtime.rehearsal import Rehearsal, Schedule, rehearse
from orchestrator_dynamic.wire.decision_reader import ReadLimits
from tests.support.engines import a_message
from tests.support.messages import NOON, a_task

SECOND = 1_000


def rehearsed(message: bytes, policy: Policy | None = None) -> Rehearsal:
    """Rehearse a message at noon."""
    return rehearse(
        message,
        None,
        read_limits=ReadLimits(),
        plan_limits=PlanLimits(),
        policy=policy or Policy(),
        at=NOON,
    )


def scheduled(*tasks: TaskNode, parallel: int = 100) -> Schedule:
    """Return the schedule of a plan of these tasks."""
    schedule = rehearsed(a_message(*tasks), Policy(parallel_tickets_max=parallel)).schedule
    assert schedule is not None
    return schedule


def timed(name: str, seconds: int, *after: str) -> TaskNode:
    """Return a task that takes some seconds."""
    return a_task(name, estimated_duration_ms=seconds * SECOND, dependencies=list(after))


def test_the_critical_path_is_the_longest_way_through() -> None:
    """Whoever wants the plan to end sooner must shorten one of these."""
    schedule = scheduled(
        timed("start", 10), timed("short", 5, "start"), timed("long", 20, "start"),
        timed("end", 10, "short", "long"),
    )  # fmt: skip

    assert schedule.critical_path == (0, 2, 3)
    assert schedule.critical_path_ms == schedule.duration_ms == 40 * SECOND
    assert schedule.starts_ms == (0, 10 * SECOND, 10 * SECOND, 30 * SECOND)


def test_a_projection_knows_how_many_tickets_may_be_out() -> None:
    """A hundred tasks beside each other take longer than one, where two may be out."""
    tasks = [timed(f"t{number}", 10) for number in range(5)]

    schedule = scheduled(*tasks, parallel=2)

    assert schedule.critical_path_ms == 10 * SECOND
    assert schedule.duration_ms == 30 * SECOND
    assert len(schedule.first) == 2


def test_the_longest_way_goes_first_where_not_all_can() -> None:
    """As the scheduler does it; the other way round the plan would take longer."""
    tasks = (timed("a", 1), timed("b", 1), timed("long", 5), timed("after-b", 3, "b"))

    schedule = scheduled(*tasks, parallel=2)

    assert schedule.first == (2, 1)
    assert schedule.duration_ms == 5 * SECOND


def test_tasks_without_an_estimate_are_counted() -> None:
    """A projection that rests on guesses must say so."""
    schedule = scheduled(a_task("a"), a_task("b", estimated_duration_ms=0), timed("c", 1))

    assert schedule.unestimated == 2
    assert schedule.duration_ms == 60 * SECOND


def test_every_contract_fault_comes_at_once() -> None:
    """Nobody wants to hear of the second mistake after mending the first."""
    rehearsal = rehearsed(b'{"decision_id": 1, "cognitive_plan": {"tasks": "none"}}')

    assert len(rehearsal.findings) >= 3
    assert not rehearsal.valid
    assert (rehearsal.decision, rehearsal.verdict, rehearsal.schedule) == (None, None, None)


def test_an_invalid_plan_has_no_schedule() -> None:
    """An order of tasks that wait for each other would be a lie."""
    rehearsal = rehearsed(
        a_message(a_task("a", dependencies=["b"]), a_task("b", dependencies=["a"]))
    )

    assert [finding.code for finding in rehearsal.findings] == ["dependency_cycle"]
    assert rehearsal.verdict is Verdict.REFUSE_INVALID
    assert rehearsal.schedule is None


def test_an_expired_plan_is_not_valid() -> None:
    """It would be recorded and never run, which nobody means who sends it."""
    rehearsal = rehearsed(a_message(valid_until=NOON - 1))

    assert [finding.code for finding in rehearsal.findings] == ["expired"]
    assert rehearsal.verdict is Verdict.EXPIRE
    assert rehearsal.state is not None
    assert rehearsal.state.outcome is Outcome.EXPIRED


def test_a_parked_plan_says_what_it_would_wait_for() -> None:
    """Nothing would go out at once."""
    rehearsal = rehearsed(a_message(requires_approval=True))

    assert rehearsal.verdict is Verdict.PARK
    assert "requires approval" in rehearsal.why
    assert rehearsal.schedule is not None
    assert rehearsal.schedule.first == ()
