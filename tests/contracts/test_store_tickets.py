"""The port `Store`: a plan's tickets, what happened to them, and how far they are."""

import pytest

from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.vocabulary import TaskType, TicketStatus
from orchestrator_dynamic.ports.filters import WorkflowFilter
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.records import ProgressRecord
from orchestrator_dynamic.ports.store import Ambiguous, NotFound, Store
from tests.support.kept import Kept
from tests.support.ledgers import (
    a_change,
    a_fact,
    a_plan_on_record,
    a_ticket_row,
    a_workflow,
)


async def test_tickets_come_in_plan_order_and_compensations_last(store: Store) -> None:
    """The numbers are those of the journal."""
    tickets = await store.tickets(await store.workflow("beta"))

    assert [(one.number, one.task_id, one.stage) for one in tickets] == [
        (0, "made", Stage.COMPENSATED),
        (1, "broken", Stage.FAILED),
        (2, "never", Stage.SKIPPED),
        (3, "made", Stage.COMPLETED),
    ]
    assert (tickets[3].undoes, tickets[3].task_type) == (0, TaskType.COMPENSATE)
    assert tickets[0].status is TicketStatus.COMPENSATED
    assert tickets[0].run_ms is not None
    assert tickets[2].run_ms is None


async def test_tickets_can_be_had_in_parts(store: Store) -> None:
    """A plan of 100,000 tickets is not one page."""
    beta = await store.workflow("beta")

    assert [one.number for one in await store.tickets(beta, limit=2)] == [0, 1]
    assert [one.number for one in await store.tickets(beta, limit=2, after=1)] == [2, 3]


async def test_tasks_are_counted_by_stage(store: Store) -> None:
    """Compensations are no tasks."""
    assert await store.stages(await store.workflow("beta")) == {
        Stage.COMPENSATED: 1,
        Stage.FAILED: 1,
        Stage.SKIPPED: 1,
    }


async def test_a_ticket_goes_by_its_task_or_its_own_id(store: Store) -> None:
    """A task's name means the task's own ticket, not its compensation."""
    beta = await store.workflow("beta")
    undoing = (await store.tickets(beta))[3]

    assert (await store.ticket(beta, "made")).number == 0
    assert (await store.ticket(beta, "brok")).number == 1
    assert (await store.ticket(beta, undoing.ticket_id)).number == 3
    assert (await store.ticket(beta, undoing.ticket_id[:13])).number == 3


async def test_a_ticket_that_there_is_not_is_not_found(store: Store) -> None:
    """Nor may a ticket of another plan be."""
    beta = await store.workflow("beta")

    with pytest.raises(NotFound, match="flaky"):
        await store.ticket(beta, "flaky")
    with pytest.raises(Ambiguous, match="made, broken, never"):
        await store.ticket(beta, "")


async def test_a_timeline_names_the_tasks_of_its_facts(store: Store) -> None:
    """Numbers mean something to the core only."""
    timeline = await store.timeline(await store.workflow("alpha"))

    told = [(one.kind, one.tasks, one.attempt) for one in timeline]
    assert told[:3] == [
        ("decision_accepted", (), None),
        ("tickets_published", ("a",), 1),
        ("ticket_succeeded", ("a",), 1),
    ]
    assert ("ticket_failed", ("flaky",), 1) in told
    assert told[-1] == ("ticket_succeeded", ("flaky",), 2)
    assert [one.at for one in timeline] == sorted(one.at for one in timeline)
    assert "time_passed" not in {one.kind for one in timeline}


async def test_the_end_of_a_timeline_can_be_had_alone(store: Store) -> None:
    """What happened last is asked for most."""
    alpha = await store.workflow("alpha")

    assert await store.timeline(alpha, last=2) == (await store.timeline(alpha))[-2:]


async def test_a_compensation_is_told_apart_from_its_task(store: Store) -> None:
    """Both carry the task's name."""
    timeline = await store.timeline(await store.workflow("beta"))

    assert timeline[-1].tasks == ("undoing of made",)


async def test_a_tickets_history_is_its_own(store: Store) -> None:
    """Facts about several tickets count with the attempt of this one."""
    alpha = await store.workflow("alpha")
    flaky = await store.ticket(alpha, "flaky")

    history = [(one.kind, one.attempt) for one in await store.history(alpha, flaky)]

    assert history == [
        ("tickets_published", 1),
        ("ticket_failed", 1),
        ("tickets_published", 2),
        ("ticket_succeeded", 2),
    ]
    assert {one.tasks for one in await store.history(alpha, flaky)} == {("flaky",)}


async def test_answers_are_kept_with_what_became_of_them(store: Store) -> None:
    """A failed attempt's error, and the output of the one that did better."""
    alpha = await store.workflow("alpha")
    first, second = await store.answers(alpha, await store.ticket(alpha, "flaky"))

    assert (first.status, first.attempt, first.fate) == ("FAILED", 1, "accepted")
    assert "not this time" in (first.error or "")
    assert (second.status, second.attempt) == ("COMPLETED", 2)
    assert second.output == {"made": "flaky"}
    assert second.agent == "worker"


async def test_the_progress_of_an_open_plan_is_that_of_now(kept: Kept) -> None:
    """Its own row is written when its phase changes; that is too seldom to look at."""
    store = await kept.committed(
        a_plan_on_record(a_workflow(tasks=4), tickets=4),
        Batch(
            facts=[a_fact(seq=2)],
            changes=[
                a_change(0, Stage.COMPLETED, attempt=1),
                a_change(1, Stage.RUNNING, attempt=3),
                a_change(2, Stage.FAILED, attempt=2),
            ],
        ),
    )

    workflow = await store.workflow("decision-1")
    [listed] = (await store.workflows(WorkflowFilter())).workflows

    assert (workflow.tasks, workflow.completed, workflow.failed, workflow.retried) == (4, 1, 1, 3)
    assert listed == workflow


async def test_a_ticket_is_told_as_it_is_now(kept: Kept) -> None:
    """What it was made as, what changed since, and what its worker last said."""
    store = await kept.committed(
        a_plan_on_record(a_workflow()),
        Batch(facts=[a_fact(seq=2)], changes=[a_change(0, Stage.RUNNING, attempt=1)]),
        Batch(progress=[ProgressRecord("half of it", a_ticket_row().key)]),
    )

    [ticket] = await store.tickets(await store.workflow("decision-1"))

    assert (ticket.ticket_id, ticket.task_id) == ("ticket-1-0", "task-0")
    assert (ticket.stage, ticket.status) == (Stage.RUNNING, TicketStatus.RUNNING)
    assert (ticket.attempt, ticket.agent, ticket.progress) == (1, "ana", "half of it")
