"""Places that several processes share: ledgers to write, an outbox, and a store to read."""

import sys
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path
from typing import Any, Protocol

from orchestrator_dynamic.adapters.sqlite import database
from orchestrator_dynamic.adapters.sqlite.shared_ledger import SqliteSharedLedger
from orchestrator_dynamic.adapters.sqlite.store import SqliteStore
from orchestrator_dynamic.ports.filters import WorkflowFilter
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.outbox import Outbox
from orchestrator_dynamic.ports.records import (
    TICKETS_PER_WORKFLOW,
    AnswerRecord,
    AuditRecord,
    DeadLetterRecord,
    IncidentRecord,
    MessageRecord,
    ProgressRecord,
    TicketChange,
)
from orchestrator_dynamic.ports.shared_ledger import Known, SharedLedger
from orchestrator_dynamic.ports.store import PAGE_MAX, Store
from tests.support.ledgers import NOON, a_decision_row, a_fact, a_ticket_row, a_workflow, ended


class Writer(SharedLedger, Outbox, Protocol):
    """What a process has open: both sides of the place."""


class SharedPlace(Protocol):
    """A place with nothing in it at first."""

    def writer(self) -> AbstractAsyncContextManager[Writer]:
        """Open it as one more process would."""
        ...

    def store(self) -> AbstractAsyncContextManager[Store]:
        """Open it to read what is recorded."""
        ...


class SharedSqlite:
    """The file of a data directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        # Made by one, so that the others find it whole.
        database.open_for_writing(directory).close()

    @asynccontextmanager
    async def writer(self) -> AsyncIterator[Writer]:
        """As the place says."""
        with closing(database.open_for_writing(self._directory)) as connection:
            yield SqliteSharedLedger(connection)

    @asynccontextmanager
    async def store(self) -> AsyncIterator[Store]:
        """As the place says."""
        with closing(database.open_for_reading(self._directory)) as connection:
            yield SqliteStore(connection)


async def taken_in(writer: SharedLedger, number: int = 1) -> Known:
    """Have the decision of this number taken in."""
    return await writer.take_in(a_decision_row(number), a_workflow(number))


def told(workflow: int, *seqs: int) -> Batch:
    """Return a batch of these facts of a plan and nothing else."""
    return Batch(facts=[a_fact(workflow, seq) for seq in seqs])


def a_ticket_change(workflow: int = 1, number: int = 0, **fields: object) -> TicketChange:
    """Return what has changed about a ticket that runs."""
    change = TicketChange(
        stage="PUBLISHING",
        status="RUNNING",
        attempt=1,
        ready_at=NOON,
        deadline_at=NOON + 60_000,
        published_at=NOON,
        started_at=None,
        ended_at=None,
        agent=None,
        error=None,
        key=workflow * TICKETS_PER_WORKFLOW + number,
    )
    return change._replace(**fields)  # type: ignore[arg-type]


def an_answer(workflow: int | None = 1, **fields: object) -> AnswerRecord:
    """Return a worker's answer about the first ticket of a plan."""
    answer = AnswerRecord(
        workflow=workflow,
        ticket_id=f"ticket-{workflow}-0",
        attempt=1,
        at=NOON,
        status="COMPLETED",
        fate="accepted",
        agent="worker",
        duration_ms=5,
        error=None,
        payload='{"output": {"made": "it"}, "metadata": {}, "logs": []}',
    )
    return answer._replace(**fields)  # type: ignore[arg-type]


def a_dead_letter(**fields: object) -> DeadLetterRecord:
    """Return a dead letter that is to go to a topic."""
    letter = DeadLetterRecord(
        at=NOON,
        reason="not_json",
        source="plans.consensus[0]@7",
        findings='[{"code":"not_json","severity":"error","where":"","message":"no JSON"}]',
        headers='{"trace":"\\u00ff1"}',
        size=3,
        sha256="ab" * 32,
        body=b"\xff{}",
        key=b"\x00key",
        topic="plans.consensus.dlq",
        sent_at=None,
    )
    return letter._replace(**fields)  # type: ignore[arg-type]


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
