"""The message of a ticket: what workers read, and what a compensation tells them to do."""

import pytest

from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.core.ticket_factory import QOS, message_of, ticket_id_of
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket, Sla
from orchestrator_dynamic.models.ids import DecisionId, IntentId, PlanId, TaskId
from orchestrator_dynamic.models.vocabulary import (
    Priority,
    RiskBand,
    SecurityLevel,
    TaskType,
    TicketStatus,
)
from tests.support.messages import NOON, a_decision, a_plan
from tests.support.plans import SECOND, a_task
from tests.support.story import Story, begun


def message(story: Story, name: str) -> ExecutionTicket:
    """Return the message of a ticket as it is now."""
    return message_of(story.state, story.ticket(name).number)


def deployment() -> Story:
    """Return the story of a plan whose second task says all that a task can say, and is out."""
    story = Story(
        a_decision(
            a_plan(
                a_task("a"),
                a_task(
                    "b",
                    after="a",
                    kind=TaskType.DEPLOY,
                    description="ship it",
                    estimated_duration_ms=40_000,
                    required_capabilities=("k8s",),
                    parameters={"to": "moon"},
                    metadata={"team": "red"},
                ),
                risk_band="high",
                original_priority="CRITICAL",
                original_security_level="RESTRICTED",
            ),
            correlation_id="corr-1",
            trace_id="trace-1",
            span_id="span-1",
        )
    )
    story.accept()
    story.wait(SECOND)
    story.succeed("a")
    return story


def test_a_message_carries_everything_a_worker_needs() -> None:
    """Each field of the contract, from the decision, the plan, the task and the state."""
    sent = message(deployment(), "b")

    assert sent == ExecutionTicket(
        ticket_id=ticket_id_of(DecisionId("decision-1"), TaskId("b")),
        plan_id=PlanId("plan-1"),
        intent_id=IntentId("intent-1"),
        decision_id=DecisionId("decision-1"),
        correlation_id="corr-1",
        trace_id="trace-1",
        span_id="span-1",
        task_id=TaskId("b"),
        task_type=TaskType.DEPLOY,
        description="ship it",
        dependencies=(ticket_id_of(DecisionId("decision-1"), TaskId("a")),),
        status=TicketStatus.PENDING,
        priority=Priority.CRITICAL,
        risk_band=RiskBand.HIGH,
        sla=Sla(deadline=NOON + SECOND + 120_000, timeout_ms=120_000, max_retries=3),
        qos=QOS[RiskBand.HIGH],
        parameters={"to": "moon"},
        required_capabilities=("k8s",),
        security_level=SecurityLevel.RESTRICTED,
        created_at=NOON,
        estimated_duration_ms=40_000,
        metadata={
            "team": "red",
            "workflow_id": "orch-decision-1",
            "attempt": "1",
            "priority_score": "0.6700",
            "allocation_method": "any_worker",
        },
    )


def test_the_message_says_pending_until_the_bus_has_it() -> None:
    """Workers take a ticket only where its status is exactly PENDING."""
    story = begun(a_task("a"))
    assert message(story, "a").status is TicketStatus.PENDING

    story.confirm("a")

    assert message(story, "a").status is TicketStatus.RUNNING


def test_a_completed_ticket_tells_its_times() -> None:
    """By our own clock, from the worker's first sign of life to its answer."""
    story = begun(a_task("a"))
    story.confirm("a")
    story.wait(2 * SECOND)
    story.start("a")
    story.wait(5 * SECOND)
    story.succeed("a")

    told = message(story, "a")

    assert told.status is TicketStatus.COMPLETED
    assert told.started_at == NOON + 2 * SECOND
    assert told.completed_at == NOON + 7 * SECOND
    assert told.actual_duration_ms == 5 * SECOND
    assert told.error_message is None


def test_a_retry_is_the_same_ticket_with_a_higher_count() -> None:
    """Workers that keep the id find their own footprints."""
    story = begun(a_task("a"))
    first = message(story, "a")
    story.fail("a", "it broke")
    story.wait(SECOND)

    second = message(story, "a")

    assert second.ticket_id == first.ticket_id
    assert (first.retry_count, first.metadata["attempt"]) == (0, "1")
    assert (second.retry_count, second.metadata["attempt"]) == (1, "2")
    assert second.error_message == "it broke"
    assert second.status is TicketStatus.PENDING


