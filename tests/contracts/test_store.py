"""The port `Store`: what people and programs read, beside the engine that writes it."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator_dynamic.adapters.sqlite import database
from orchestrator_dynamic.adapters.sqlite.store import SqliteStore
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.errors import InvalidInput
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome, TaskType, TicketStatus
from orchestrator_dynamic.ports.store import Ambiguous, NotFound, Store, WorkflowFilter
from orchestrator_dynamic.runtime.open_plan import OpenPlan
from orchestrator_dynamic.runtime.recovery import folded
from orchestrator_dynamic.sdk import PermanentFailure, TicketContext
from tests.support.engines import a_chain, a_message, a_worker, an_engine, run_to_end
from tests.support.kept import Kept
from tests.support.ledgers import a_plan_on_record, a_workflow
from tests.support.messages import a_task

EVERYTHING = WorkflowFilter()


async def work(ticket: ExecutionTicket, context: TicketContext) -> dict[str, str]:
    """Fail what is called flaky once, and what is called broken for good."""
    if ticket.task_id == "broken":
        raise PermanentFailure("it is broken")
    if ticket.task_id == "flaky" and context.attempt == 1:
        raise OSError("not this time")
    return {"made": ticket.task_id}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data directory with the stories of a few plans."""
    path = tmp_path_factory.mktemp("data")

    async def live() -> None:
        settings = {"RETRY_BACKOFF_INITIAL_MS": "1", "RETRY_JITTER": "0"}
        async with an_engine(path, a_worker(work), **settings) as app:
            await run_to_end(app, a_message(*a_chain("a", "flaky"), decision_id="alpha"))
            builds = (
                a_task("made", task_type="BUILD"),
                a_task("broken", dependencies=["made"], task_type="BUILD"),
                a_task("never", dependencies=["broken"]),
            )
            await run_to_end(app, a_message(*builds, decision_id="beta"))
            parked = a_message(*a_chain("x", "y"), decision_id="gamma", requires_approval=True)
            await app.engine.submit(parked, source="test")
            await app.engine.submit(b"not a decision", source="a stranger")
            await app.engine.submit(b"{}", source="a stranger")

    asyncio.run(live())
    return path


@pytest.fixture
def store(directory: Path) -> Iterator[Store]:
    """Yield the store of that directory."""
    with closing(database.open_for_reading(directory)) as connection:
        yield SqliteStore(connection)


async def test_workflows_come_newest_first(store: Store) -> None:
    """What has just happened is what people look for."""
    page = await store.workflows(EVERYTHING)

    assert [one.decision_id for one in page.workflows] == ["gamma", "beta", "alpha"]
    assert page.next is None


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (WorkflowFilter(outcome=Outcome.SUCCESS), ["alpha"]),
        (WorkflowFilter(outcome=Outcome.COMPENSATED), ["beta"]),
        (WorkflowFilter(open_only=True), ["gamma"]),
        (WorkflowFilter(phase="AWAITING_APPROVAL"), ["gamma"]),
        (WorkflowFilter(plan_id="plan-of-alpha"), ["alpha"]),
        (WorkflowFilter(intent_id="intent-1", outcome=Outcome.SUCCESS), ["alpha"]),
        (WorkflowFilter(intent_id="another"), []),
        (WorkflowFilter(outcome=Outcome.SUCCESS, open_only=True), []),
    ],
)
async def test_a_filter_keeps_what_it_describes(
    store: Store, wanted: WorkflowFilter, found: list[str]
) -> None:
    """All that is asked for must hold at once."""
    assert [one.decision_id for one in (await store.workflows(wanted)).workflows] == found


async def test_pages_follow_each_other_without_gap_or_repetition(store: Store) -> None:
    """New workflows that arrive meanwhile must not shift the pages."""
    first = await store.workflows(EVERYTHING, limit=2)
    second = await store.workflows(EVERYTHING, limit=2, after=first.next)

    names = [one.decision_id for one in (*first.workflows, *second.workflows)]
    assert names == ["gamma", "beta", "alpha"]
    assert second.next is None


@pytest.mark.parametrize("cursor", ["", "x", "-1", "9" * 40])
async def test_a_page_that_was_never_given_out_is_refused(store: Store, cursor: str) -> None:
    """An empty answer would look like the end."""
    with pytest.raises(InvalidInput, match="no page"):
        await store.workflows(EVERYTHING, after=cursor)
    with pytest.raises(InvalidInput, match="no page"):
        await store.dead_letters(after=cursor)


async def test_a_workflow_tells_how_it_ended(store: Store) -> None:
    """The numbers of an ended plan are final."""
    beta = await store.workflow("beta")

    assert beta.outcome is Outcome.COMPENSATED
    assert "it is broken" in beta.reason
    assert (beta.tasks, beta.completed, beta.failed, beta.compensated) == (3, 0, 1, 1)
    assert beta.ended_at is not None
    assert beta.incidents == 1


