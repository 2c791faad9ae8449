"""What a lease promises: durable when it is given, moved by heartbeats, fenced when it is over."""

import asyncio
from pathlib import Path

import pytest

from orchestrator_dynamic.adapters.sqlite.database import StorageFailed
from orchestrator_dynamic.bootstrap.embedded import Application
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome, TaskType
from orchestrator_dynamic.models.worker import AnswerFate, HeartbeatVerdict
from orchestrator_dynamic.ports.orchestrator import Action, Request
from orchestrator_dynamic.runtime.leases import (
    LEASES_PER_WORKER_MAX,
    Beat,
    Closing,
    Lease,
    TooMuchAsked,
)
from tests.support.engines import a_chain, a_message, an_engine, rows, until, workflow_of
from tests.support.lending import AT_ONCE, LEASE_S, Lending, a_profile, an_answer
from tests.support.messages import a_task
from tests.unit.runtime.test_restart import fill_disk

GO_ON, SUPERSEDED = HeartbeatVerdict.GO_ON, HeartbeatVerdict.SUPERSEDED
TAKEN, STALE = AnswerFate.TAKEN, AnswerFate.STALE_ATTEMPT


async def submitted(app: Application, *names: str) -> WorkflowId:
    """Bring a plan whose tasks depend on nothing; return its workflow."""
    message = a_message(*(a_task(name) for name in names or ("a",)))
    return workflow_of(await app.engine.submit(message, source="test"))


def verdict_of(lending: Lending, lease: Lease, name: str = "w1") -> HeartbeatVerdict:
    """Return what a heartbeat of `name` about `lease` hears."""
    dispatch = lease.dispatch
    [sign] = lending.desk.extend(name, [Beat(dispatch.ticket.ticket_id, dispatch.attempt)])
    return sign.verdict


async def test_a_lease_is_durable_when_it_is_given(tmp_path: Path) -> None:
    """A worker that begins before the journal knows it would be doubled by a crash."""
    async with an_engine(tmp_path) as app:
        await submitted(app)
        await Lending(app).lend("w1")

        published = rows(tmp_path, "SELECT body FROM journal WHERE kind = 'tickets_published'")

    assert len(published) == 1
    assert '"agents":["w1"]' in str(published[0][0])


async def test_as_many_are_lent_as_are_wanted_and_there(tmp_path: Path) -> None:
    """One request brings work for all lanes of a worker, and waits for no more than there is."""
    async with an_engine(tmp_path) as app:
        await submitted(app, "a", "b", "c")
        lending = Lending(app)

        two = await lending.lend(most=2)
        rest = await lending.lend(most=5)

        assert (len(two), len(rest), len(lending.desk)) == (2, 1, 3)
        assert b"orchestration_leases 3.0" in lending.metrics.render()


async def test_nothing_is_lent_where_nothing_comes_in_time(tmp_path: Path) -> None:
    """A long poll ends, and its client asks again."""
    async with an_engine(tmp_path) as app:
        assert await Lending(app).lend(wait_s=0) == []


async def test_a_ticket_that_comes_ends_the_wait(tmp_path: Path) -> None:
    """Asking first and being served later is what a long poll is for."""
    async with an_engine(tmp_path) as app, asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(Lending(app).lend())
        await submitted(app)

        [lease] = await asking

    assert lease.dispatch.ticket.task_id == "a"


async def test_a_worker_gets_only_what_it_can_execute(tmp_path: Path) -> None:
    """Others may have what it has not."""
    async with an_engine(tmp_path) as app:
        lending = Lending(app)
        await submitted(app)

        taken = await lending.desk.lend(
            a_profile("tester", TaskType.TEST), most=1, wait_s=0, lease_s=LEASE_S
        )

    assert taken == []


async def test_a_lease_that_runs_out_is_a_failed_attempt(tmp_path: Path) -> None:
    """Another worker gets the next attempt, and the plan comes to its end."""
    async with an_engine(tmp_path, **AT_ONCE) as app:
        workflow_id, lending = await submitted(app), Lending(app)
        [first] = await lending.lend("w1")

        lending.let_run_out()
        [second] = await lending.lend("w2")
        [fate] = await lending.desk.take("w2", [an_answer(second)])
        outcome = await app.engine.outcome_of(workflow_id)

    assert (first.dispatch.attempt, second.dispatch.attempt) == (1, 2)
    assert (fate, outcome) == (TAKEN, Outcome.SUCCESS)
    told = rows(tmp_path, "SELECT error, agent FROM results WHERE attempt = 1")
    assert told == [("the lease of worker w1 ran out without a sign of life", "w1")]
    assert b"orchestration_leases_expired_total 1.0" in lending.metrics.render()


