"""What becomes of the records of each topic, with the real engine behind."""

from pathlib import Path

import pytest

from orchestrator_dynamic.bootstrap.embedded import Application
from orchestrator_dynamic.consumers.approval_consumer import ApprovalConsumer
from orchestrator_dynamic.consumers.dead_letters import DeadLetters, TooManyDeadLetters
from orchestrator_dynamic.consumers.decision_consumer import DecisionConsumer
from orchestrator_dynamic.consumers.result_consumer import ResultConsumer
from orchestrator_dynamic.errors import Unavailable
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.orchestrator import Orchestrator
from orchestrator_dynamic.ports.record_source import Partition, Record
from orchestrator_dynamic.wire import avro_schemas, framing
from orchestrator_dynamic.wire.message_codec import MessageCodec
from orchestrator_dynamic.wire.message_writer import to_avro, to_json
from orchestrator_dynamic.wire.schema_registry import RegistryUnavailable, SchemaRegistry
from tests.support.engines import a_message, an_engine, rows
from tests.support.flaky_orchestrator import FlakyOrchestrator
from tests.support.listed_schemas import ListedSchemas
from tests.support.messages import NOON, a_decision, a_plan, a_result, as_json

DLQ = "plans.consensus.dlq"
DOWN = Unavailable("the store is down")


def records(topic: str, *values: bytes | None) -> list[Record]:
    """Return a record for each of `values`."""
    part = Partition(topic, 0)
    return [Record(part, n, b"key", value, {"a": b"\xff"}, NOON) for n, value in enumerate(values)]


def decisions(
    orchestrator: Orchestrator,
    registry: SchemaRegistry | None = None,
    letters: DeadLetters | None = None,
) -> DecisionConsumer:
    """Return the taker of decisions."""
    letters = letters or DeadLetters(orchestrator, "plans", to=DLQ)
    return DecisionConsumer("plans", orchestrator, MessageCodec(registry), letters)


def results(orchestrator: Orchestrator, registry: SchemaRegistry | None = None) -> ResultConsumer:
    """Return the taker of results."""
    letters = DeadLetters(orchestrator, "results", to=None)
    return ResultConsumer("results", orchestrator, MessageCodec(registry), letters)


def approvals(orchestrator: Orchestrator, metrics: Metrics | None = None) -> ApprovalConsumer:
    """Return the taker of approvals."""
    letters = DeadLetters(orchestrator, "approvals", to=None)
    codec = MessageCodec(None)
    return ApprovalConsumer("approvals", orchestrator, codec, letters, metrics or Metrics())


def letters_in(directory: Path) -> list[tuple[object, ...]]:
    """Return the reason, origin and topic of each dead letter."""
    return rows(directory, "SELECT reason, source, topic FROM dead_letters ORDER BY id")


def decided_in(directory: Path) -> list[object]:
    """Return the decisions that were taken in, in order."""
    query = "SELECT decision_id FROM decisions ORDER BY workflow"
    return [row[0] for row in rows(directory, query)]


async def test_decisions_are_durable_in_their_order_when_they_are_taken(tmp_path: Path) -> None:
    """The offset is committed next."""
    names = [f"decision-{n}" for n in range(20)]
    async with an_engine(tmp_path) as app:
        batch = records("plans", *(a_message(decision_id=name) for name in names))

        assert await decisions(app.engine).take(batch) == 20

        assert decided_in(tmp_path) == names


async def test_poison_among_decisions_takes_nothing_along(tmp_path: Path) -> None:
    """Every reason, its origin and the topic for it are kept; the others run."""
    poison = (None, b"", b"\xff\xfe", b"\x00\x00", b"{", b"\x00\x00\x00\x00\x63\x05abc")
    async with an_engine(tmp_path) as app:
        batch = records("plans", *poison, a_message())

        assert await decisions(app.engine, ListedSchemas()).take(batch) == 7

        assert decided_in(tmp_path) == ["decision-1"]
        found = {source: (reason, topic) for reason, source, topic in letters_in(tmp_path)}
        assert found == {
            "plans[0]@0": ("empty", DLQ),
            "plans[0]@1": ("empty", DLQ),
            "plans[0]@2": ("not_utf8", DLQ),
            "plans[0]@3": ("unreadable_avro", DLQ),
            "plans[0]@4": ("not_json", DLQ),
            "plans[0]@5": ("unknown_schema", DLQ),
        }