def test_the_progress_of_an_open_plan_is_that_of_now(tmp_path: Path) -> None:
    """Its own row is written when its phase changes; that is too seldom to look at."""

    async def progress() -> tuple[int, int, int]:
        held = asyncio.Event()
        half = asyncio.Event()

        async def half_way(ticket: ExecutionTicket, context: TicketContext) -> None:
            if ticket.task_id == "second":
                half.set()
                await held.wait()

        async with an_engine(tmp_path, a_worker(half_way)) as app:
            await app.engine.submit(a_message(*a_chain("first", "second")), source="test")
            await half.wait()
            workflow = await app.store.workflow("decision-1")
            held.set()
            return workflow.completed, workflow.failed, workflow.tasks

    assert asyncio.run(progress()) == (1, 0, 2)


@pytest.mark.parametrize(
    ("name", "outcome"), [("orch-alpha", Outcome.SUCCESS), ("orch-gamma", None)]
)
async def test_an_ending_is_told_by_workflow_id(
    store: Store, name: str, outcome: Outcome | None
) -> None:
    """Whoever handed a decision in again wants to know what it came to."""
    ending = await store.ending(WorkflowId(name))

    assert ending is not None
    assert (ending.outcome, ending.pruned_at) == (outcome, None)


async def test_there_is_no_ending_of_what_never_was(store: Store) -> None:
    """It is not the same as one that is open."""
    assert await store.ending(WorkflowId("orch-delta")) is None


async def test_it_is_known_how_a_decision_came_in(store: Store) -> None:
    """The first question about a plan that nobody expected."""
    arrival = await store.arrival(await store.workflow("alpha"))

    assert (arrival.source, arrival.envelope) == ("test", "json")
    assert len(arrival.content_hash) == 64


async def test_tickets_come_in_plan_order_and_compensations_last(store: Store) -> None:
    """The numbers are those of the journal."""
    tickets = await store.tickets(await store.workflow("beta"))

    assert [(one.number, one.task_id, one.stage) for one in tickets] == [
        (0, "made", Stage.COMPENSATED),
        (1, "broken", Stage.FAILED),
        (2, "never", Stage.SKIPPED),
        (3, "made", Stage.COMPLETED),
    ]
    assert (tickets[3].undoes, tickets[3].task_type) == (0, TaskType.COMPENSATE)
    assert tickets[0].status is TicketStatus.COMPENSATED
    assert tickets[0].run_ms is not None
    assert tickets[2].run_ms is None


async def test_tickets_can_be_had_in_parts(store: Store) -> None:
    """A plan of 100,000 tickets is not one page."""
    beta = await store.workflow("beta")

    assert [one.number for one in await store.tickets(beta, limit=2)] == [0, 1]
    assert [one.number for one in await store.tickets(beta, limit=2, after=1)] == [2, 3]


async def test_tasks_are_counted_by_stage(store: Store) -> None:
    """Compensations are no tasks."""
    assert await store.stages(await store.workflow("beta")) == {
        Stage.COMPENSATED: 1,
        Stage.FAILED: 1,
        Stage.SKIPPED: 1,
    }


async def test_a_ticket_goes_by_its_task_or_its_own_id(store: Store) -> None:
    """A task's name means the task's own ticket, not its compensation."""
    beta = await store.workflow("beta")
    undoing = (await store.tickets(beta))[3]

    assert (await store.ticket(beta, "made")).number == 0
    assert (await store.ticket(beta, "brok")).number == 1
    assert (await store.ticket(beta, undoing.ticket_id)).number == 3
    assert (await store.ticket(beta, undoing.ticket_id[:13])).number == 3


async def test_a_ticket_that_there_is_not_is_not_found(store: Store) -> None:
    """Nor may a ticket of another plan be."""
    beta = await store.workflow("beta")

    with pytest.raises(NotFound, match="flaky"):
        await store.ticket(beta, "flaky")
    with pytest.raises(Ambiguous, match="made, broken, never"):
        await store.ticket(beta, "")


async def test_a_timeline_names_the_tasks_of_its_facts(store: Store) -> None:
    """Numbers mean something to the core only."""
    timeline = await store.timeline(await store.workflow("alpha"))

    told = [(one.kind, one.tasks, one.attempt) for one in timeline]
    assert told[:3] == [
        ("decision_accepted", (), None),
        ("tickets_published", ("a",), 1),
        ("ticket_succeeded", ("a",), 1),
    ]
    assert ("ticket_failed", ("flaky",), 1) in told
    assert told[-1] == ("ticket_succeeded", ("flaky",), 2)
    assert [one.at for one in timeline] == sorted(one.at for one in timeline)
    assert "time_passed" not in {one.kind for one in timeline}


async def test_the_end_of_a_timeline_can_be_had_alone(store: Store) -> None:
    """What happened last is asked for most."""
    alpha = await store.workflow("alpha")

    assert await store.timeline(alpha, last=2) == (await store.timeline(alpha))[-2:]


async def test_a_compensation_is_told_apart_from_its_task(store: Store) -> None:
    """Both carry the task's name."""
    timeline = await store.timeline(await store.workflow("beta"))

    assert timeline[-1].tasks == ("undoing of made",)


