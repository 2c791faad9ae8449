"""The port `SharedLedger`: what processes rely on that drive the same plans, on a real file.

`SharedLedgerContract` is the suite of every adapter; a class that names a place runs it there.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator_dynamic.errors import Refused
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.records import (
    TICKETS_PER_WORKFLOW,
    AuditRecord,
    FactRecord,
    IncidentRecord,
    MessageRecord,
    ProgressRecord,
    TicketPlace,
)
from orchestrator_dynamic.ports.shared_ledger import Known, Overtaken
from orchestrator_dynamic.ports.store import PAGE_MAX, WorkflowFilter
from tests.support.ledgers import NOON, a_decision_row, a_fact, a_ticket_row, a_workflow, ended
from tests.support.shared_ledgers import (
    SharedPlace,
    SharedSqlite,
    Writer,
    a_dead_letter,
    a_ticket_change,
    an_answer,
    taken_in,
    told,
)

LARGE_PLAN_TASKS = 100_000
BUSY_TURN_TICKETS = 2_000


class SharedLedgerContract:
    """What holds wherever plans are kept; a subclass has a fixture `place`."""

    @pytest.fixture
    async def one(self, place: SharedPlace) -> AsyncIterator[Writer]:
        """Open the place as a process does."""
        async with place.writer() as writer:
            yield writer

    @pytest.fixture
    async def other(self, place: SharedPlace) -> AsyncIterator[Writer]:
        """Open the same place as a second process does."""
        async with place.writer() as writer:
            yield writer

    async def test_a_decision_is_kept_once(self, one: Writer, other: Writer) -> None:
        """The broker delivers again, to another process, what the first has just kept."""
        first = await taken_in(one)
        again = await taken_in(other)

        assert first == Known(1, "orch-decision-1", "hash-1", None, new=True)
        assert again == first._replace(new=False)

    async def test_other_content_under_one_id_is_told_by_its_hash(self, one: Writer) -> None:
        """A conflict is for the caller to judge; what was first stays."""
        await taken_in(one)

        known = await one.take_in(a_decision_row()._replace(content_hash="other"), a_workflow())

        assert (known.content_hash, known.new) == ("hash-1", False)

    async def test_of_two_that_take_in_at_once_one_has_kept_it(
        self, one: Writer, other: Writer
    ) -> None:
        """A rebalance hands a partition over while its last message is being worked on."""
        for number in range(1, 11):
            known = await asyncio.gather(taken_in(one, number), taken_in(other, number))

            assert sorted(each.new for each in known) == [False, True]
            assert known[0].workflow == known[1].workflow

        keys = [key for key, _ in await one.open_plans()]
        assert len(keys) == len(set(keys)) == 10

    async def test_a_plan_is_found_with_its_decision_and_journal(self, one: Writer) -> None:
        """Whoever takes a plan over knows nothing but its id."""
        decision = a_decision_row()._replace(body=b'{"\xc3\xa9": 1}')
        key = (await one.take_in(decision, a_workflow())).workflow
        await one.commit(told(key, 1, 2))
        await one.commit(told(key, 3))

        plan = await one.plan("orch-decision-1")

        assert plan is not None
        assert (plan.workflow, plan.workflow_id) == (key, "orch-decision-1")
        assert plan.decision == decision.body
        assert plan.facts == [a_fact(key, seq) for seq in (1, 2, 3)]
        assert await one.facts_after(key, 1) == plan.facts[1:]
        assert await one.facts_after(key, 3) == []
        assert await one.plan("orch-decision-2") is None

    async def test_of_two_that_append_after_the_same_fact_one_is_overtaken(
        self, one: Writer, other: Writer
    ) -> None:
        """Two processes may believe that a plan is theirs; the journal has one story."""
        key = (await taken_in(one)).workflow
        await one.commit(told(key, 1))

        for seq in range(2, 12):
            mine, theirs = a_fact(key, seq, "mine"), a_fact(key, seq, "theirs")
            came = await asyncio.gather(
                one.commit(Batch(facts=[mine])),
                other.commit(Batch(facts=[theirs])),
                return_exceptions=True,
            )
            kept = (await one.facts_after(key, seq - 1))[0]

            assert [type(error) for error in came if error is not None] == [Overtaken]
            assert kept == (theirs if came[0] else mine)

    @pytest.mark.parametrize("seqs", [(4,), (4, 5), (9,), (2, 3, 4)])
    async def test_a_journal_has_neither_gap_nor_overlap(
        self, one: Writer, other: Writer, seqs: tuple[int, ...]
    ) -> None:
        """A process that has slept names a fact that it only believes in."""
        key = (await taken_in(one)).workflow
        await one.commit(told(key, 1, 2))
        await one.commit(Batch(facts=[a_fact(key, seq, "newer") for seq in (3, 4, 5)]))

        with pytest.raises(Overtaken):
            await other.commit(told(key, *seqs))

        assert [fact.seq for fact in await one.facts_after(key, 0)] == [1, 2, 3, 4, 5]

    async def test_facts_that_are_there_are_passed_over(self, one: Writer, other: Writer) -> None:
        """An answer may be lost after a commit; a redone turn repeats facts and adds to them."""
        key = (await taken_in(one)).workflow
        await one.commit(told(key, 1, 2, 3))

        for seqs in ((1, 2, 3), (1,), (2, 3), (3, 4), (2, 3, 4, 5), (5, 6)):
            await other.commit(told(key, *seqs))

        assert await one.facts_after(key, 0) == [a_fact(key, seq) for seq in range(1, 7)]

    async def test_nothing_of_an_overtaken_plan_is_recorded(
        self, one: Writer, other: Writer, place: SharedPlace
    ) -> None:
        """Records only ever repeat what the journal says."""
        key = (await taken_in(one)).workflow
        await one.commit(Batch(facts=[a_fact(key, 1)], tickets=[a_ticket_row(key)]))
        late = Batch(
            facts=[a_fact(key, 1, "other")],
            changes=[a_ticket_change(key)],
            answers=[an_answer(key)],
            workflows={key: ended(key)},
        )

        with pytest.raises(Overtaken):
            await other.commit(late)

        async with place.store() as store:
            workflow = await store.workflow("decision-1")
            ticket = await store.ticket(workflow, "task-0")
            assert workflow.outcome is None
            assert ticket.stage == "WAITING"
            assert await store.answers(workflow, ticket) == ()

    async def test_what_is_recorded_can_be_read(self, one: Writer, place: SharedPlace) -> None:
        """The reading side shows plans of a shared ledger as it shows an engine's."""
        key = (await taken_in(one)).workflow
        batch = a_turn(key)

        await one.commit(batch)

        async with place.store() as store:
            workflow = await store.workflow("orch-decision-1")
            [ticket] = await store.tickets(workflow)
            assert (workflow.key, workflow.outcome) == (key, Outcome.SUCCESS)
            assert (ticket.task_id, ticket.stage, ticket.attempt) == ("task-0", "COMPLETED", 1)
            assert (ticket.agent, ticket.progress) == ("ana", "half")
            [answer] = await store.answers(workflow, ticket)
            assert answer.output == {"made": "it"}
            assert [one.action for one in await store.audit(workflow)] == ["a", "b"]
            assert [one.value for one in await store.messages()] == ["{}"]
            letter, body = await store.dead_letter((await store.dead_letters()).letters[0].id)
            assert (letter.source, body) == ("plans.consensus[0]@7", b"\xff{}")

    async def test_a_commit_that_is_repeated_changes_nothing(
        self, one: Writer, other: Writer, place: SharedPlace
    ) -> None:
        """After an outage nobody knows which commits were heard."""
        key = (await taken_in(one)).workflow
        batch = a_turn(key)
        await one.commit(batch)
        before = await everything(place)

        await one.commit(batch)
        await other.commit(batch)

        assert await everything(place) == before

    async def test_a_commit_that_was_cut_in_half_is_completed_by_its_repetition(
        self, one: Writer, other: Writer, place: SharedPlace
    ) -> None:
        """A process may die between facts and records, whatever the store promises."""
        key = (await taken_in(one)).workflow
        batch = a_turn(key)
        await one.commit(Batch(facts=batch.facts))

        await other.commit(batch)

        counted = await everything(place)
        assert counted["answers"] == counted["messages"] == counted["dead_letters"] == 1
        assert [ticket.stage for ticket in counted["tickets"]] == ["COMPLETED"]

    async def test_an_older_turn_never_replaces_what_a_newer_one_recorded(
        self, one: Writer, other: Writer, place: SharedPlace
    ) -> None:
        """A process that was thought dead wakes up in the middle of its commit."""
        key = (await taken_in(one)).workflow
        older = Batch(
            facts=[a_fact(key, 1)],
            tickets=[a_ticket_row(key), a_ticket_row(key, 1)],
            changes=[a_ticket_change(key), a_ticket_change(key, 1)],
            progress=[ProgressRecord("some", key * TICKETS_PER_WORKFLOW)],
            workflows={key: a_workflow(key, phase="RUNNING")},
        )
        newer = Batch(
            facts=[a_fact(key, 2)],
            changes=[a_ticket_change(key, stage="COMPLETED", status="COMPLETED")],
            progress=[ProgressRecord("all", key * TICKETS_PER_WORKFLOW)],
            workflows={key: ended(key)},
        )
        await one.commit(older)
        await other.commit(newer)

        await one.commit(older)

        async with place.store() as store:
            workflow = await store.workflow("decision-1")
            tickets = await store.tickets(workflow)
            assert workflow.outcome is Outcome.SUCCESS
            assert [ticket.stage for ticket in tickets] == ["COMPLETED", "PUBLISHING"]
            assert tickets[0].progress == "all"

    async def test_a_batch_without_facts_is_later_than_what_is_there(
        self, one: Writer, other: Writer, place: SharedPlace
    ) -> None:
        """A plan is halted, or a worker says how far it is, without a fact."""
        key = (await taken_in(one)).workflow
        at = key * TICKETS_PER_WORKFLOW
        turn = Batch(
            facts=[a_fact(key, 1)],
            tickets=[a_ticket_row(key)],
            progress=[ProgressRecord("1", at)],
            workflows={key: a_workflow(key)},
        )
        await one.commit(turn)
        halted = a_workflow(key, phase="HALTED")
        await other.commit(Batch(progress=[ProgressRecord("9", at)], workflows={key: halted}))
        await one.commit(Batch(progress=[ProgressRecord("5", at)]))
        await one.commit(turn)

        async with place.store() as store:
            workflow = await store.workflow("decision-1")
            assert workflow.phase == "HALTED"
            assert (await store.ticket(workflow, "task-0")).progress == "5"

    async def test_open_plans_are_those_without_an_outcome(self, one: Writer) -> None:
        """A restart looks after them, oldest first; what was halted waits for a person."""
        keys = [(await taken_in(one, number)).workflow for number in (1, 2, 3)]
        await one.commit(Batch(facts=[a_fact(keys[0])], workflows={keys[0]: ended(keys[0])}))
        assert [key for key, _ in await one.open_plans()] == keys[1:]

        halted = a_workflow(2, phase="HALTED")._replace(workflow=keys[1])
        await one.commit(Batch(workflows={keys[1]: halted}))

        assert await one.open_plans() == [(keys[2], "orch-decision-3")]
        assert (await taken_in(one)).outcome == "SUCCESS"

    async def test_tickets_are_found_by_their_ids(self, one: Writer, other: Writer) -> None:
        """An answer names nothing but its ticket."""
        keys = [(await taken_in(one, number)).workflow for number in (1, 2)]
        await one.commit(
            Batch(
                facts=[a_fact(key) for key in keys],
                tickets=[a_ticket_row(key, number) for key in keys for number in range(3)],
            )
        )

        places = await other.places_of(["ticket-1-2", "nobody's", "ticket-2-0"])

        assert places == {
            "ticket-1-2": TicketPlace(1, "orch-decision-1", 2),
            "ticket-2-0": TicketPlace(2, "orch-decision-2", 0),
        }
        assert await other.places_of([]) == {}
        assert await other.places_of([f"none-{number}" for number in range(3_000)]) == {}

    async def test_a_plan_may_have_been_decided_on_several_times(self, one: Writer) -> None:
        """An approval names the plan, and means all of its workflows that are open."""
        for number in (1, 2, 3):
            record = a_workflow(number, plan_id="same", phase="AWAITING_APPROVAL")
            await one.take_in(a_decision_row(number), record)
        await one.commit(Batch(facts=[a_fact(1)], workflows={1: ended(1)._replace(plan_id="same")}))

        assert await one.parked("same") == ["orch-decision-2", "orch-decision-3"]
        assert await one.parked("other") == []

    async def test_ids_may_be_any_text(self, one: Writer, place: SharedPlace) -> None:
        """They come from people and programs that we do not know."""
        name = "plän/ß $x.y 計画\U0001f600'"
        workflow = a_workflow(1, workflow_id=f"orch-{name}", decision_id=name, plan_id=name)
        key = (await one.take_in(a_decision_row()._replace(decision_id=name), workflow)).workflow
        ticket = a_ticket_row(key)._replace(ticket_id=f"t-{name}", task_id=name)
        await one.commit(Batch(facts=[a_fact(key)], tickets=[ticket]))

        assert await one.parked(name) == [f"orch-{name}"]
        assert (await one.places_of([f"t-{name}"]))[f"t-{name}"].workflow == key
        async with place.store() as store:
            found = await store.workflow(name)
            assert found.workflow_id == f"orch-{name}"
            assert (await store.ticket(found, name)).ticket_id == f"t-{name}"

    async def test_a_decision_cannot_have_two_keys(self, one: Writer) -> None:
        """Whoever copies an engine's records must hear that another has the same decision."""
        await taken_in(one)
        copied = Batch(
            decisions=[a_decision_row()._replace(workflow=7)],
            workflows={7: a_workflow(1)._replace(workflow=7)},
            facts=[a_fact(7)],
        )

        with pytest.raises(Refused, match="decision-1"):
            await one.commit(copied)

        assert await one.facts_after(7, 0) == []

    async def test_an_engines_batches_can_be_copied(
        self, one: Writer, few_plans: Batch, place: SharedPlace
    ) -> None:
        """They bring their decisions along, and come again after a crash."""
        await one.commit(few_plans)
        before = await everything(place)
        await one.commit(few_plans)

        assert await everything(place) == before
        assert await one.open_plans() == [(3, "orch-gamma")]
        async with place.store() as store:
            ending = await store.ending(WorkflowId("orch-alpha"))
            assert ending is not None
            assert ending.outcome is Outcome.SUCCESS

    @pytest.mark.slow
    async def test_a_decision_of_many_megabytes_comes_back_whole(self, one: Writer) -> None:
        """A plan of 100,000 tasks is an ordinary plan."""
        body = b"".join(b'{"task_id":"task-%06d"},' % number for number in range(2_000_000))

        known = await one.take_in(a_decision_row()._replace(body=body), a_workflow())
        plan = await one.plan("orch-decision-1")

        assert len(body) > 40 * 1024 * 1024
        assert known.new
        assert plan is not None
        assert plan.decision == body

    @pytest.mark.parametrize("size", [1, 9])
    async def test_a_run_of_large_facts_is_appended_whole(self, one: Writer, size: int) -> None:
        """A turn of a thousand answers, each with a long error."""
        key = (await taken_in(one)).workflow
        large = [
            FactRecord(key, seq, NOON, "ticket_failed", 1, f'"{seq}{"é" * 1_000_000}"')
            for seq in range(1, size + 1)
        ]
        await one.commit(Batch(facts=large))
        await one.commit(Batch(facts=large))
        await one.commit(told(key, size + 1))

        assert await one.facts_after(key, 0) == [*large, a_fact(key, size + 1)]
        assert await one.facts_after(key, size) == [a_fact(key, size + 1)]

    @pytest.mark.slow
    async def test_a_large_plan_is_recorded_in_parts(self, one: Writer, place: SharedPlace) -> None:
        """All tickets of a plan are made in one turn."""
        key = (await taken_in(one)).workflow
        tickets = [a_ticket_row(key, number) for number in range(LARGE_PLAN_TASKS)]
        begun = time.perf_counter()

        await one.commit(Batch(facts=[a_fact(key)], tickets=tickets))

        report(f"{LARGE_PLAN_TASKS} tickets", begun, LARGE_PLAN_TASKS)
        async with place.store() as store:
            workflow = await store.workflow("decision-1")
            assert await store.stages(workflow) == {"WAITING": LARGE_PLAN_TASKS}
            last = await store.tickets(workflow, after=LARGE_PLAN_TASKS - 3)
            assert [one.number for one in last] == [LARGE_PLAN_TASKS - 2, LARGE_PLAN_TASKS - 1]

    async def test_a_turn_may_concern_thousands_of_tickets(
        self, one: Writer, place: SharedPlace
    ) -> None:
        """A busy moment is one batch, new tickets and those that change."""
        key = (await taken_in(one)).workflow
        numbers = range(BUSY_TURN_TICKETS)
        make = Batch(facts=[a_fact(key)], tickets=[a_ticket_row(key, one) for one in numbers])
        change = Batch(
            facts=[a_fact(key, 2)],
            changes=[a_ticket_change(key, number) for number in numbers],
            answers=[an_answer(key, ticket_id=f"ticket-1-{number}") for number in numbers],
        )
        begun = time.perf_counter()

        await one.commit(make)
        await one.commit(change)

        report(f"2 × {BUSY_TURN_TICKETS} rows of tickets", begun, 2 * BUSY_TURN_TICKETS)
        async with place.store() as store:
            workflow = await store.workflow("decision-1")
            assert await store.stages(workflow) == {"PUBLISHING": BUSY_TURN_TICKETS}

    async def test_many_plans_go_on_at_once(self, one: Writer, other: Writer) -> None:
        """A turn each, from two processes, none of which holds up the others."""
        keys = [(await taken_in(one, number)).workflow for number in range(1, 41)]
        begun = time.perf_counter()

        async def drive(writer: Writer, key: int) -> None:
            for seq in range(1, 6):
                await writer.commit(told(key, seq))

        drives = (drive(one if key % 2 else other, key) for key in keys)
        await asyncio.gather(*drives)

        report("turns of 40 plans", begun, 40 * 5)
        for key in keys:
            assert len(await one.facts_after(key, 0)) == 5


