"""The port `SharedLedger`: what is recorded of plans, whoever drives them and however often.

`SharedRecordsContract` is the suite of every adapter; a class that names a place runs it there.
"""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.records import (
    TICKETS_PER_WORKFLOW,
    ProgressRecord,
)
from orchestrator_dynamic.ports.shared_ledger import Overtaken
from tests.support.ledgers import a_fact, a_ticket_row, a_workflow, ended
from tests.support.shared_ledgers import (
    SharedPlace,
    SharedSqlite,
    Writer,
    a_ticket_change,
    a_turn,
    an_answer,
    everything,
    report,
    taken_in,
)

LARGE_PLAN_TASKS = 100_000
BUSY_TURN_TICKETS = 2_000


class SharedRecordsContract:
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
            assert letter.key == "\x00key"

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


class TestSqliteSharedRecords(SharedRecordsContract):
    """In the file of a data directory."""

    @pytest.fixture
    def place(self, tmp_path: Path) -> SharedPlace:
        """A fresh data directory."""
        return SharedSqlite(tmp_path)