async def test_what_the_silent_one_still_says_changes_nothing(tmp_path: Path) -> None:
    """It was given up; its work is another's now, who may be half way."""
    async with an_engine(tmp_path, **AT_ONCE) as app:
        await submitted(app)
        lending = Lending(app)
        [first] = await lending.lend("w1")
        lending.let_run_out()
        [second] = await lending.lend("w2")

        [late] = await lending.desk.take("w1", [an_answer(first)])
        heard = verdict_of(lending, first)
        [plan] = app.engine.plans
        stage = plan.state.tickets[0].stage

    assert (late, heard, stage) == (STALE, SUPERSEDED, Stage.RUNNING)
    assert second.dispatch.attempt == 2


async def test_a_heartbeat_moves_the_end_of_a_lease(tmp_path: Path) -> None:
    """Work may take as long as its ticket allows, as long as its worker lives."""
    async with an_engine(tmp_path) as app:
        await submitted(app)
        lending = Lending(app)
        [lease] = await lending.lend()

        for _ in range(3):
            lending.clock.advance(LEASE_S * 900)
            lending.desk.end_overdue()
            assert verdict_of(lending, lease) is GO_ON

        assert len(lending.desk) == 1
        assert lease.expires_at == lending.clock.now_ms() + LEASE_S * 1000


async def test_a_heartbeat_may_ask_for_less(tmp_path: Path) -> None:
    """A lease that is made shorter runs out earlier."""
    async with an_engine(tmp_path) as app:
        await submitted(app)
        lending = Lending(app)
        [lease] = await lending.lend()

        lending.desk.extend("w1", [Beat(lease.dispatch.ticket.ticket_id, 1)], 5)
        lending.clock.advance(5_000)
        lending.desk.end_overdue()

        assert len(lending.desk) == 0


async def test_another_workers_heartbeat_extends_nothing(tmp_path: Path) -> None:
    """Who has not the lease has nothing to say about it."""
    async with an_engine(tmp_path) as app:
        await submitted(app)
        lending = Lending(app)
        [lease] = await lending.lend("w1")

        assert verdict_of(lending, lease, "w2") is SUPERSEDED


async def test_a_cancelled_attempt_is_told_by_its_next_heartbeat(tmp_path: Path) -> None:
    """A worker need not finish what nobody wants."""
    async with an_engine(tmp_path) as app:
        workflow_id, lending = await submitted(app), Lending(app)
        [lease] = await lending.lend()
        request = Request(action=Action.CANCEL, workflow_id=workflow_id, by="ana")

        await app.engine.request(request)
        heard = [verdict_of(lending, lease), verdict_of(lending, lease)]
        [fate] = await lending.desk.take("w1", [an_answer(lease, status="FAILED")])
        outcome = await app.engine.outcome_of(workflow_id)

    assert heard == [HeartbeatVerdict.CANCELLED] * 2
    assert (fate, outcome) == (TAKEN, Outcome.CANCELLED)


async def test_a_cancelled_attempt_that_is_given_back_has_ended(tmp_path: Path) -> None:
    """Nobody else shall take it, and its plan need not wait for anybody."""
    async with an_engine(tmp_path) as app:
        workflow_id, lending = await submitted(app), Lending(app)
        [lease] = await lending.lend()
        await app.engine.request(Request(action=Action.CANCEL, workflow_id=workflow_id, by="ana"))

        lending.desk.take_back("w1", [(lease.dispatch.ticket.ticket_id, 1)])
        outcome = await app.engine.outcome_of(workflow_id)

    assert outcome is Outcome.CANCELLED
    assert len(lending.desk) == 0


async def test_an_answer_that_is_said_again_is_taken_again(tmp_path: Path) -> None:
    """Its sender cannot know that the first one arrived."""
    async with an_engine(tmp_path) as app:
        message = a_message(*a_chain("a", "b"))
        await app.engine.submit(message, source="test")
        lending = Lending(app)
        [lease] = await lending.lend()

        fates = [
            await lending.desk.take("w1", [an_answer(lease)]),
            await lending.desk.take("w1", [an_answer(lease)]),
            await lending.desk.take("w2", [an_answer(lease, agent="w2")]),
            await lending.desk.take("w1", [an_answer(lease, status="FAILED")]),
        ]

    assert [list(one) for one in fates] == [[TAKEN], [TAKEN], [STALE], [STALE]]