class TestSqliteSharedLedger(SharedLedgerContract):
    """In the file of a data directory."""

    @pytest.fixture
    def place(self, tmp_path: Path) -> SharedPlace:
        """A fresh data directory."""
        return SharedSqlite(tmp_path)


def a_turn(key: int) -> Batch:
    """Return a batch with something of everything, in which the plan ends."""
    workflow_id = "orch-decision-1"
    return Batch(
        facts=[a_fact(key, 1), a_fact(key, 2)],
        tickets=[a_ticket_row(key)],
        changes=[a_ticket_change(key, stage="COMPLETED", status="COMPLETED", agent="ana")],
        progress=[ProgressRecord("half", key * TICKETS_PER_WORKFLOW)],
        answers=[an_answer(key), an_answer(None, ticket_id="nobody's")],
        audit=[AuditRecord(NOON, workflow_id, action, "us", "{}") for action in ("a", "b")],
        incidents=[IncidentRecord("i-1", workflow_id, "INCONSISTENCY", "high", NOON, "{}")],
        messages=[MessageRecord("alerts", "k", "{}", NOON, None)],
        dead_letters=[a_dead_letter()],
        workflows={key: ended(key)},
    )


async def everything(place: SharedPlace) -> dict[str, Any]:
    """Return what can be read of all plans, and how much there is of the rest."""
    async with place.store() as store:
        plans = (await store.workflows(WorkflowFilter())).workflows
        tickets = [(plan, one) for plan in plans for one in await store.tickets(plan)]
        return {
            "plans": plans,
            "tickets": [ticket for _, ticket in tickets],
            "facts": [len((await store.stored_plan(plan)).facts) for plan in plans],
            "answers": sum([len(await store.answers(*place)) for place in tickets]),
            "audit": [await store.audit(plan) for plan in plans],
            "messages": len(await store.messages(limit=PAGE_MAX)),
            "dead_letters": len((await store.dead_letters()).letters),
        }


def report(what: str, begun: float, count: int) -> None:
    """Print how quick that was; what is quick enough is for benchmarks to say."""
    seconds = time.perf_counter() - begun
    sys.stdout.write(f"\n  {what}: {seconds:.2f} s, {count / seconds:,.0f} a second\n")
