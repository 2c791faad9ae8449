"""The engine while its records go to another place, or its tickets to workers elsewhere."""

import asyncio
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator_dynamic.bootstrap.records import ask_engine
from orchestrator_dynamic.config.loading import load_settings
from orchestrator_dynamic.core.policy import Policy, RetryPolicy
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.models.worker import HeartbeatVerdict
from orchestrator_dynamic.ports.orchestrator import Action, Incoming, Reception, Request
from orchestrator_dynamic.ports.shared_ledger import SharedLedger
from orchestrator_dynamic.sdk import TicketContext
from orchestrator_dynamic.wire.complaints import refusal
from tests.support.engines import a_chain, a_message, a_worker, rows, workflow_of
from tests.support.messages import a_result, a_task
from tests.support.outside_parts import (
    ObservedLedger,
    a_place_in_memory,
    an_engine_around,
    records_in,
    records_of,
    until,
)
from tests.support.temporal_faults import Faults, FaultyLedger, FaultyPublisher, RecordingPublisher

HASTY = Policy(retry=RetryPolicy(wait_initial_ms=20, wait_max_ms=40))
ONE = WorkflowId("orch-decision-1")


@pytest.fixture
def store() -> Iterator[ObservedLedger]:
    """Yield a store with nothing in it, which can be away."""
    with a_place_in_memory() as (ledger, _):
        yield ObservedLedger(ledger)


def answered(ticket_id: str, attempt: int = 1, **fields: object) -> ExecutionResult:
    """Return what a worker says of an attempt."""
    result = {"success": True, "metadata": {"attempt": str(attempt)}}
    return a_result(ticket_id, **{"result": result, **fields})


async def test_receipts_and_tickets_wait_while_the_store_is_away(
    tmp_path: Path, store: ObservedLedger
) -> None:
    """Nobody may act on what the audit does not show; when it is back, everything goes on."""
    taken: list[str] = []

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        taken.append(ticket.task_id)

    store.faults.away = True
    async with (
        an_engine_around(tmp_path, a_worker(work), store=store) as around,
        asyncio.TaskGroup() as tasks,
    ):
        receipt = tasks.create_task(around.engine.submit(a_message(), source="test"))
        await until(lambda: store.faults.struck >= 3)
        waited = (receipt.done(), list(taken), rows(tmp_path, "SELECT count(*) FROM workflows"))
        store.faults.away = False
        outcome = await around.engine.outcome_of(workflow_of(await receipt))

    assert waited == (False, [], [(1,)]), "it is durable here, and shown to nobody"
    assert outcome is Outcome.SUCCESS
    assert taken == ["a"]


async def test_workers_and_time_go_on_while_the_store_is_away(
    tmp_path: Path, store: ObservedLedger
) -> None:
    """A worker that beats is told to go on, and a time-out is noticed; it shows later."""
    policy = Policy(ticket_timeout_min_ms=300, ticket_timeout_factor=1.0, retry=HASTY.retry)
    begun = asyncio.Event()

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        begun.set()
        await asyncio.Event().wait()

    message = a_message(a_task(estimated_duration_ms=1))
    timed_out = "SELECT count(*) FROM journal WHERE kind = 'time_passed'"
    async with an_engine_around(tmp_path, a_worker(work), store=store, policy=policy) as around:
        await around.engine.submit(message, source="test")
        await begun.wait()
        store.faults.away = True
        [(ticket_id,)] = rows(tmp_path, "SELECT ticket_id FROM tickets")
        beat = answered(str(ticket_id), status="RUNNING")
        verdict = around.engine.heartbeat(beat, 1)
        await until(lambda: rows(tmp_path, timed_out) != [(0,)])

    assert verdict is HeartbeatVerdict.GO_ON


@pytest.mark.parametrize("seed", range(4))
async def test_the_copy_is_the_same_after_any_number_of_crashes(tmp_path: Path, seed: int) -> None:
    """Engine and store fail at any moment; in the end both places tell one story."""
    chance = random.Random(seed)
    names = [f"decision-{number}" for number in range(6)]

    async def work(ticket: ExecutionTicket, context: TicketContext) -> dict[str, str]:
        await asyncio.sleep(chance.random() * 0.004)
        if chance.random() < 0.2:
            raise OSError("the shop is closed")
        return {"made": ticket.task_id}

    numbers: list[int] = []
    with a_place_in_memory() as (place, connection):
        for _ in range(6):
            faults = Faults(chance.random() < 0.2 for _ in range(200))
            store: SharedLedger = FaultyLedger(place, faults)
            async with an_engine_around(
                tmp_path, a_worker(work), store=store, policy=HASTY
            ) as around:
                submitting = asyncio.gather(
                    *(
                        around.engine.submit(
                            a_message(*a_chain("a", "b", "c"), decision_id=name), source="test"
                        )
                        for name in names
                    ),
                )
                await asyncio.wait([submitting], timeout=0.02 + chance.random() * 0.15)
                submitting.cancel()
                await asyncio.gather(submitting, return_exceptions=True)
                assert around.copy is not None
                numbers.append(around.copy.next_number)
        async with an_engine_around(tmp_path, a_worker(), store=place, policy=HASTY) as around:
            for name in names:
                message = a_message(*a_chain("a", "b", "c"), decision_id=name)
                await around.engine.submit(message, source="test")
            for name in names:
                await around.engine.outcome_of(WorkflowId(f"orch-{name}"))
            around.engine.stop()
            await around.engine.outcome_of(ONE)
            assert around.copy is not None
            await until(lambda: len(around.engine.plans) == 0)
            await around.copy.drained()
            done, left = around.copy.done, rows(tmp_path, "SELECT max(number) FROM uncopied")
        copied = records_of(connection)

    assert left == [(done,)], "all that is kept for the copy has arrived"
    assert copied == records_in(tmp_path)
    assert len(copied["workflows"]) == 6