async def test_an_answer_is_durable_when_its_fate_is_told(tmp_path: Path) -> None:
    """A worker forgets what was taken."""
    async with an_engine(tmp_path) as app:
        await submitted(app, "a", "b")
        lending = Lending(app)
        leases = await lending.lend(most=2)

        fates = await lending.desk.take("w1", [an_answer(one) for one in leases])
        kept = rows(tmp_path, "SELECT count(*) FROM results WHERE fate = 'accepted'")

    assert list(fates) == [TAKEN, TAKEN]
    assert kept == [(2,)]


async def test_no_fate_is_told_that_is_not_durable(tmp_path: Path) -> None:
    """A disk that is full stops the engine; the worker says its answer again later."""
    told: list[AnswerFate] = []

    async def until_full() -> None:
        async with an_engine(tmp_path) as app:
            await submitted(app)
            lending = Lending(app)
            [lease] = await lending.lend()
            answer = an_answer(lease)
            heavy = answer.result.model_copy(update={"output": {"made": "x" * 100_000}})
            fill_disk(app)
            told.extend(
                await lending.desk.take("w1", [answer.model_copy(update={"result": heavy})])
            )

    with pytest.raises(BaseExceptionGroup) as stopped:
        await until_full()

    assert stopped.group_contains(StorageFailed)
    assert told == []


async def test_what_is_given_back_late_leaves_the_next_attempt_alone(tmp_path: Path) -> None:
    """Somebody works on that one."""
    async with an_engine(tmp_path, **AT_ONCE) as app:
        await submitted(app)
        lending = Lending(app)
        [first] = await lending.lend("w1")
        lending.let_run_out()
        await lending.lend("w2")

        app.engine.given_back([(first.dispatch.ticket.ticket_id, first.dispatch.attempt)])
        await app.engine.durable()
        [plan] = app.engine.plans

        assert plan.state.tickets[0].stage is Stage.RUNNING


async def test_nobody_knows_a_ticket_that_never_was(tmp_path: Path) -> None:
    """A worker of somebody else hears so."""
    async with an_engine(tmp_path) as app:
        await submitted(app)
        lending = Lending(app)
        [lease] = await lending.lend()
        stranger = an_answer(lease).model_copy(update={"ticket_id": "nobody"})

        [fate] = await lending.desk.take("w1", [stranger])

    assert fate is AnswerFate.UNKNOWN


async def test_a_caller_that_goes_leaves_its_tickets_to_others(tmp_path: Path) -> None:
    """Nobody waits for a lease to run out that nobody has heard of; no attempt is used up."""
    async with an_engine(tmp_path) as app:
        await submitted(app)
        lending = Lending(app)
        async with asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(lending.lend("gone"))
            await until(lambda: len(lending.desk) == 1)
            asking.cancel()

        [lease] = await lending.lend("w2")

    assert asking.cancelled()
    assert (lease.worker_id, lease.dispatch.attempt) == ("w2", 1)


async def test_what_a_worker_gives_up_goes_out_again_as_it_was(tmp_path: Path) -> None:
    """A worker that is stopped in order costs no attempt and no minute."""
    async with an_engine(tmp_path) as app:
        await submitted(app)
        lending = Lending(app)
        [lease] = await lending.lend("w1")
        attempt = (lease.dispatch.ticket.ticket_id, 1)

        fates = lending.desk.take_back("w1", [attempt]), lending.desk.take_back("w1", [attempt])
        [again] = await lending.lend("w2")

    assert fates == ([TAKEN], [STALE])
    assert again.dispatch.attempt == 1


async def test_bounds_are_kept(tmp_path: Path) -> None:
    """One worker that takes and never answers must not take everything."""
    async with an_engine(tmp_path) as app:
        lending = Lending(app)
        lending.desk._held["greedy"] = LEASES_PER_WORKER_MAX

        with pytest.raises(TooMuchAsked):
            await lending.lend("greedy")


async def test_nobody_waits_for_a_service_that_stops(tmp_path: Path) -> None:
    """A stop must not take as long as the longest poll."""
    async with an_engine(tmp_path) as app:
        lending = Lending(app)
        async with asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(lending.lend())
            await asyncio.sleep(0)
            lending.desk.close()

        with pytest.raises(Closing):
            await lending.lend()

    assert asking.result() == []
