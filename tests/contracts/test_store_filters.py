"""The port `Store`: filters and places, on records that an engine's few plans do not have."""

import pytest

from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.ids import TicketId
from orchestrator_dynamic.ports.filters import TicketFilter, WorkflowFilter
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.store import NotFound, Store
from tests.support.kept import Kept
from tests.support.ledgers import NOON, a_change, a_fact, a_plan_on_record, a_ticket_row, a_workflow


async def found_by(store: Store, wanted: WorkflowFilter) -> list[int]:
    """Return the keys of the workflows that `wanted` describes."""
    return [one.key for one in (await store.workflows(wanted)).workflows]


async def test_a_violated_deadline_is_looked_for_and_looked_past(kept: Kept) -> None:
    """Who is called at night wants the few that are late; who reports, the many that are not."""
    store = await kept.committed(
        a_plan_on_record(a_workflow(1, sla_violations=1)), a_plan_on_record(a_workflow(2))
    )

    assert await found_by(store, WorkflowFilter(violated=True)) == [1]
    assert await found_by(store, WorkflowFilter(violated=False)) == [2]


@pytest.mark.parametrize(
    ("field", "search"),
    [
        ("workflow_id", "flow-OF"),
        ("decision_id", "Said"),
        ("plan_id", "plan/OF"),
        ("intent_id", "meant"),
    ],
)
async def test_a_search_looks_at_every_id(kept: Kept, field: str, search: str) -> None:
    """People have one id at hand, and do not know whose it is."""
    ids = {
        "workflow_id": "FLOW-of-1",
        "decision_id": "What-Was-SAID",
        "plan_id": "plan/of-1",
        "intent_id": "as-meant",
    }
    record = a_workflow(1, **{field: ids[field]})
    store = await kept.committed(a_plan_on_record(record), a_plan_on_record(a_workflow(2)))

    assert await found_by(store, WorkflowFilter(search=search)) == [1]


@pytest.mark.parametrize(
    ("search", "keys"),
    [
        ("ação", [1]),
        ("AçãO", [1]),
        ("AÇÃO", []),
        ("\u212a", []),
        ("K1", [1]),
        ("\0", []),
        ("a.b*c", [2]),
        ("A\\b", [2]),
        ("aXb", []),
    ],
)
async def test_only_ascii_letters_count_the_same_in_either_case(
    kept: Kept, search: str, keys: list[int]
) -> None:
    """Whatever a database knows of other alphabets, the same search finds the same everywhere."""
    store = await kept.committed(
        a_plan_on_record(a_workflow(1, plan_id="ação-k1")),
        a_plan_on_record(a_workflow(2, plan_id=r"a.b*c/a\b")),
    )

    assert await found_by(store, WorkflowFilter(search=search)) == keys


async def test_all_that_is_asked_for_holds_on_every_page(kept: Kept) -> None:
    """A page that forgot its filter would show strangers."""
    bands = ("high", "low", "high", "high")
    plans = [a_workflow(key, risk_band=band, accepted_at=NOON + key) for key, band in
             enumerate(bands, start=1)]  # fmt: skip
    store = await kept.committed(*map(a_plan_on_record, plans))
    wanted = WorkflowFilter(risk_band="high", accepted_before=NOON + 4, search="PLAN")

    first = await store.workflows(wanted, limit=1)
    second = await store.workflows(wanted, limit=1, after=first.next)

    assert [one.key for one in (*first.workflows, *second.workflows)] == [3, 1]
    assert second.next is None


async def test_the_latest_workflow_of_a_plan_is_the_one_accepted_last(kept: Kept) -> None:
    """What was tried again is asked for by the name that both attempts have."""
    plans = [a_workflow(key, plan_id="again", accepted_at=NOON + key) for key in (1, 2)]
    other = a_workflow(3, plan_id="again-not", accepted_at=NOON + 3)
    store = await kept.committed(*map(a_plan_on_record, (*plans, other)))

    assert (await store.latest_of_plan("again")).key == 2


async def test_a_tickets_id_is_whole(kept: Kept) -> None:
    """A worker's answer must not reach a neighbour's plan."""
    store = await kept.committed(*(a_plan_on_record(a_workflow(key)) for key in (1, 11)))

    assert (await store.workflow_of_ticket(TicketId("ticket-1-0"))).key == 1
    assert (await store.workflow_of_ticket(TicketId("ticket-11-0"))).key == 11
    for name in ("ticket-1", "TICKET-1-0", ""):
        with pytest.raises(NotFound, match="no ticket"):
            await store.workflow_of_ticket(TicketId(name))


async def test_no_ticket_comes_after_the_last_that_there_can_be(kept: Kept) -> None:
    """A place may come from anybody's hands."""
    plan = a_plan_on_record(a_workflow(1))
    plan.tickets = [a_ticket_row(1, 0xFFFFE), a_ticket_row(1, 0xFFFFF)]
    store = await kept.committed(plan, a_plan_on_record(a_workflow(2)))
    workflow = await store.workflow("decision-1")

    last = await store.tickets(workflow, after=0xFFFFE)

    assert [one.number for one in last] == [0xFFFFF]
    for place in (0xFFFFF, 0x100000, 10**15):
        assert await store.tickets(workflow, after=place) == ()


async def test_tickets_are_found_by_how_they_stand_now(kept: Kept) -> None:
    """Their first stage says nothing."""
    store = await kept.committed(
        a_plan_on_record(a_workflow(1), tickets=3),
        Batch(facts=[a_fact(1, 2)], changes=[a_change(1, Stage.RUNNING, attempt=1)]),
    )
    workflow = await store.workflow("decision-1")

    async def numbers(stage: Stage) -> list[int]:
        wanted = TicketFilter(stage=stage, search="TASK-")
        return [one.number for one in await store.tickets(workflow, wanted=wanted)]

    assert await numbers(Stage.RUNNING) == [1]
    assert await numbers(Stage.WAITING) == [0, 2]


async def test_a_long_journal_is_read_in_pages_from_any_place(kept: Kept) -> None:
    """However its facts lie together, a page has so many news as were asked for."""
    kinds = ["decision_accepted", *["time_passed", "pause_requested"] * 20]
    facts = [a_fact(1, seq, kind) for seq, kind in enumerate(kinds, start=1)]
    plan = a_plan_on_record(a_workflow(1))
    plan.facts = facts[:3]
    turns = [Batch(facts=facts[first : first + 4]) for first in range(3, len(facts), 4)]
    store = await kept.committed(plan, *turns, a_plan_on_record(a_workflow(2), facts=3))
    workflow = await store.workflow("decision-1")
    news = [fact.seq for fact in facts if fact.kind != "time_passed"]

    for place in (*range(len(facts) + 2), 2**40):
        page = await store.timeline(workflow, after=place, limit=5)
        assert [one.seq for one in page] == [seq for seq in news if seq > place][:5]
    assert await store.timeline(workflow, limit=0) == ()
    assert await store.last_seq(workflow) == len(facts)


async def test_a_journal_without_facts_ends_where_it_begins(kept: Kept) -> None:
    """A decision is on record before its first turn is."""
    plan = a_plan_on_record(a_workflow(1), facts=0)
    store = await kept.committed(plan, a_plan_on_record(a_workflow(2), facts=3))
    workflow = await store.workflow("decision-1")

    assert await store.last_seq(workflow) == 0
    assert await store.timeline(workflow, limit=5) == ()
