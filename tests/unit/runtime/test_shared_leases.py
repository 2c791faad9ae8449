"""Leases where a server keeps the plans: workflows hear who has what, and what came of it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass

import orjson

from orchestrator_dynamic.adapters.memory.ticket_queue import TicketQueue
from orchestrator_dynamic.adapters.sqlite.shared_ledger import SqliteSharedLedger
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.ids import TicketId, WorkflowId
from orchestrator_dynamic.models.worker import AnswerFate, HeartbeatVerdict
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.ticket_bus import Dispatch
from orchestrator_dynamic.runtime.lease_keeping import SharedLeases
from orchestrator_dynamic.runtime.leases import Beat, Lease, LeaseDesk
from orchestrator_dynamic.runtime.shared_results import SharedResults
from orchestrator_dynamic.runtime.telling import Telling
from orchestrator_dynamic.simulation.virtual_clock import VirtualClock
from tests.support.engines import a_message, until
from tests.support.lending import LEASE_S, a_profile, an_answer
from tests.support.messages import a_ticket
from tests.support.temporal_listening import ListeningWorkflows
from tests.support.temporal_turns import TurnedPlans, in_memory
from tests.support.temporal_world import HASTY, the_parts

NAME = WorkflowId("orch-decision-1")


@dataclass(frozen=True, slots=True)
class Bringing:
    """Brings answers to workflows that listen."""

    results: SharedResults

    async def take_results(self, results: Sequence[ExecutionResult]) -> None:
        """As the orchestrator does."""
        await self.results.take(results)


@dataclass(frozen=True, slots=True)
class SharedLending:
    """A desk over a queue with one ticket of a workflow that listens."""

    desk: LeaseDesk
    queue: TicketQueue
    clock: VirtualClock
    workflows: ListeningWorkflows

    async def lend(self, name: str = "w1") -> Lease:
        """Lend the ticket."""
        [lease] = await self.desk.lend(a_profile(name), most=1, wait_s=5, lease_s=LEASE_S)
        return lease

    def heard(self) -> list[tuple[str, str, str | None]]:
        """Return what the workflow was told: status, agent and error of each word."""
        words = [orjson.loads(one.body) for call in self.workflows.calls[NAME] for one in call]
        return [(one["status"], one["agent_id"], one["error_message"]) for one in words]


@asynccontextmanager
async def lending() -> AsyncIterator[SharedLending]:
    """Run a desk as a process does that takes the turns of a server's plans."""
    with closing(in_memory()) as connection:
        clock = VirtualClock()
        plans = TurnedPlans(connection, clock, HASTY)
        await plans.submit(a_message())
        [(ticket_id, attempt)] = plans.published
        workflows, ledger = ListeningWorkflows(), SqliteSharedLedger(connection)
        parts = the_parts(ledger)
        results = SharedResults(ledger, parts.places, Telling(workflows), clock, parts.tally)
        queue = TicketQueue(clock)
        queue.on_handover = lambda handover: None
        keeper = SharedLeases(Bringing(results), queue, parts.places, clock)
        queue.publish([Dispatch((0.0, 0, 0), attempt, a_ticket(ticket_id))])
        async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
            telling = tasks.create_task(keeper.run())
            desk = LeaseDesk(queue, keeper, clock, Metrics())
            yield SharedLending(desk, queue, clock, workflows)
            telling.cancel()


async def test_a_workflow_hears_who_has_a_ticket_before_its_worker_does() -> None:
    """The lease is as durable as the workflow's history."""
    async with lending() as world:
        await world.lend()

        assert world.heard() == [("RUNNING", "w1", None)]


async def test_an_answer_about_what_is_lent_is_taken_and_any_other_is_not() -> None:
    """Which attempt is current the workflow decides by itself."""
    async with lending() as world:
        lease = await world.lend()
        stranger = an_answer(lease).model_copy(update={"ticket_id": "nobody"})

        fates = [
            *await world.desk.take("w1", [an_answer(lease), stranger]),
            *await world.desk.take("w1", [an_answer(lease)]),
        ]

    assert fates == [AnswerFate.TAKEN, AnswerFate.UNKNOWN, AnswerFate.STALE_ATTEMPT]


async def test_a_silent_worker_fails_its_attempt() -> None:
    """The workflow lets the next one follow."""
    async with lending() as world:
        await world.lend()

        world.clock.advance(LEASE_S * 1000)
        world.desk.end_overdue()
        await until(lambda: len(world.heard()) == 2)

        error = "the lease of worker w1 ran out without a sign of life"
        assert world.heard()[1] == ("FAILED", "w1", error)


async def test_what_is_given_back_lies_in_the_queue_again() -> None:
    """For its workflow it never left."""
    async with lending() as world:
        lease = await world.lend()
        told = len(world.heard())

        world.desk.give_back([lease])
        again = await world.lend("w2")

        assert again.dispatch is lease.dispatch
        assert len(world.heard()) == told


async def test_a_superseded_attempt_is_told_by_its_next_heartbeat() -> None:
    """A newer attempt lies in the queue."""
    async with lending() as world:
        lease = await world.lend()
        ticket = lease.dispatch.ticket
        beat = Beat(TicketId(ticket.ticket_id), lease.dispatch.attempt, "half way")
        [before] = world.desk.extend("w1", [beat])

        world.queue.publish([Dispatch((0.0, 0, 0), lease.dispatch.attempt + 1, ticket)])
        [after] = world.desk.extend("w1", [beat])

    assert (before.verdict, after.verdict) == (HeartbeatVerdict.GO_ON, HeartbeatVerdict.SUPERSEDED)