def test_a_failed_ticket_tells_why() -> None:
    """People look at the ticket first."""
    story = begun(a_task("a"))

    story.fail_for_good("a", "no such image")

    assert message(story, "a").status is TicketStatus.FAILED
    assert message(story, "a").error_message == "no such image"


def failed_after(*completed: TaskType) -> Story:
    """Return the story of a plan that undoes completed tasks, called `a`, `b` and so on."""
    names = "abcdefgh"[: len(completed)]
    chain = [
        a_task(
            name,
            after=" ".join(names[:number][-1:]),
            kind=kind,
            parameters={"of": name},
            metadata={"compensation": "required"},
        )
        for number, (name, kind) in enumerate(zip(names, completed, strict=True))
    ]
    story = begun(*chain, a_task("z", after=names[-1]))
    story.succeed(*names)
    story.fail_for_good("z", "no space left")
    return story


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        (TaskType.BUILD, "delete_artifacts"),
        (TaskType.DEPLOY, "rollback_deployment"),
        (TaskType.TEST, "cleanup_test_env"),
        (TaskType.VALIDATE, "revert_approval"),
        (TaskType.EXECUTE, "rollback_execution"),
        (TaskType.QUERY, "generic_cleanup"),
        (TaskType.TRANSFORM, "generic_cleanup"),
        (TaskType.COMPENSATE, "generic_cleanup"),
    ],
)
def test_a_compensation_says_what_to_do(kind: TaskType, action: str) -> None:
    """Workers dispatch on `parameters.action`; the contract fixes the words."""
    story = failed_after(kind)

    sent = message(story, "undo a")

    assert sent.task_type is TaskType.COMPENSATE
    assert sent.parameters == {
        "of": "a",
        "action": action,
        "reason": "task z failed for good: no space left",
        "original_ticket_id": story.ticket("a").ticket_id,
        "original_task_type": kind,
    }


def test_a_plan_can_name_an_action_of_its_own() -> None:
    """Whoever wrote the plan knows better what undoes a task."""
    story = begun(a_task("a", metadata={"compensation": "drain_pool"}), a_task("b", after="a"))
    story.succeed("a")
    story.fail_for_good("b")

    assert message(story, "undo a").parameters["action"] == "drain_pool"


def test_a_compensation_and_its_original_name_each_other() -> None:
    """Each is released by the compensation before it, and says so by its dependencies."""
    story = failed_after(TaskType.BUILD, TaskType.BUILD)
    first, second = message(story, "undo b"), message(story, "undo a")

    assert first.dependencies == ()
    assert second.dependencies == (first.ticket_id,)
    assert message(story, "a").compensation_ticket_id == second.ticket_id
    assert message(story, "a").status is TicketStatus.COMPLETED
    assert message(story, "b").status is TicketStatus.COMPENSATING


def test_a_compensation_that_waits_is_due_as_if_it_began_now() -> None:
    """It has no place on the plan's critical path."""
    story = failed_after(TaskType.BUILD, TaskType.BUILD)
    story.wait(SECOND)
    story.confirm()

    assert message(story, "undo a").sla.deadline == story.now + 180_000


def test_metadata_says_how_a_ticket_finds_its_worker() -> None:
    """With a registry by capability, without one any worker may take it."""
    story = begun(a_task("a", required_capabilities=("gpu",)))
    assert message(story, "a").metadata["allocation_method"] == "any_worker"

    story.workers()

    assert message(story, "a").metadata["allocation_method"] == "by_capability"


@pytest.mark.parametrize(
    ("stage", "status"),
    [
        (Stage.WAITING, "PENDING"),
        (Stage.AWAITING_APPROVAL, "PENDING"),
        (Stage.READY, "PENDING"),
        (Stage.STARVED, "PENDING"),
        (Stage.PUBLISHING, "PENDING"),
        (Stage.RUNNING, "RUNNING"),
        (Stage.BACKING_OFF, "PENDING"),
        (Stage.COMPLETED, "COMPLETED"),
        (Stage.FAILED, "FAILED"),
        (Stage.SKIPPED, "PENDING"),
        (Stage.CANCELLED, "FAILED"),
        (Stage.COMPENSATING, "COMPENSATING"),
        (Stage.COMPENSATED, "COMPENSATED"),
    ],
)
def test_the_contract_has_a_status_for_every_stage(stage: Stage, status: str) -> None:
    """It knows six words; our thirteen stages are told in them."""
    story = begun(a_task("a"))
    story.state.move(story.ticket("a"), stage)

    assert message(story, "a").status == status
