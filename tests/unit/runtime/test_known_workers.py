"""Who is known to the service: its own workers for good, others while they are heard."""

import asyncio
from pathlib import Path

import pytest

from orchestrator_dynamic.bootstrap.embedded import Application
from orchestrator_dynamic.core.facts import WorkerSkills
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.runtime.leases import LeaseDesk, NameTaken
from orchestrator_dynamic.runtime.roster import PATIENCE_MS, Roster
from orchestrator_dynamic.sdk import TicketContext
from tests.support.engines import a_chain, a_message, a_worker, until, workflow_of
from tests.support.lending import a_profile, an_answer, an_engine_that_lends
from tests.support.messages import a_task
from tests.unit.runtime.test_restart import PowerCut

READER = WorkerSkills((), ("read",))


def desk_of(app: Application) -> LeaseDesk:
    """Return the desk that the engine was started with."""
    assert app.desk is not None
    return app.desk


async def lend_one(app: Application, name: str = "w1", can: str = "") -> ExecutionTicket:
    """Lend one ticket to a worker, however long it takes to come."""
    [lease] = await desk_of(app).lend(a_profile(name, can=can), most=1, wait_s=20, lease_s=60)
    return lease.dispatch.ticket


async def test_what_nobody_can_execute_waits_until_somebody_asks(tmp_path: Path) -> None:
    """It says that it waits for a worker, and goes on when one comes."""
    async with an_engine_that_lends(tmp_path) as app:
        await app.engine.submit(a_message(a_task("a")), source="test")
        [plan] = app.engine.plans
        before = plan.state.tickets[0].stage

        ticket = await lend_one(app)

    assert (before, ticket.task_id) == (Stage.STARVED, "a")


async def test_workers_of_this_process_are_known_beside_others(tmp_path: Path) -> None:
    """Each does what it can."""
    reads = a_task("reads", required_capabilities=["read"])
    writes = a_task("writes", required_capabilities=["write"])
    async with an_engine_that_lends(tmp_path, a_worker(capabilities={"read"})) as app:
        receipt = await app.engine.submit(a_message(reads, writes), source="test")
        desk = desk_of(app)
        [lease] = await desk.lend(a_profile("w1", can="write"), most=1, wait_s=20, lease_s=60)
        await desk.take("w1", [an_answer(lease)])
        outcome = await app.engine.outcome_of(workflow_of(receipt))

    assert (lease.dispatch.ticket.task_id, outcome) == ("writes", Outcome.SUCCESS)


async def test_a_worker_elsewhere_needs_a_name_of_its_own(tmp_path: Path) -> None:
    """Or a restart could not tell who died with the process."""
    async with an_engine_that_lends(tmp_path, a_worker(name="inside")) as app:
        with pytest.raises(NameTaken):
            await lend_one(app, "inside")


def test_plans_are_told_only_what_is_new() -> None:
    """A fact for every plan and every poll would cost more than the work."""
    told: list[tuple[WorkerSkills, ...]] = []
    roster = Roster((), told.append)

    for moment, name in enumerate(("r1", "r2", "r1", "r2")):
        roster.asks(a_profile(name, can="read"), moment)
        roster.rests(name, moment)

    assert told == [(READER,)]


def test_a_worker_is_missed_after_a_patience() -> None:
    """One that is started anew is not; one that works under a lease is there, asking or not."""
    told: list[tuple[WorkerSkills, ...]] = []
    roster = Roster((), told.append)
    roster.asks(a_profile("r1", can="read"), 0)
    roster.forget_silent(lambda name: False, PATIENCE_MS)
    roster.rests("r1", 1)

    roster.forget_silent(lambda name: False, PATIENCE_MS)
    roster.forget_silent(lambda name: True, PATIENCE_MS + 1)
    known = list(told)
    roster.forget_silent(lambda name: False, PATIENCE_MS + 1)

    assert known == [(READER,)]
    assert told == [(READER,), ()]


async def crash_with_one_lent(directory: Path, name: str) -> ExecutionTicket:
    """Lend a ticket of two to `name`, the other to a worker inside, then cut the power."""
    lent: list[ExecutionTicket] = []
    inside = asyncio.Event()

    async def hold(ticket: ExecutionTicket, context: TicketContext) -> None:
        inside.set()
        await asyncio.Event().wait()

    async def until_cut() -> None:
        worker = a_worker(hold, name="inside", capabilities={"in"})
        async with an_engine_that_lends(directory, worker) as app:
            tasks = (
                a_task("within", required_capabilities=["in"]),
                a_task("without", required_capabilities=["out"]),
            )
            await app.engine.submit(a_message(*tasks), source="test")
            lent.append(await lend_one(app, name, can="out"))
            await inside.wait()
            await app.engine.durable()
            raise PowerCut

    with pytest.raises(BaseExceptionGroup) as cut:
        await until_cut()
    assert cut.group_contains(PowerCut)
    return lent[0]


async def test_a_restart_leaves_the_work_of_others_alone(tmp_path: Path) -> None:
    """Their workers live on: the same attempt is still theirs, and nobody else gets it."""
    ticket = await crash_with_one_lent(tmp_path, "w1")
    again: list[str] = []

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        again.append(ticket.task_id)

    async with an_engine_that_lends(tmp_path, a_worker(work, name="inside")) as app:
        [plan] = app.engine.plans
        adopted = len(desk_of(app))
        await until(lambda: again == ["within"])
        [lease] = list(desk_of(app)._leases.values())
        await desk_of(app).take("w1", [an_answer(lease)])
        outcome = await app.engine.outcome_of(plan.state.workflow_id)

    assert (adopted, lease.dispatch.ticket.ticket_id) == (1, ticket.ticket_id)
    assert (again, outcome) == (["within"], Outcome.SUCCESS)


async def test_who_died_meanwhile_is_found_after_a_restart(tmp_path: Path) -> None:
    """An adopted lease runs out like any other."""
    await crash_with_one_lent(tmp_path, "w1")

    async with an_engine_that_lends(tmp_path, a_worker(name="inside", capabilities={"in"})) as app:
        [plan] = app.engine.plans
        [lease] = list(desk_of(app)._leases.values())
        lease.expires_at = 0
        desk_of(app)._due[:] = [(0, lease.dispatch.ticket.ticket_id, lease.dispatch.attempt)]
        desk_of(app).end_overdue()
        [second] = await desk_of(app).lend(
            a_profile("w2", can="out"), most=1, wait_s=20, lease_s=60
        )
        await desk_of(app).take("w2", [an_answer(second)])
        outcome = await app.engine.outcome_of(plan.state.workflow_id)

    assert (second.dispatch.attempt, outcome) == (2, Outcome.SUCCESS)


async def test_a_chain_goes_from_worker_to_worker(tmp_path: Path) -> None:
    """What an answer releases is lent next, to whoever asks."""
    done: list[str] = []
    async with an_engine_that_lends(tmp_path) as app:
        receipt = await app.engine.submit(a_message(*a_chain("a", "b", "c")), source="test")
        for name in ("w1", "w2", "w1"):
            desk = desk_of(app)
            [lease] = await desk.lend(a_profile(name), most=9, wait_s=20, lease_s=60)
            done.append(lease.dispatch.ticket.task_id)
            await desk.take(name, [an_answer(lease)])
        outcome = await app.engine.outcome_of(workflow_of(receipt))

    assert (done, outcome) == (["a", "b", "c"], Outcome.SUCCESS)