async def test_a_tickets_history_is_its_own(store: Store) -> None:
    """Facts about several tickets count with the attempt of this one."""
    alpha = await store.workflow("alpha")
    flaky = await store.ticket(alpha, "flaky")

    history = [(one.kind, one.attempt) for one in await store.history(alpha, flaky)]

    assert history == [
        ("tickets_published", 1),
        ("ticket_failed", 1),
        ("tickets_published", 2),
        ("ticket_succeeded", 2),
    ]
    assert {one.tasks for one in await store.history(alpha, flaky)} == {("flaky",)}


async def test_answers_are_kept_with_what_became_of_them(store: Store) -> None:
    """A failed attempt's error, and the output of the one that did better."""
    alpha = await store.workflow("alpha")
    first, second = await store.answers(alpha, await store.ticket(alpha, "flaky"))

    assert (first.status, first.attempt, first.fate) == ("FAILED", 1, "accepted")
    assert "not this time" in (first.error or "")
    assert (second.status, second.attempt) == ("COMPLETED", 2)
    assert second.output == {"made": "flaky"}
    assert second.agent == "worker"


async def test_the_audit_says_who_did_what(store: Store) -> None:
    """Oldest first, each with its detail."""
    audit = await store.audit(await store.workflow("beta"))

    assert [one.action for one in audit] == [
        "decision_accepted",
        "plan_started",
        "plan_draining",
        "compensation_began",
        "plan_ended",
    ]
    assert {one.actor for one in audit} == {"orchestrator"}
    assert audit[-1].detail["outcome"] == "COMPENSATED"


async def test_incidents_are_kept_as_they_were_sent(store: Store) -> None:
    """Whoever remedies one must find all of it, its hash included."""
    [incident] = await store.incidents(await store.workflow("beta"))

    assert incident.incident_type == "WORKER_FAILURE"
    assert incident.affected_tickets == (
        (await store.ticket(await store.workflow("beta"), "broken")).ticket_id,
    )
    assert len(incident.hash) == 64
    assert await store.incidents(await store.workflow("alpha")) == ()


async def test_an_ended_plan_has_its_frame(store: Store) -> None:
    """One each, and none before the end."""
    frame = await store.telemetry(await store.workflow("alpha"))

    assert frame is not None
    assert frame.correlation.workflow_id == "orch-alpha"
    assert (frame.outcome, frame.metrics.tickets_retried) == (Outcome.SUCCESS, 1)
    assert await store.telemetry(await store.workflow("gamma")) is None


async def test_messages_can_be_looked_at_by_topic(store: Store) -> None:
    """Newest first; the embedded bus has taken all of them."""
    frames = await store.messages(topic="telemetry.orchestration")

    assert [one.key for one in frames] == ["plan-of-beta", "plan-of-alpha"]
    assert len(await store.messages()) == 3
    assert await store.messages(buffered_only=True) == ()


async def test_an_open_plan_can_be_folded_from_what_is_stored(store: Store) -> None:
    """From its state follows what each ticket waits for."""
    plan = folded(await store.stored_plan(await store.workflow("gamma")))

    assert isinstance(plan, OpenPlan)
    assert plan.state.phase == "AWAITING_APPROVAL"
    assert [ticket.task_id for ticket in plan.state.tickets] == ["x", "y"]


async def test_dead_letters_come_newest_first_without_their_bodies(store: Store) -> None:
    """Bodies may be large, and a list is not where anybody reads them."""
    page = await store.dead_letters(limit=1)
    rest = await store.dead_letters(limit=1, after=page.next)

    assert [(one.id, one.reason) for one in (*page.letters, *rest.letters)] == [
        (2, "unknown_envelope"),
        (1, "not_json"),
    ]
    assert rest.next is None
    assert (page.letters[0].source, page.letters[0].size) == ("a stranger", 2)


async def test_a_dead_letter_in_full_has_its_bytes_and_every_reason(store: Store) -> None:
    """Both are needed to mend it."""
    letter, body = await store.dead_letter(1)

    assert body == b"not a decision"
    assert [finding.code for finding in letter.findings] == ["not_json"]
    assert not letter.truncated


@pytest.mark.parametrize("number", [0, 3, -1, 10**30])
async def test_a_dead_letter_that_there_is_not_is_not_found(store: Store, number: int) -> None:
    """Also where the number is none that a database could hold."""
    with pytest.raises(NotFound, match=f"no dead letter {number}"):
        await store.dead_letter(number)


async def test_a_snapshot_is_of_one_moment(kept: Kept) -> None:
    """A story that was gathered while the plan went on would contradict itself."""
    store = await kept.committed(a_plan_on_record(a_workflow(1)))

    async with store.snapshot():
        before = len((await store.workflows(EVERYTHING)).workflows)
        await kept.committed(a_plan_on_record(a_workflow(2)))
        within = len((await store.workflows(EVERYTHING)).workflows)
    after = len((await store.workflows(EVERYTHING)).workflows)

    assert (before, within, after) == (1, 1, 2)


def test_reading_cannot_write(directory: Path) -> None:
    """A slip in a query must not cost anybody's records."""
    with (
        closing(database.open_for_reading(directory)) as connection,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        connection.execute("DELETE FROM workflows")
