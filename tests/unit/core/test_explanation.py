"""Every decision can be asked for its reason: where a plan or a ticket is, and why."""

from orchestrator_dynamic.core.explanation import why_plan, why_ticket
from orchestrator_dynamic.core.policy import Policy
from tests.support.messages import NOON, a_decision, a_plan
from tests.support.plans import MINUTE, SECOND, a_task
from tests.support.story import Story, begun


def plan(story: Story) -> str:
    """Return why the plan is where it is."""
    return why_plan(story.state)


def ticket(story: Story, name: str) -> str:
    """Return why a ticket is where it is."""
    return why_ticket(story.state, story.ticket(name))


def test_a_plan_that_runs() -> None:
    """How much is out, and how much is left."""
    story = begun(a_task("a"), a_task("b", after="a"))

    assert plan(story) == "runs: 1 ticket out, 2 not ended"


def test_a_plan_that_has_ended() -> None:
    """How, and why."""
    story = begun(a_task("a"))
    story.fail_for_good("a", "no such image")

    assert plan(story) == "ended FAILED: task a failed for good: no such image"


def test_a_plan_that_was_rejected() -> None:
    """The specialists said so."""
    story = Story(a_decision(a_plan(a_task("a")), final_decision="reject"))
    story.accept()

    assert plan(story) == "ended REJECTED: the specialists decided to reject this plan"


def test_a_parked_plan() -> None:
    """What a person is asked about."""
    story = Story(a_decision(a_plan(a_task("a"), is_destructive=True), requires_human_review=True))
    story.accept()

    assert plan(story) == (
        "waits for a person to approve it: "
        "the decision requires human review; the plan is destructive"
    )


def test_a_paused_plan() -> None:
    """Somebody must resume it."""
    story = begun(a_task("a"))
    story.pause()

    assert plan(story) == "is paused; nothing is released until it is resumed"


def test_a_plan_that_waits_for_steps_to_be_approved() -> None:
    """Only when nothing else goes on."""
    story = begun(a_task("a"), a_task("b"), destructive_tasks=("a",))
    assert plan(story).startswith("runs")

    story.succeed("b")

    assert plan(story) == "waits for a person to approve 1 of its steps"


def test_a_plan_that_drains() -> None:
    """What happened, and what it waits for."""
    story = begun(a_task("a"), a_task("b"))
    story.fail_for_good("a")

    assert plan(story) == (
        "task a failed for good: it broke; 1 ticket in flight may end, then it is undone"
    )


def test_a_plan_that_is_undone() -> None:
    """Because of what."""
    story = begun(a_task("a"), a_task("b", after="a"))
    story.succeed("a")
    story.fail_for_good("b")

    assert plan(story) == "is being undone: task b failed for good: it broke"


def test_a_plan_that_is_cancelled() -> None:
    """By whom, and what it waits for."""
    story = begun(a_task("a"))
    story.cancel(by="ann")

    assert plan(story) == "cancelled by ann; 1 ticket in flight may still answer"


def test_a_plan_that_waits_for_workers() -> None:
    """Only when nothing else goes on."""
    story = Story(a_decision(a_plan(a_task("a"), a_task("b"))))
    story.accept(workers=())

    assert plan(story) == "waits for workers with the right capabilities for 2 tickets"


def test_a_ticket_that_waits_names_what_it_waits_for() -> None:
    """Only what has not completed yet."""
    story = begun(a_task("a"), a_task("b"), a_task("c", after="a b"))
    assert ticket(story, "c") == "waits for a, b"

    story.succeed("a")

    assert ticket(story, "c") == "waits for b"


def test_a_join_of_many_is_explained_by_a_few() -> None:
    """Five names and a number."""
    roots = [a_task(f"t{n}") for n in range(7)]
    story = begun(*roots, a_task("join", after=" ".join(task.task_id for task in roots)))

    assert ticket(story, "join") == "waits for t0, t1, t2, t3, t4, 2 more"

    story.succeed("t0", "t1")

    assert ticket(story, "join") == "waits for t2, t3, t4, t5, t6"


def test_a_ticket_of_a_parked_plan_waits_for_its_plan() -> None:
    """It waits for no other ticket."""
    story = Story(a_decision(a_plan(a_task("a"), requires_approval=True)))
    story.accept()

    assert ticket(story, "a") == "waits for its plan to start"


def test_a_step_that_waits_for_approval() -> None:
    """A person decides."""
    story = begun(a_task("a"), destructive_tasks=("a",))

    assert ticket(story, "a") == "waits for a person to approve this step"


def test_a_ready_ticket() -> None:
    """Either the limit or a pause holds it back."""
    story = begun(a_task("a"), a_task("b"), policy=Policy(parallel_tickets_max=1))
    assert ticket(story, "b") == "is ready; its plan has 1 out, of at most 1"

    story.pause()

    assert ticket(story, "b") == "is ready; the plan is paused"


def test_a_starved_ticket() -> None:
    """What nobody has."""
    story = Story(a_decision(a_plan(a_task("a", required_capabilities=("gpu", "db")), a_task("b"))))
    story.accept(workers=())

    assert ticket(story, "a") == "waits for a worker that executes EXECUTE and has: gpu, db"
    assert ticket(story, "b") == "waits for a worker that executes EXECUTE and has: no capability"


def test_a_ticket_that_is_out() -> None:
    """First with the bus, then with a worker, then waiting for its next attempt."""
    story = begun(a_task("a"))
    assert ticket(story, "a") == "waits for a free worker"

    story.confirm("a")
    assert ticket(story, "a") == (
        f"attempt 1 runs; its answer is awaited until {NOON + 3 * MINUTE}"
    )
    story.fail("a", "it broke")

    assert ticket(story, "a") == f"attempt 1 failed (it broke); next at {NOON + SECOND}"


def test_a_ticket_that_has_completed() -> None:
    """After how many attempts, and by whom."""
    story = begun(a_task("a"))
    story.fail("a")
    story.wait(SECOND)
    story.succeed("a")

    assert ticket(story, "a") == "ended at attempt 2, by w-1"


def test_tickets_that_have_ended_otherwise() -> None:
    """Each says why."""
    story = begun(a_task("a"), a_task("b", after="a"))
    story.fail_for_good("a", "no such image")

    assert ticket(story, "a") == "no such image"
    assert ticket(story, "b") == "not run: task a failed"


def test_a_failure_without_words() -> None:
    """There is always something to read."""
    story = begun(a_task("a"))
    story.fail_for_good("a", "")

    assert ticket(story, "a") == "ended"


def test_what_is_undone_and_what_undoes_it() -> None:
    """The original, the compensation under way, and the one that waits for it."""
    story = begun(a_task("a"), a_task("b", after="a"), a_task("c", after="b"))
    story.succeed("a", "b")
    story.fail_for_good("c")

    assert ticket(story, "b") == "is being undone"
    assert ticket(story, "undo b") == "waits for a free worker"
    assert ticket(story, "undo a") == "waits for the compensation before it"
    story.succeed("undo b")
    assert ticket(story, "b") == "ended at attempt 1, by w-1"
