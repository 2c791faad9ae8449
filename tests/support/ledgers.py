"""Rows of the ledger that say only what a test is about, and places to keep them."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from orchestrator_dynamic.adapters.sqlite import database
from orchestrator_dynamic.adapters.sqlite.ledger import SqliteLedger
from orchestrator_dynamic.core.ticket import STATUS_OF, Stage
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.records import (
    TICKETS_PER_WORKFLOW,
    AuditRecord,
    DecisionRecord,
    FactRecord,
    MessageRecord,
    TicketChange,
    TicketRecord,
    WorkflowRecord,
)

NOON = 1_767_268_800_000


@contextmanager
def a_ledger(directory: Path) -> Iterator[SqliteLedger]:
    """Open the ledger of `directory`, as an engine would."""
    with closing(database.open_for_writing(directory)) as connection:
        yield SqliteLedger(connection)


@contextmanager
def beside(directory: Path) -> Iterator[sqlite3.Connection]:
    """Open a second connection, as an operator's command would."""
    with closing(database.open_beside_engine(directory)) as connection:
        yield connection


def committed(directory: Path, *batches: Batch) -> None:
    """Make these batches durable, one after the other."""
    with a_ledger(directory) as ledger:
        for batch in batches:
            asyncio.run(ledger.commit(batch))


def a_fact(workflow: int = 1, seq: int = 1, kind: str = "time_passed") -> FactRecord:
    """Return a line of a journal."""
    return FactRecord(workflow, seq, NOON + seq, kind, 1, f'{{"seq": {seq}}}')


def a_workflow(workflow: int = 1, **fields: object) -> WorkflowRecord:
    """Return a plan that runs."""
    record = WorkflowRecord(
        workflow=workflow,
        workflow_id=f"orch-decision-{workflow}",
        decision_id=f"decision-{workflow}",
        plan_id=f"plan-{workflow}",
        intent_id="intent-1",
        risk_band="low",
        priority="NORMAL",
        phase="RUNNING",
        paused=0,
        outcome=None,
        reason="",
        tasks=1,
        completed=0,
        failed=0,
        compensated=0,
        retried=0,
        sla_violations=0,
        incidents=0,
        critical_path_ms=0,
        queue_ms=0,
        execution_ms=0,
        accepted_at=NOON,
        started_at=NOON,
        deadline_at=None,
        ended_at=None,
    )
    return record._replace(**fields)  # type: ignore[arg-type]


def ended(workflow: int = 1, at: int = NOON) -> WorkflowRecord:
    """Return a plan that succeeded at the moment `at`."""
    return a_workflow(workflow, phase="ENDED", outcome="SUCCESS", completed=1, ended_at=at)


def a_decision_row(workflow: int = 1) -> DecisionRecord:
    """Return a decision as it was taken in."""
    name = f"decision-{workflow}"
    return DecisionRecord(workflow, name, f"hash-{workflow}", "json", "test", NOON, b"{}")


def a_ticket_row(workflow: int = 1, number: int = 0) -> TicketRecord:
    """Return a ticket that has just been made."""
    return TicketRecord(
        key=workflow * TICKETS_PER_WORKFLOW + number,
        workflow=workflow,
        number=number,
        ticket_id=f"ticket-{workflow}-{number}",
        task_id=f"task-{number}",
        task_type="EXECUTE",
        undoes=None,
        timeout_ms=60_000,
        stage="WAITING",
        status="PENDING",
    )


def a_change(number: int, stage: Stage, attempt: int, workflow: int = 1) -> TicketChange:
    """Return what has become of a ticket that somebody works on, or worked on."""
    return TicketChange(
        stage=stage.value,
        status=STATUS_OF[stage].value,
        attempt=attempt,
        ready_at=NOON,
        deadline_at=NOON + 60_000,
        published_at=NOON,
        started_at=NOON,
        ended_at=None,
        agent="ana",
        error=None,
        key=workflow * TICKETS_PER_WORKFLOW + number,
    )


def a_plan_on_record(record: WorkflowRecord, facts: int = 1, tickets: int = 1) -> Batch:
    """Return everything of one plan."""
    key = record.workflow
    return Batch(
        decisions=[a_decision_row(key)],
        workflows={key: record},
        facts=[a_fact(key, seq) for seq in range(1, facts + 1)],
        tickets=[a_ticket_row(key, number) for number in range(tickets)],
        audit=[AuditRecord(NOON, record.workflow_id, "plan_started", "orchestrator", "{}")],
        messages=[
            MessageRecord(
                "alerts", f"m{key}", f'{{"workflow_id":"{record.workflow_id}"}}', NOON, NOON
            )
        ],
    )
