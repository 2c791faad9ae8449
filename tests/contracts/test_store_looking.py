"""The port `Store`: what a service looks up by whole ids, filters, and places in a journal."""

import orjson
import pytest

from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.ids import TicketId, WorkflowId
from orchestrator_dynamic.models.vocabulary import TaskType
from orchestrator_dynamic.ports.filters import TicketFilter, WorkflowFilter
from orchestrator_dynamic.ports.store import NotFound, Store


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (WorkflowFilter(risk_band="medium"), ["gamma", "beta", "alpha"]),
        (WorkflowFilter(risk_band="critical"), []),
        (WorkflowFilter(search="eta"), ["beta"]),
        (WorkflowFilter(search="OF-ALPH"), ["alpha"]),
        (WorkflowFilter(search="intent"), ["gamma", "beta", "alpha"]),
        (WorkflowFilter(search="%"), []),
        (WorkflowFilter(search="_"), []),
        (WorkflowFilter(search=".*"), []),
        (WorkflowFilter(search="[a"), []),
        (WorkflowFilter(search="'"), []),
        (WorkflowFilter(search="a", open_only=True), ["gamma"]),
        (WorkflowFilter(violated=False), ["gamma", "beta", "alpha"]),
        (WorkflowFilter(violated=True), []),
    ],
)
async def test_workflows_are_found_by_what_people_remember(
    store: Store, wanted: WorkflowFilter, found: list[str]
) -> None:
    """No character of a search has a meaning of its own."""
    assert [one.decision_id for one in (await store.workflows(wanted)).workflows] == found


async def test_workflows_are_found_by_when_they_were_accepted(store: Store) -> None:
    """From a moment on, and before another."""
    alpha = await store.workflow("alpha")
    gamma = await store.workflow("gamma")
    since = WorkflowFilter(accepted_from=gamma.accepted_at)
    before = WorkflowFilter(accepted_before=alpha.accepted_at + 1)

    assert "gamma" in {one.decision_id for one in (await store.workflows(since)).workflows}
    assert "alpha" in {one.decision_id for one in (await store.workflows(before)).workflows}
    nothing = WorkflowFilter(accepted_before=alpha.accepted_at)
    assert (await store.workflows(nothing)).workflows == ()


async def test_a_whole_id_means_one_workflow(store: Store) -> None:
    """The beginning of an id is for people; a program must not hit a neighbour."""
    found = await store.workflow_by_id(WorkflowId("orch-beta"))

    assert found == await store.workflow("beta")
    for name in ("beta", "orch-bet", "plan-of-beta", "", "orch-beta%"):
        with pytest.raises(NotFound):
            await store.workflow_by_id(WorkflowId(name))


async def test_a_ticket_knows_its_workflow(store: Store) -> None:
    """Whoever has a ticket's id has nothing else."""
    beta = await store.workflow("beta")
    for ticket in await store.tickets(beta):
        assert await store.workflow_of_ticket(TicketId(ticket.ticket_id)) == beta

    with pytest.raises(NotFound):
        await store.workflow_of_ticket(TicketId("nobody's"))


async def test_a_plan_knows_its_latest_workflow(store: Store) -> None:
    """A plan may be decided on again."""
    assert (await store.latest_of_plan("plan-of-alpha")).decision_id == "alpha"
    with pytest.raises(NotFound):
        await store.latest_of_plan("plan-of")


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (TicketFilter(stage=Stage.FAILED), [1]),
        (TicketFilter(task_type=TaskType.COMPENSATE), [3]),
        (TicketFilter(search="MADE"), [0, 3]),
        (TicketFilter(search="%"), []),
        (TicketFilter(stage=Stage.COMPLETED, search="made"), [3]),
    ],
)
async def test_tickets_are_found_by_what_they_are(
    store: Store, wanted: TicketFilter, numbers: list[int]
) -> None:
    """All that is asked for must hold at once, and pages go on."""
    beta = await store.workflow("beta")

    assert [one.number for one in await store.tickets(beta, wanted=wanted)] == numbers
    rest = await store.tickets(beta, wanted=wanted, after=0, limit=10)
    assert [one.number for one in rest] == [number for number in numbers if number > 0]


async def test_a_journal_is_read_from_any_place(store: Store) -> None:
    """A stream that goes on must miss nothing and repeat nothing."""
    beta = await store.workflow("beta")
    whole = await store.timeline(beta)

    for place in range(await store.last_seq(beta) + 2):
        after = await store.timeline(beta, after=place)
        assert after == tuple(entry for entry in whole if entry.seq > place)
        assert await store.timeline(beta, after=place, limit=2) == after[:2]
    assert await store.timeline(beta, last=2) == whole[-2:]


async def test_the_last_place_of_a_journal_is_known(store: Store) -> None:
    """It counts every fact, also those that are no news."""
    for name in ("alpha", "beta", "gamma"):
        workflow = await store.workflow(name)
        stored = await store.stored_plan(workflow)
        assert await store.last_seq(workflow) == stored.facts[-1].seq


async def test_a_decision_is_had_as_it_is_kept(store: Store) -> None:
    """Without its journal, which may be long."""
    beta = await store.workflow("beta")

    decision = await store.decision(beta)

    assert decision == (await store.stored_plan(beta)).decision
    assert orjson.loads(decision)["decision_id"] == "beta"
