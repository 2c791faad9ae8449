"""C3: tickets that no known worker can execute wait, say so, and go as soon as one can."""

from orchestrator_dynamic.core.facts import WorkersChanged, WorkerSkills
from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.core.supply import Supply
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.core.ticket_factory import message_of
from orchestrator_dynamic.models.vocabulary import TaskType
from tests.support.messages import NOON, a_decision, a_plan
from tests.support.plans import MINUTE, SECOND, a_task
from tests.support.story import Story

GPU = WorkerSkills(capabilities=("gpu", "fast"))
ANY = WorkerSkills()


def with_workers(*workers: WorkerSkills, policy: Policy | None = None) -> Story:
    """Return the story of a plan whose task `a` wants a GPU and whose task `b` wants nothing."""
    tasks = a_task("a", required_capabilities=("gpu",)), a_task("b")
    story = Story(a_decision(a_plan(*tasks)))
    story.accept(policy, workers=workers)
    return story


def test_without_a_registry_any_worker_may_take_it() -> None:
    """What nobody knows must not hold anything up."""
    supply = Supply(None)

    assert supply.serves("EXECUTE", ("gpu",))
    assert supply.allocation_method == "any_worker"


def test_an_empty_registry_serves_nobody() -> None:
    """A ticket is never sent to a worker that does not exist."""
    supply = Supply(())

    assert not supply.serves("EXECUTE", ())
    assert supply.allocation_method == "by_capability"


def test_one_worker_must_have_all_that_is_required() -> None:
    """Two halves of a worker are none."""
    halves = Supply((WorkerSkills(capabilities=("gpu",)), WorkerSkills(capabilities=("db",))))
    whole = Supply((WorkerSkills(capabilities=("db", "gpu")),))

    assert not halves.serves("EXECUTE", ("gpu", "db"))
    assert halves.serves("EXECUTE", ("db",))
    assert whole.serves("EXECUTE", ("gpu", "db"))


def test_a_worker_must_take_the_type_of_the_task() -> None:
    """A builder with a GPU is no deployer."""
    supply = Supply((WorkerSkills(("BUILD",), ("gpu",)),))

    assert supply.serves(TaskType.BUILD, ("gpu",))
    assert not supply.serves(TaskType.DEPLOY, ("gpu",))
    assert not supply.serves(TaskType.BUILD, ("db",))


def test_a_worker_that_names_nothing_takes_everything() -> None:
    """Empty means anything."""
    assert Supply((ANY,)).serves("DEPLOY", ("gpu", "db"))


def test_a_ticket_waits_for_a_worker_that_can() -> None:
    """It is kept, and holds nobody else up."""
    story = with_workers(WorkerSkills(capabilities=("db",)))

    assert story.stage("a") is Stage.STARVED
    assert story.released() == ["b"]


def test_it_goes_out_as_soon_as_one_is_known() -> None:
    """Nobody needs to do anything but start the worker."""
    story = with_workers(WorkerSkills(capabilities=("db",)))
    story.wait(10 * SECOND)

    story.workers(GPU)

    assert story.released(story.latest) == ["a"]
    assert story.ticket("a").ready_at == NOON
    assert story.ticket("a").attempt == 1


def test_it_goes_on_waiting_while_others_come() -> None:
    """A worker with other skills is no help."""
    story = with_workers()

    story.workers(WorkerSkills(capabilities=("db",)))

    assert story.stage("a") is Stage.STARVED
    assert story.released() == ["b"]


def test_it_goes_out_when_the_registry_goes_away() -> None:
    """Without a registry anybody may take it."""
    story = with_workers()

    story.tell(WorkersChanged(at=story.now, workers=None))

    assert story.released() == ["a", "b"]


def test_workers_that_leave_hold_back_what_has_not_gone() -> None:
    """What is out stays out: its own time-out looks after it."""
    story = with_workers(GPU, policy=Policy(parallel_tickets_max=1))
    assert story.released() == ["a"]

    story.workers()
    story.succeed("a")

    assert story.stage("b") is Stage.STARVED


def test_a_retry_waits_for_a_worker_too() -> None:
    """The one that failed it may have been the last."""
    story = with_workers(GPU)
    story.fail("a")
    story.workers()

    story.wait(SECOND)

    assert story.stage("a") is Stage.STARVED
    assert story.ticket("a").attempt == 2


def test_patience_ends_with_one_incident() -> None:
    """It names what is missing, asks for a person, and the ticket is not dropped."""
    story = with_workers(ANY, policy=Policy(capability_patience_ms=30 * SECOND))
    story.workers()
    story.fail("a")  # So that it must find a worker again.
    story.wait(SECOND)
    assert story.stage("a") is Stage.STARVED

    story.wait(30 * SECOND - 1)
    assert story.incidents == []
    story.wait(1)
    story.wait(10 * SECOND)

    (incident,) = story.incidents
    assert incident.incident_type == "WORKER_FAILURE"
    assert incident.escalation_required
    assert incident.affected_tickets == (story.ticket("a").ticket_id,)
    assert incident.details[0] == "no known worker executes EXECUTE with gpu; task a waits"
    assert story.stage("a") is Stage.STARVED


def test_the_usual_patience_is_a_minute() -> None:
    """Long enough for a worker to restart."""
    story = with_workers()

    story.wait(MINUTE)

    assert Policy().capability_patience_ms == MINUTE
    assert [incident.affected_tickets for incident in story.incidents] == [
        (story.ticket("a").ticket_id,),
        (story.ticket("b").ticket_id,),
    ]
    assert story.incidents[1].details[0].startswith("no known worker executes EXECUTE with no cap")


def test_patience_begins_when_its_turn_comes() -> None:
    """Until then it waited for something else, and a worker may well have been there."""
    story = with_workers(GPU, policy=Policy(parallel_tickets_max=1))
    story.wait(10 * MINUTE)
    story.workers()

    story.succeed("a")
    assert story.stage("b") is Stage.STARVED
    assert story.execution.alarm == story.now + MINUTE
    story.wait(MINUTE - 1)
    assert not [i for i in story.incidents if i.incident_type == "WORKER_FAILURE"]
    story.wait(1)

    assert story.incidents[-1].incident_type == "WORKER_FAILURE"


def test_a_ticket_that_starves_again_is_not_told_again() -> None:
    """One incident per cause."""
    story = with_workers(ANY, policy=Policy(capability_patience_ms=1))
    story.workers()
    story.fail("a")
    story.wait(2 * SECOND)
    assert len(story.incidents) == 1
    story.workers(GPU)
    story.fail("a")
    story.workers()

    story.wait(10 * SECOND)

    assert story.stage("a") is Stage.STARVED
    assert len(story.incidents) == 1


def test_a_starving_ticket_becomes_urgent_and_late_like_any_other() -> None:
    """Its deadline counts from when it was ready, whoever is to blame."""
    story = with_workers(ANY)
    story.workers()
    story.fail("a")
    story.wait(SECOND)

    story.wait(3 * MINUTE)

    assert story.ticket("a").score == story.state.scores[2]
    assert story.ticket("a").violated


def test_its_worth_is_kept_when_it_is_fed() -> None:
    """It has become urgent while it starved."""
    story = with_workers()
    story.wait(2 * MINUTE)

    story.workers(GPU)

    assert message_of(story.state, 0).metadata["priority_score"] == "0.5885"
