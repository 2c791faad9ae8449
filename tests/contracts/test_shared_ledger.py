"""The port `SharedLedger`: what processes rely on that drive the same plans, on a real file.

`SharedLedgerContract` is the suite of every adapter; a class that names a place runs it there.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from orchestrator_dynamic.errors import Refused
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.records import (
    FactRecord,
    TicketPlace,
)
from orchestrator_dynamic.ports.shared_ledger import Known, Overtaken
from tests.support.ledgers import NOON, a_decision_row, a_fact, a_ticket_row, a_workflow, ended
from tests.support.shared_ledgers import (
    SharedPlace,
    SharedSqlite,
    Writer,
    report,
    taken_in,
    told,
)


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

    async def test_decisions_that_arrive_together_have_keys_of_their_own(
        self, one: Writer, other: Writer
    ) -> None:
        """Two plans under one key would overwrite each other's tickets."""
        arriving = [taken_in((one, other)[number % 2], number) for number in range(1, 31)]
        known = await asyncio.gather(*arriving)

        assert len({each.workflow for each in known}) == 30

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