async def test_a_decision_is_read_by_the_schema_that_its_writer_had(tmp_path: Path) -> None:
    """A newer sender has a field more; by our own schema its bytes would mean something else."""
    newer = avro_schemas.schema(avro_schemas.CONSOLIDATED_DECISION) | {}
    newer["fields"] = [{"name": "extra", "type": "string"}, *newer["fields"]]
    body = to_avro(a_decision())
    message = framing.framed(1, b"\x08more" + body)
    async with an_engine(tmp_path) as app:
        taker = decisions(app.engine, ListedSchemas(newer))

        assert await taker.take(records("plans", message)) == 1

        assert (decided_in(tmp_path), letters_in(tmp_path)) == (["decision-1"], [])


async def test_a_registry_that_is_away_judges_nobody(tmp_path: Path) -> None:
    """What was handed in before is done; the message itself waits, and is no dead letter."""
    registry = ListedSchemas(avro_schemas.schema(avro_schemas.CONSOLIDATED_DECISION))
    registry.faults.extend([RegistryUnavailable("no answer")] * 2)
    async with an_engine(tmp_path) as app:
        taker = decisions(app.engine, registry)
        avro = to_avro(a_decision(decision_id="decision-2"), 1)
        batch = records("plans", a_message(), avro, a_message(decision_id="decision-3"))

        assert await taker.take(batch) == 1
        with pytest.raises(RegistryUnavailable):
            await taker.take(batch[1:])
        assert await taker.take(batch[1:]) == 2

        assert decided_in(tmp_path) == ["decision-1", "decision-2", "decision-3"]
        assert letters_in(tmp_path) == []


@pytest.mark.parametrize("late", [False, True])
async def test_decisions_after_an_outage_begin_where_it_began(tmp_path: Path, late: bool) -> None:
    """Whether the store fails when a decision is handed in, or when its receipt is due."""
    async with an_engine(tmp_path) as app:
        flaky = FlakyOrchestrator(app.engine, None, None, DOWN)
        flaky.late = late
        batch = records("plans", *(a_message(decision_id=f"decision-{n}") for n in range(4)))

        assert await decisions(flaky).take(batch) == 2
        flaky.faults.append(DOWN)
        with pytest.raises(Unavailable):
            await decisions(flaky).take(batch[2:])


async def test_dead_letters_stop_at_their_bound_and_go_on_as_the_window_moves(
    tmp_path: Path,
) -> None:
    """A sender with a new format must not empty the topic; one bad message a day must not stop it.

    JSON that is refused counts as well as bytes that nobody reads.
    """
    now = [0.0]
    async with an_engine(tmp_path) as app:
        bound = DeadLetters(
            app.engine, "plans", to=DLQ, letters_max=3, window_s=60, now=lambda: now[0]
        )
        taker = decisions(app.engine, letters=bound)
        batch = records("plans", b"{}", None, b"[]", b"", b"{", a_message())

        assert await taker.take(batch) == 3
        with pytest.raises(TooManyDeadLetters):
            await taker.take(batch[3:])
        now[0] = 59.9
        with pytest.raises(TooManyDeadLetters):
            await taker.take(batch[3:])
        now[0] = 60.0
        assert await taker.take(batch[3:]) == 3

        assert decided_in(tmp_path) == ["decision-1"]
        assert len(letters_in(tmp_path)) == 5


async def test_results_are_taken_many_at_a_time_past_poison(tmp_path: Path) -> None:
    """One commit for a batch; poison is kept, and unknown tickets are no poison."""
    async with an_engine(tmp_path) as app:
        flaky = FlakyOrchestrator(app.engine)
        good = [to_json(a_result(f"ticket-{n}")) for n in range(50)]

        assert await results(flaky).take(records("results", *good[:25], b"?", *good[25:])) == 51

        assert flaky.taken == [50]
        assert letters_in(tmp_path) == [("not_json", "results[0]@25", None)]


