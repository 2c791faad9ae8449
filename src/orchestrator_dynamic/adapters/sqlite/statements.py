"""The SQL of the ledger, made from the records so that a field is named in one place."""

import sqlite3

from orchestrator_dynamic.adapters.sqlite import batch_text
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.records import (
    AnswerRecord,
    AuditRecord,
    DeadLetterRecord,
    DecisionRecord,
    FactRecord,
    IncidentRecord,
    MessageRecord,
    OperatorRequest,
    ProgressRecord,
    TicketChange,
    TicketRecord,
    WorkflowRecord,
)


def _insert(table: str, fields: tuple[str, ...], verb: str = "INSERT") -> str:
    return f"{verb} INTO {table} ({', '.join(fields)}) VALUES ({', '.join('?' * len(fields))})"


def _update(table: str, fields: tuple[str, ...]) -> str:
    """An update of a row that is named by the last of `fields`."""
    changed = ", ".join(f"{field} = ?" for field in fields[:-1])
    return f"UPDATE {table} SET {changed} WHERE {fields[-1]} = ?"


_FACT = _insert("journal", FactRecord._fields)
_DECISION = _insert("decisions", DecisionRecord._fields)
_WORKFLOW = _insert("workflows", WorkflowRecord._fields, "INSERT OR REPLACE")
_TICKET = _insert("tickets", TicketRecord._fields)
_CHANGE = _update("tickets", TicketChange._fields)
_PROGRESS = _update("tickets", ProgressRecord._fields)
_ANSWER = _insert("results", AnswerRecord._fields)
_AUDIT = _insert("audit", AuditRecord._fields)
# An incident's id follows from its cause: told again, it is the same incident.
_INCIDENT = _insert("incidents", IncidentRecord._fields, "INSERT OR IGNORE")
_MESSAGE = _insert("messages", MessageRecord._fields)
_DEAD_LETTER = _insert("dead_letters", DeadLetterRecord._fields)
_REPLY = "UPDATE requests SET handled_at = ?, reply = ?, accepted = ? WHERE id = ?"

OPEN_PLANS = (
    "SELECT workflow, workflow_id, body FROM workflows JOIN decisions USING (workflow) "
    "WHERE outcome IS NULL AND phase <> 'HALTED' ORDER BY workflow"
)
FACTS_OF = f"SELECT {', '.join(FactRecord._fields)} FROM journal WHERE workflow = ? ORDER BY seq"
DECISION_HASH = (
    "SELECT content_hash, workflow_id FROM decisions d JOIN workflows USING (workflow) "
    "WHERE d.decision_id = ?"
)
PRUNED_HASH = "SELECT content_hash, workflow_id FROM pruned WHERE workflow_id = ?"
OUTCOME_OF = (
    "SELECT outcome FROM workflows WHERE workflow_id = :workflow_id "
    "UNION ALL SELECT outcome FROM pruned WHERE workflow_id = :workflow_id"
)
PLACE_OF = (
    "SELECT workflow, workflow_id, number FROM tickets JOIN workflows USING (workflow) "
    "WHERE ticket_id = ?"
)
OPEN_REQUESTS = (
    f"SELECT {', '.join(OperatorRequest._fields)} FROM requests "
    "WHERE handled_at IS NULL ORDER BY id"
)


KEEP_COPY = "INSERT INTO uncopied (number, body) VALUES (?, ?)"
FORGET_COPIES = "DELETE FROM uncopied WHERE number <= ?"
ABOUT = "SELECT value FROM about WHERE name = ?"
NOTE = "INSERT INTO about (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING"
UNCOPIED = "SELECT number, body FROM uncopied ORDER BY number"


def write(connection: sqlite3.Connection, batch: Batch) -> None:
    """Write all rows of `batch` in the open transaction, new tickets before what changes them."""
    if batch.number is not None:
        connection.execute(KEEP_COPY, (batch.number, batch_text.encode(batch)))
    if batch.copied:
        connection.execute(FORGET_COPIES, (batch.copied,))
    for statement, rows in (
        (_FACT, batch.facts),
        (_WORKFLOW, batch.workflows.values()),
        (_DECISION, batch.decisions),
        (_TICKET, batch.tickets),
        (_CHANGE, batch.changes),
        (_PROGRESS, batch.progress),
        (_ANSWER, batch.answers),
        (_AUDIT, batch.audit),
        (_INCIDENT, batch.incidents),
        (_MESSAGE, batch.messages),
        (_DEAD_LETTER, batch.dead_letters),
        (_REPLY, batch.replies),
    ):
        if rows:
            connection.executemany(statement, rows)
