"""What an engine has recorded of a few plans, as one batch that any ledger can be given."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple, TypeVar

from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.records import (
    AnswerRecord,
    AuditRecord,
    DeadLetterRecord,
    DecisionRecord,
    FactRecord,
    IncidentRecord,
    MessageRecord,
    TicketChange,
    TicketRecord,
    WorkflowRecord,
)
from orchestrator_dynamic.sdk import PermanentFailure, TicketContext
from tests.support.engines import a_chain, a_message, a_worker, an_engine, run_to_end
from tests.support.messages import a_task

R = TypeVar("R", bound=NamedTuple)


async def a_few_plans(directory: Path) -> Batch:
    """Let an engine run a few plans, and return all that it has recorded.

    `alpha` succeeds, after its flaky task was tried again; `beta` is compensated; `gamma` waits
    for approval. Two messages become dead letters.
    """
    settings = {"RETRY_BACKOFF_INITIAL_MS": "1", "RETRY_JITTER": "0"}
    async with an_engine(directory, a_worker(_work), **settings) as app:
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
    return _everything_in(directory / "orchestrator.sqlite3")


async def _work(ticket: ExecutionTicket, context: TicketContext) -> dict[str, str]:
    """Fail what is called flaky once, and what is called broken for good."""
    if ticket.task_id == "broken":
        raise PermanentFailure("it is broken")
    if ticket.task_id == "flaky" and context.attempt == 1:
        raise OSError("not this time")
    return {"made": ticket.task_id}


def _everything_in(file: Path) -> Batch:
    with closing(sqlite3.connect(file)) as connection:

        def rows_of(table: str, record: type[R], order: str = "id") -> list[R]:
            columns = ", ".join(record._fields)
            rows = connection.execute(f"SELECT {columns} FROM {table} ORDER BY {order}")
            return [record(*row) for row in rows]

        workflows = rows_of("workflows", WorkflowRecord, "workflow")
        return Batch(
            facts=rows_of("journal", FactRecord, "workflow, seq"),
            decisions=rows_of("decisions", DecisionRecord, "workflow"),
            workflows={record.workflow: record for record in workflows},
            tickets=rows_of("tickets", TicketRecord, "key"),
            changes=rows_of("tickets", TicketChange, "key"),
            answers=rows_of("results", AnswerRecord),
            audit=rows_of("audit", AuditRecord),
            incidents=rows_of("incidents", IncidentRecord, "created_at"),
            messages=rows_of("messages", MessageRecord),
            dead_letters=rows_of("dead_letters", DeadLetterRecord),
        )
