"""C6: the one frame that tells an ended plan's story."""

from orchestrator_dynamic.core.commands import PublishTelemetry
from orchestrator_dynamic.core.facts import DecisionAccepted, WorkerSkills
from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.core.telemetry_frame import frame_of, metrics_of
from orchestrator_dynamic.errors import Finding, Severity
from orchestrator_dynamic.models.telemetry_frame import (
    FrameCorrelation,
    FrameMetrics,
    TelemetryFrame,
)
from orchestrator_dynamic.models.vocabulary import Outcome, TaskType
from tests.support.messages import NOON, a_decision, a_plan
from tests.support.plans import MINUTE, SECOND, a_task
from tests.support.story import Story, begun


def frame(story: Story) -> TelemetryFrame:
    """Return the one frame of an ended plan."""
    (command,) = story.all(PublishTelemetry)
    return command.frame


def steps(told: TelemetryFrame) -> list[tuple[str, str, int, int]]:
    """Return each step, its status, when it began after noon, and how long it took."""
    return [(s.step, s.status, s.started_at - NOON, s.duration_ms) for s in told.steps]


def successful() -> Story:
    """A plan with a retry, told to its end.

    Accepted at noon, parked for 2 s, confirmed after 1 s, run for 4 s, retried, run for 3 s.
    """
    plan = a_plan(a_task("a"), a_task("b", after="a"), requires_approval=True)
    story = Story(a_decision(plan, correlation_id="corr-1", trace_id="trace-1"))
    accepted = DecisionAccepted(at=NOON, policy=Policy(), validation_ms=7, generation_ms=9)
    story.tell(accepted)
    story.wait(2 * SECOND)
    story.approve()
    story.wait(1 * SECOND)
    story.confirm("a")
    story.wait(4 * SECOND)
    story.succeed("a")
    story.confirm("b")
    story.fail("b")
    story.wait(1 * SECOND)
    story.confirm("b")
    story.start("b")
    story.wait(3 * SECOND)
    story.succeed("b")
    return story


def test_a_frame_is_correlated_by_everything_the_plan_is_known_by() -> None:
    """Whoever holds one of these ids finds all the others."""
    story = successful()

    told = frame(story)

    assert told.correlation == FrameCorrelation(
        intent_id=story.state.decision.intent_id,
        plan_id=story.state.decision.plan_id,
        decision_id=story.state.decision.decision_id,
        workflow_id=story.state.workflow_id,
        correlation_id="corr-1",
        trace_id="trace-1",
        ticket_ids=(story.ticket("a").ticket_id, story.ticket("b").ticket_id),
    )
    assert (told.schema_version, told.source) == (1, "orchestrator-dynamic")
    assert told.timestamp == NOON + 11 * SECOND
    assert told.outcome is Outcome.SUCCESS


def test_a_frame_counts_and_measures() -> None:
    """Wall time, critical path, queue and execution time, retries, violations."""
    assert frame(successful()).metrics == FrameMetrics(
        tickets_total=2,
        tickets_completed=2,
        tickets_failed=0,
        tickets_retried=1,
        tickets_compensated=0,
        sla_violations=0,
        total_duration_ms=11 * SECOND,
        critical_path_ms=7 * SECOND,
        queue_ms=1 * SECOND,
        execution_ms=7 * SECOND,
    )


def test_a_frame_tells_each_step() -> None:
    """When it began and how long it took; what the driver measured is told as it was measured."""
    assert steps(frame(successful())) == [
        ("C1", "COMPLETED", 0, 7),
        ("C2", "COMPLETED", 0, 9),
        ("C3", "COMPLETED", 2_000, 0),
        ("C4", "COMPLETED", 2_000, 9_000),
        ("C5", "COMPLETED", 11_000, 0),
        ("C6", "COMPLETED", 11_000, 0),
    ]


def test_waiting_for_a_worker_is_part_of_allocation() -> None:
    """C3 lasts until the first ticket goes out."""
    story = Story(a_decision(a_plan(a_task("a"))))
    story.accept(workers=())
    story.wait(5 * SECOND)
    story.workers(WorkerSkills())
    story.wait(SECOND)

    story.succeed("a")

    assert steps(frame(story))[2:4] == [
        ("C3", "COMPLETED", 0, 5_000),
        ("C4", "COMPLETED", 5_000, 1_000),
    ]