async def test_a_ticket_goes_out_and_its_answer_comes_home(tmp_path: Path) -> None:
    """The broker's word is the hand-over; the answer comes by another way."""
    broker = RecordingPublisher()
    async with an_engine_around(tmp_path, publisher=broker) as around:
        await around.engine.submit(a_message(*a_chain("a", "b")), source="test")
        await until(lambda: len(broker.published) == 1)
        await around.engine.take_results([answered(broker.published[0][0])])
        await until(lambda: len(broker.published) == 2)
        await around.engine.take_results([answered(broker.published[1][0])])
        outcome = await around.engine.outcome_of(ONE)

    assert outcome is Outcome.SUCCESS


async def test_a_refused_ticket_fails_with_an_incident(tmp_path: Path) -> None:
    """What no broker takes must not wait for ever, nor be tried again."""
    broker = RecordingPublisher(refused=["a"])
    async with an_engine_around(tmp_path, publisher=broker) as around:
        await around.engine.submit(a_message(a_task("a")), source="test")
        outcome = await around.engine.outcome_of(ONE)

    assert outcome is Outcome.FAILED
    assert len(broker.published) == 1, "it was offered once"
    [(kind, body)] = rows(tmp_path, "SELECT incident_type, body FROM incidents")
    assert kind == "WORKER_FAILURE"
    assert "the bus does not take it: it is refused" in str(body)
    assert rows(tmp_path, "SELECT published_at FROM tickets") == [(None,)]


async def test_after_a_restart_only_what_was_not_acknowledged_goes_out_again(
    tmp_path: Path,
) -> None:
    """Workers elsewhere go on with what they have, and no retry is used up."""
    faults, broker = Faults([False, False]), RecordingPublisher()
    away = FaultyPublisher(broker, faults)
    tasks = (a_task("a"), a_task("b", dependencies=["a"]), a_task("c"))
    async with an_engine_around(tmp_path, publisher=away) as around:
        await around.engine.submit(a_message(*tasks), source="test")
        running = "SELECT count(*) FROM journal WHERE kind = 'tickets_published'"
        await until(lambda: rows(tmp_path, running) == [(1,)])
        of_task = {str(task): str(name) for task, name in rows(tmp_path, TICKETS)}
        faults.away = True
        await around.engine.take_results([answered(of_task["a"])])
        await until(lambda: faults.struck > 0)
    out = list(broker.published)

    async with an_engine_around(tmp_path, publisher=broker) as around:
        # The answer may be there before anything else has happened.
        await around.engine.take_results([answered(of_task["c"])])
        await until(lambda: len(broker.published) == 3)
        await around.engine.take_results([answered(of_task["b"])])
        outcome = await around.engine.outcome_of(ONE)

    assert sorted(out) == sorted([(of_task["a"], 1), (of_task["c"], 1)])
    assert broker.published[2:] == [(of_task["b"], 1)]
    assert outcome is Outcome.SUCCESS
    assert rows(tmp_path, "SELECT retried FROM workflows") == [(0,)]
    assert rows(tmp_path, "SELECT DISTINCT fate FROM results") == [("accepted",)]


TICKETS = "SELECT task_id, ticket_id FROM tickets"