async def test_results_before_an_outage_of_the_registry_are_taken(tmp_path: Path) -> None:
    """They are in hand, and their tickets wait."""
    registry = ListedSchemas(avro_schemas.schema(avro_schemas.EXECUTION_RESULT))
    async with an_engine(tmp_path) as app:
        flaky = FlakyOrchestrator(app.engine)
        taker = results(flaky, registry)
        batch = records("results", to_json(a_result()), to_avro(a_result("ticket-2"), 1))
        registry.faults.extend([RegistryUnavailable("no answer")] * 2)

        assert await taker.take(batch) == 1
        with pytest.raises(RegistryUnavailable):
            await taker.take(batch[1:])
        assert await taker.take(batch[1:]) == 1

        assert flaky.taken == [1, 1]


def an_answer(decision: str, plan_id: str = "plan-1") -> bytes:
    """Return a person's answer about a plan."""
    said = {"plan_id": plan_id, "decision": decision, "approved_by": "ana", "approved_at": NOON}
    return as_json({**said, "rejection_reason": None if decision == "approved" else "too risky"})


async def parked(app: Application, *decision_ids: str) -> None:
    """Have decisions about the same plan wait for approval."""
    for decision_id in decision_ids:
        plan = a_plan(requires_approval=True)
        await app.engine.submit(to_json(a_decision(plan, decision_id=decision_id)), source="test")


def phases_in(directory: Path) -> list[object]:
    """Return the phase of each workflow."""
    return [row[0] for row in rows(directory, "SELECT phase FROM workflows ORDER BY workflow")]


async def test_an_approval_reaches_every_workflow_of_its_plan_that_waits(tmp_path: Path) -> None:
    """A plan may have been decided on twice; the answer names the plan only."""
    async with an_engine(tmp_path) as app:
        await parked(app, "decision-1", "decision-2")

        assert await approvals(app.engine).take(records("approvals", an_answer("approved"))) == 1

        assert phases_in(tmp_path) == ["RUNNING", "RUNNING"]
        actors = rows(tmp_path, "SELECT DISTINCT actor FROM audit WHERE actor = 'ana'")
        assert actors == [("ana",)]


async def test_a_rejection_ends_the_plan(tmp_path: Path) -> None:
    """As it does on the command line."""
    async with an_engine(tmp_path) as app:
        await parked(app, "decision-1")

        await approvals(app.engine).take(records("approvals", an_answer("rejected")))

        assert phases_in(tmp_path) == ["ENDED"]


async def test_an_answer_that_nothing_waits_for_is_counted_and_done(tmp_path: Path) -> None:
    """It may be repeated, or about a plan of another installation: neither stops the topic."""
    metrics = Metrics()
    async with an_engine(tmp_path) as app:
        await parked(app, "decision-1")
        taker = approvals(app.engine, metrics)
        twice = an_answer("approved")

        for record in records("approvals", twice, twice, an_answer("approved", "plan-9")):
            assert await taker.take([record]) == 1

        assert metrics.counter("orchestration_duplicates_total", kind="approval") == [2]
        assert letters_in(tmp_path) == []


async def test_an_unreadable_answer_is_put_aside(tmp_path: Path) -> None:
    """With every reason, as a decision would be."""
    async with an_engine(tmp_path) as app:
        taker = approvals(app.engine)

        for record in records("approvals", b"?", an_answer("perhaps"), None):
            assert await taker.take([record]) == 1

        reasons = [reason for reason, *_ in letters_in(tmp_path)]
        assert reasons == ["not_json", "contract", "empty"]


async def test_an_approval_waits_for_the_store(tmp_path: Path) -> None:
    """A person has decided, and must not have to say it again."""
    async with an_engine(tmp_path) as app:
        await parked(app, "decision-1")
        flaky = FlakyOrchestrator(app.engine, DOWN)
        batch = records("approvals", an_answer("approved"))

        with pytest.raises(Unavailable):
            await approvals(flaky).take(batch)
        assert await approvals(flaky).take(batch) == 1

        assert phases_in(tmp_path) == ["RUNNING"]