def test_a_failed_plan_failed_in_execution() -> None:
    """And is told with what failed."""
    story = begun(a_task("a"), a_task("b"))
    story.confirm()
    story.wait(SECOND)
    story.fail_for_good("a")
    story.wait(SECOND)
    story.fail("b")

    told = frame(story)

    assert told.outcome is Outcome.FAILED
    assert steps(told)[3] == ("C4", "FAILED", 0, 2_000)
    assert (told.metrics.tickets_failed, told.metrics.tickets_completed) == (2, 0)


def test_a_partial_success_counts_as_executed() -> None:
    """Somebody has chosen to isolate failures."""
    story = begun(a_task("a", kind=TaskType.QUERY), a_task("b", after="a"))
    story.succeed("a")
    story.fail_for_good("b")

    assert frame(story).outcome is Outcome.PARTIAL
    assert steps(frame(story))[3][1] == "COMPLETED"


def test_what_was_undone_is_counted() -> None:
    """Compensations are in the correlation, and are no tickets of the plan."""
    story = begun(a_task("a"), a_task("b", after="a"))
    story.succeed("a")
    story.fail_for_good("b")
    story.succeed("undo a")

    told = frame(story)

    assert told.correlation.ticket_ids[2] == story.ticket("undo a").ticket_id
    assert told.metrics.tickets_total == 2
    assert told.metrics.tickets_completed == 0
    assert told.metrics.tickets_failed == 1
    assert told.metrics.tickets_compensated == 1


def test_violations_are_counted() -> None:
    """The ticket's own; the plan has time left."""
    story = begun(a_task("a"))
    story.wait(3 * MINUTE)
    story.succeed("a")

    assert frame(story).metrics.sla_violations == 1


def test_a_plan_that_never_ran_reached_nothing() -> None:
    """Its validation was done; nothing was generated, allocated or executed."""
    story = Story(a_decision(a_plan(a_task("a")), final_decision="reject"))
    story.accept()

    told = frame(story)

    assert told.outcome is Outcome.REJECTED
    assert told.correlation.ticket_ids == ()
    assert [(step, status) for step, status, _, _ in steps(told)] == [
        ("C1", "COMPLETED"),
        ("C2", "SKIPPED"),
        ("C3", "SKIPPED"),
        ("C4", "SKIPPED"),
        ("C5", "COMPLETED"),
        ("C6", "COMPLETED"),
    ]


def test_an_invalid_plan_failed_in_validation() -> None:
    """That is as far as it came."""
    story = Story(a_decision(a_plan(tasks=())))
    story.accept(None, Finding("no_tasks", Severity.ERROR, "cognitive_plan.tasks", "none"))

    assert [status for _, status, _, _ in steps(frame(story))][:3] == [
        "FAILED",
        "SKIPPED",
        "SKIPPED",
    ]


def test_a_plan_that_was_refused_had_its_tickets_generated() -> None:
    """They were shown to whoever refused it."""
    story = Story(a_decision(a_plan(a_task("a")), requires_human_review=True))
    story.accept()
    story.wait(5 * SECOND)
    story.refuse()

    assert steps(frame(story))[1:4] == [
        ("C2", "COMPLETED", 0, 0),
        ("C3", "SKIPPED", 5_000, 0),
        ("C4", "SKIPPED", 5_000, 0),
    ]


def test_a_plan_that_was_cancelled_ran_until_its_end() -> None:
    """Nobody has answered; the grace was part of the execution."""
    story = begun(a_task("a"))
    story.cancel()
    story.wait(30 * SECOND)

    assert steps(frame(story))[3:5] == [
        ("C4", "FAILED", 0, 30_000),
        ("C5", "COMPLETED", 30_000, 0),
    ]


def test_numbers_can_be_asked_for_while_the_plan_runs() -> None:
    """Until now, by the latest moment that was told."""
    story = begun(a_task("a"), a_task("b"))
    story.wait(10 * SECOND)
    story.succeed("a")

    assert metrics_of(story.state).total_duration_ms == 10 * SECOND
    assert metrics_of(story.state).tickets_completed == 1


def test_a_plan_of_which_nothing_is_known_has_reached_nothing() -> None:
    """A halted plan may be asked for its frame before its first fact."""
    told = frame_of(Story(a_decision(a_plan(a_task("a")))).state)

    assert told.steps[0].status == "SKIPPED"
    assert told.outcome is Outcome.FAILED


def test_a_frame_is_valid_by_construction() -> None:
    """It is made without validation, for speed."""
    made = frame(successful())

    assert TelemetryFrame.model_validate(made.model_dump()) == made
