"""C2: what a ticket says, and that everything in it follows from the decision and the policy."""

from uuid import NAMESPACE_DNS, uuid5

import pytest

from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.core.ticket_factory import (
    QOS,
    RETRIES_MAX,
    TICKET_NAMESPACE,
    compensation_id_of,
    message_of,
    projected_deadline,
    ticket_id_of,
    timeout_of,
)
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket, Sla
from orchestrator_dynamic.models.ids import DecisionId, TaskId
from orchestrator_dynamic.models.vocabulary import (
    Consistency,
    DeliveryMode,
    Durability,
    RiskBand,
    TaskType,
    TicketStatus,
)
from tests.support.messages import NOON, a_decision, a_plan
from tests.support.plans import MINUTE, SECOND, a_task
from tests.support.story import Story, begun

POLICY = Policy()


def message(story: Story, name: str) -> ExecutionTicket:
    """Return the message of a ticket as it is now."""
    return message_of(story.state, story.ticket(name).number)


def test_the_id_of_a_ticket_is_a_uuid5_of_decision_and_task() -> None:
    """A retry, a restart or a second replica makes the same tickets."""
    made = ticket_id_of(DecisionId("decision-1"), TaskId("a"))

    assert uuid5(NAMESPACE_DNS, "tickets.orchestrator-dynamic") == TICKET_NAMESPACE
    assert made == str(uuid5(TICKET_NAMESPACE, "decision-1\x1fa"))


def test_the_id_of_a_compensation_is_its_own() -> None:
    """It must not be taken for the ticket that it undoes."""
    made = compensation_id_of(DecisionId("decision-1"), TaskId("a"))

    assert made == str(uuid5(TICKET_NAMESPACE, "decision-1\x1fa\x1fcompensate"))


def test_ids_do_not_run_together() -> None:
    """Decision `a` with task `bc` is not decision `ab` with task `c`."""
    one = ticket_id_of(DecisionId("a"), TaskId("bc"))
    other = ticket_id_of(DecisionId("ab"), TaskId("c"))

    assert one != other


@pytest.mark.parametrize(
    ("estimate", "timeout_ms"),
    [
        (None, 180_000),
        (0, 180_000),
        (1, 60_000),
        (19_999, 60_000),
        (20_000, 60_000),
        (20_001, 60_003),
        (100_000, 300_000),
    ],
)
def test_a_timeout_is_three_times_the_estimate_and_never_below_a_minute(
    estimate: int | None, timeout_ms: int
) -> None:
    """An estimate that nobody knows counts as a minute."""
    task = a_task("a", estimated_duration_ms=estimate)

    assert timeout_of(task, POLICY) == timeout_ms


def test_the_numbers_of_a_timeout_are_the_policys() -> None:
    """An operator whose workers are slower says so once."""
    policy = Policy(ticket_timeout_min_ms=5_000, ticket_timeout_factor=1.5)

    assert timeout_of(a_task("a", estimated_duration_ms=7_000), policy) == 10_500
    assert timeout_of(a_task("a", estimated_duration_ms=1_000), policy) == 5_000
    assert timeout_of(a_task("a"), policy) == 7_500


@pytest.mark.parametrize(
    ("band", "retries"),
    [
        (RiskBand.CRITICAL, 5),
        (RiskBand.HIGH, 3),
        (RiskBand.MEDIUM, 2),
        (RiskBand.LOW, 1),
    ],
)
def test_the_risk_band_says_how_often_again(band: RiskBand, retries: int) -> None:
    """More is at stake, so more is tried; the message tells the worker."""
    story = begun(a_task("a"), risk_band=band)

    assert RETRIES_MAX[band] == retries
    assert message(story, "a").sla.max_retries == retries


@pytest.mark.parametrize(
    ("band", "delivery", "consistency"),
    [
        (RiskBand.CRITICAL, DeliveryMode.EXACTLY_ONCE, Consistency.STRONG),
        (RiskBand.HIGH, DeliveryMode.EXACTLY_ONCE, Consistency.STRONG),
        (RiskBand.MEDIUM, DeliveryMode.AT_LEAST_ONCE, Consistency.EVENTUAL),
        (RiskBand.LOW, DeliveryMode.AT_LEAST_ONCE, Consistency.EVENTUAL),
    ],
)
def test_the_risk_band_says_what_is_promised(
    band: RiskBand, delivery: DeliveryMode, consistency: Consistency
) -> None:
    """Durability is persistent for all."""
    promised = message(begun(a_task("a"), risk_band=band), "a").qos

    assert promised == QOS[band]
    assert promised.delivery_mode is delivery
    assert promised.consistency is consistency
    assert promised.durability is Durability.PERSISTENT


def test_a_message_carries_everything_a_worker_needs() -> None:
    """Each field of the contract, from the decision, the plan, the task and the state."""
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

    sent = message(story, "b")

    assert sent == ExecutionTicket(
        ticket_id=ticket_id_of(DecisionId("decision-1"), TaskId("b")),
        plan_id=sent.plan_id,
        intent_id=sent.intent_id,
        decision_id=DecisionId("decision-1"),
        correlation_id="corr-1",
        trace_id="trace-1",
        span_id="span-1",
        task_id=TaskId("b"),
        task_type=TaskType.DEPLOY,
        description="ship it",
        dependencies=(ticket_id_of(DecisionId("decision-1"), TaskId("a")),),
        status=TicketStatus.PENDING,
        priority=story.state.plan.original_priority,
        risk_band=RiskBand.HIGH,
        sla=Sla(deadline=NOON + SECOND + 120_000, timeout_ms=120_000, max_retries=3),
        qos=QOS[RiskBand.HIGH],
        parameters={"to": "moon"},
        required_capabilities=("k8s",),
        security_level=story.state.plan.original_security_level,
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
    assert (sent.plan_id, sent.intent_id) == ("plan-1", "intent-1")
    assert (sent.priority, sent.security_level) == ("CRITICAL", "RESTRICTED")


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


def test_a_deadline_counts_from_the_moment_of_readiness() -> None:
    """Counted from generation, every deep ticket would be late by construction."""
    story = begun(a_task("a"), a_task("b", after="a"))
    story.confirm("a")
    story.wait(2 * MINUTE)
    story.succeed("a")

    assert story.ticket("b").deadline_at == NOON + 2 * MINUTE + 3 * MINUTE
    assert message(story, "b").sla.deadline == NOON + 5 * MINUTE


def test_until_then_a_deadline_is_projected_along_the_critical_path() -> None:
    """A page must show something; what it shows is when it would be due if all goes as estimated.

    Here `c` can start after 10 + 20 seconds at the earliest, and may take a minute.
    """
    story = begun(
        a_task("a", estimated_duration_ms=10_000),
        a_task("b", after="a", estimated_duration_ms=20_000),
        a_task("c", after="b", estimated_duration_ms=5_000),
    )

    assert message(story, "c").sla.deadline == NOON + 30_000 + 60_000
    assert projected_deadline(story.state, story.ticket("b")) == NOON + 10_000 + 60_000


def test_a_parked_plan_projects_from_its_acceptance() -> None:
    """It has not started, and may start at once."""
    story = Story(a_decision(a_plan(a_task("a"), a_task("b", after="a"), requires_approval=True)))
    story.accept()

    assert message(story, "a").sla.deadline == NOON + 180_000
    assert message(story, "b").sla.deadline == NOON + 60_000 + 180_000


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