async def test_an_operators_command_leaves_tickets_with_their_workers(tmp_path: Path) -> None:
    """It takes the directory for a moment only; what workers elsewhere do is not its business."""
    broker = RecordingPublisher()
    async with an_engine_around(tmp_path, publisher=broker) as around:
        await around.engine.submit(a_message(), source="test")
        published = "SELECT count(*) FROM journal WHERE kind = 'tickets_published'"
        await until(lambda: rows(tmp_path, published) == [(1,)])
    set_up = {"DATA_DIR": str(tmp_path), "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}

    reply = await ask_engine(
        load_settings(set_up, None),
        Request(action=Action.PAUSE, workflow_id=ONE, by="ana"),
        command="a test",
        patience_s=5,
    )

    assert reply is not None
    assert reply.accepted
    kinds = [kind for (kind,) in rows(tmp_path, "SELECT kind FROM journal ORDER BY seq")]
    assert kinds == ["decision_accepted", "tickets_published", "pause_requested"]


async def test_a_ticket_that_was_on_its_way_keeps_its_attempt(tmp_path: Path) -> None:
    """The broker may have had it: under the same attempt, workers know it for the same."""
    broker = RecordingPublisher()
    away = FaultyPublisher(broker, Faults([False, True] * 50))
    for _ in range(2):
        async with an_engine_around(tmp_path, publisher=away) as around:
            await around.engine.submit(a_message(), source="test")
            before = len(broker.published)
            await until(lambda before=before: len(broker.published) > before)  # type: ignore[misc]

    assert len(broker.published) >= 2
    assert {attempt for _, attempt in broker.published} == {1}


async def test_a_cancelled_plan_takes_back_what_has_not_left(tmp_path: Path) -> None:
    """What no worker has seen needs no grace."""
    faults, broker = Faults([]), RecordingPublisher()
    faults.away = True
    async with an_engine_around(tmp_path, publisher=FaultyPublisher(broker, faults)) as around:
        await around.engine.submit(a_message(), source="test")
        await until(lambda: faults.struck > 0)
        # Its only ticket was offered: it counts as out. That of a second plan was not.
        await around.engine.submit(a_message(decision_id="decision-2"), source="test")
        assert around.bus is not None
        cancel = Request(action=Action.CANCEL, workflow_id=WorkflowId("orch-decision-2"), by="ana")
        await around.engine.request(cancel)
        outcome = await around.engine.outcome_of(WorkflowId("orch-decision-2"))
        faults.away = False
        await until(lambda: len(broker.published) > 0)

    assert outcome is Outcome.CANCELLED
    assert [ticket for ticket, _ in broker.published] == [
        name for (name,) in rows(tmp_path, "SELECT ticket_id FROM tickets WHERE workflow = 1")
    ]


async def test_results_are_durable_before_the_call_returns(tmp_path: Path) -> None:
    """Offsets are committed on this word."""
    results = [answered(f"nobody-{number}") for number in range(1_500)]
    async with an_engine_around(tmp_path) as around:
        await around.engine.take_results(results)
        kept = rows(tmp_path, "SELECT ticket_id, fate FROM results ORDER BY id")

    assert kept == [(f"nobody-{number}", "unknown") for number in range(1_500)]


async def test_decisions_that_come_together_share_a_commit(tmp_path: Path) -> None:
    """A commit is a disk's turn; a batch of a thousand must not need a thousand."""
    async with an_engine_around(tmp_path) as around:
        before = around.ledger.commits
        answers = [
            await around.engine.hand_in(
                Incoming(a_message(decision_id=f"decision-{number}"), f"t[0]@{number}")
            )
            for number in range(50)
        ]
        receipts = [await answer for answer in answers]
        commits = around.ledger.commits - before
        at_once = rows(tmp_path, "SELECT source FROM decisions ORDER BY workflow")

    assert {receipt.reception for receipt in receipts} == {Reception.STARTED}
    assert at_once == [(f"t[0]@{number}",) for number in range(50)], "in their order"
    assert commits <= 3


async def test_what_is_put_aside_is_durable_when_the_call_returns(tmp_path: Path) -> None:
    """The record's offset is committed on this word."""
    why = refusal("not_json", "", "it is no JSON")
    message = Incoming(b"\xff", "t[0]@1", {"a": b"\xfe"}, b"\x00key", None, "dlq")
    async with an_engine_around(tmp_path) as around:
        await around.engine.put_aside(message, why)
        kept = rows(tmp_path, "SELECT source, reason, key, topic, sent_at FROM dead_letters")

    assert kept == [("t[0]@1", "not_json", b"\x00key", "dlq", None)]


async def test_an_approval_finds_all_open_plans_of_its_name(tmp_path: Path) -> None:
    """A plan may be decided on again; those that have ended wait for nobody."""
    parked = {"final_decision": "review_required"}
    async with an_engine_around(tmp_path) as around:
        for number in (1, 2, 3):
            message = json.loads(a_message(decision_id=f"decision-{number}"))
            plan = json.loads(message["cognitive_plan"])
            message["plan_id"] = plan["plan_id"] = "plan" if number < 3 else "other"
            message["cognitive_plan"] = json.dumps(plan)
            await around.engine.submit(json.dumps(message | parked).encode(), source="test")
        before = await around.engine.open_workflows_of("plan")
        await around.engine.request(Request(action=Action.REJECT, workflow_id=before[0], by="ana"))
        after = await around.engine.open_workflows_of("plan")

    assert before == ["orch-decision-1", "orch-decision-2"]
    assert after == ["orch-decision-2"]


async def test_what_a_worker_says_while_the_engine_is_cancelled_is_no_error(tmp_path: Path) -> None:
    """An orderly stop cancels the parts one by one; only an engine that failed turns away."""
    async with an_engine_around(tmp_path) as around:
        await around.engine.submit(a_message(a_task("a")), source="test")
    before = len(around.engine.mailbox)

    await around.engine.report(answered("ticket-1"))

    assert len(around.engine.mailbox) == before + 1
