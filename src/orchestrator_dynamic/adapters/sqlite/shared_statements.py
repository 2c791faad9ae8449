"""The SQL of the shared ledger, and keeping records so that keeping them twice does no harm."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

import orjson

from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.outbox import Outgoing, Waiting
from orchestrator_dynamic.ports.records import (
    TICKETS_PER_WORKFLOW,
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
from orchestrator_dynamic.wire.message_headers import headers_of_letter


def _insert(table: str, fields: Sequence[str], otherwise: str = "") -> str:
    marks = ", ".join("?" * len(fields))
    return f"INSERT INTO {table} ({', '.join(fields)}) VALUES ({marks}) {otherwise}"


_ONCE = "ON CONFLICT DO NOTHING"

FACT = _insert("journal", FactRecord._fields)
DECISION = _insert("decisions", DecisionRecord._fields)
_FIELDS = WorkflowRecord._fields[1:]
_NEWER = ", ".join(f"{field} = excluded.{field}" for field in _FIELDS)
WORKFLOW = _insert(
    "workflows",
    (*WorkflowRecord._fields, "turn"),
    f"ON CONFLICT (workflow) DO UPDATE SET {_NEWER}, turn = max(turn, excluded.turn) "
    # An odd turn is later than all that there are; see the theory in `shared_ledger`.
    "WHERE excluded.turn >= turn OR excluded.turn % 2 = 1",
)
_TICKET = _insert("tickets", (*TicketRecord._fields, "turn"), "ON CONFLICT (key) DO NOTHING")
_CHANGE = (
    f"UPDATE tickets SET {', '.join(f'{field} = ?' for field in TicketChange._fields[:-1])}, "
    "turn = max(turn, ?) WHERE key = ? AND (? >= turn OR ? % 2 = 1)"
)
_PROGRESS = (
    "UPDATE tickets SET progress = ?, progress_turn = max(progress_turn, ?) "
    "WHERE key = ? AND (? >= progress_turn OR ? % 2 = 1)"
)
_INCIDENT = _insert("incidents", IncidentRecord._fields, _ONCE)
_ANSWER = _insert("results", (*AnswerRecord._fields, "digest"), _ONCE)
_AUDIT = _insert("audit", (*AuditRecord._fields, "digest"), _ONCE)
_MESSAGE = _insert("messages", (*MessageRecord._fields, "digest"), _ONCE)
_DEAD_LETTER = _insert("dead_letters", (*DeadLetterRecord._fields, "digest"), _ONCE)
_REPLY = "UPDATE requests SET handled_at = ?, reply = ?, accepted = ? WHERE id = ?"

KNOWN = (
    "SELECT workflow, workflow_id, content_hash, outcome "
    "FROM decisions d JOIN workflows USING (workflow) WHERE d.decision_id = ?"
)
KEY_OF = "SELECT workflow FROM decisions WHERE decision_id = ?"
# Of what was pruned the key is forgotten; no workflow has the key 0.
PRUNED = "SELECT 0, workflow_id, content_hash, outcome FROM pruned WHERE workflow_id = ?"
NEXT_KEY = "SELECT coalesce(max(workflow), 0) + 1 FROM workflows"
LAST_SEQ = "SELECT coalesce(max(seq), 0) FROM journal WHERE workflow = ?"
FACTS_AFTER = (
    f"SELECT {', '.join(FactRecord._fields)} FROM journal "
    "WHERE workflow = ? AND seq > ? ORDER BY seq"
)
PLAN = "SELECT workflow, body FROM workflows JOIN decisions USING (workflow) WHERE workflow_id = ?"
OPEN_PLANS = (
    "SELECT workflow, workflow_id FROM workflows "
    "WHERE outcome IS NULL AND phase <> 'HALTED' ORDER BY workflow"
)
PARKED = "SELECT workflow_id FROM workflows WHERE plan_id = ? AND outcome IS NULL ORDER BY workflow"
WAITING_MESSAGES = (
    "SELECT created_at, id, topic, key, value FROM messages "
    "WHERE sent_at IS NULL ORDER BY id LIMIT ?"
)
WAITING_LETTERS = (
    "SELECT at, id, topic, key, body, headers, reason, source, at, findings "
    "FROM dead_letters WHERE topic IS NOT NULL AND sent_at IS NULL ORDER BY id LIMIT ?"
)
# By the first letter of the id under which an outgoing message waits.
SENT = {
    "m": "UPDATE messages SET sent_at = ? WHERE id = ? AND sent_at IS NULL",
    "d": "UPDATE dead_letters SET sent_at = ? WHERE id = ? AND sent_at IS NULL",
}


def places_of(count: int) -> str:
    """Return the query for where so many tickets belong."""
    return (
        "SELECT ticket_id, workflow, workflow_id, number FROM tickets "
        f"JOIN workflows USING (workflow) WHERE ticket_id IN ({', '.join('?' * count)})"
    )


def waiting_message(row: Sequence[Any]) -> Waiting:
    """Return the message of a row of `WAITING_MESSAGES`, without its moment."""
    number, topic, key, value = row
    return Waiting(f"m{number}", Outgoing(topic, key.encode(), value.encode()))


def waiting_letter(row: Sequence[Any]) -> Waiting:
    """Return the dead letter of a row of `WAITING_LETTERS`, with headers that say why."""
    number, topic, key, body, headers, reason, source, at, findings = row
    told = headers_of_letter(
        headers=headers, reason=reason, source=source, at=at, findings=findings
    )
    return Waiting(f"d{number}", Outgoing(topic, key, bytes(body), told))


def keep_records(connection: sqlite3.Connection, batch: Batch, turns: Mapping[int, int]) -> None:
    """Keep what `batch` records, in the open transaction and after its facts.

    Args:
        turns: of the workflows that the batch has facts about.
    """
    known = dict(turns)

    def turn_of(workflow: int) -> int:
        if workflow not in known:
            last = connection.execute(LAST_SEQ, (workflow,)).fetchone()[0]
            known[workflow] = 2 * int(last) + 1
        return known[workflow]

    for key, workflow in batch.workflows.items():
        connection.execute(WORKFLOW, (*workflow, turn_of(key)))
    for ticket in batch.tickets:
        connection.execute(_TICKET, (*ticket, turn_of(ticket.workflow)))
    for change in batch.changes:
        turn = turn_of(change.key // TICKETS_PER_WORKFLOW)
        connection.execute(_CHANGE, (*change[:-1], turn, change.key, turn, turn))
    for said in batch.progress:
        turn = turn_of(said.key // TICKETS_PER_WORKFLOW)
        connection.execute(_PROGRESS, (said.progress, turn, said.key, turn, turn))
    connection.executemany(_INCIDENT, batch.incidents)
    connection.executemany(_ANSWER, _once(batch.answers, batch.answers))
    connection.executemany(_AUDIT, _once(batch.audit, batch.audit))
    # A message is what it says; told again later, it is still the same one.
    said_by = [message[:3] for message in batch.messages]
    connection.executemany(_MESSAGE, _once(batch.messages, said_by))
    # The hash of a letter's body stands for it.
    bodiless = [letter._replace(body=b"", sent_at=None) for letter in batch.dead_letters]
    connection.executemany(_DEAD_LETTER, _once(batch.dead_letters, bodiless))
    connection.executemany(_REPLY, batch.replies)


def _once(
    rows: Sequence[tuple[object, ...]], contents: Sequence[tuple[object, ...]]
) -> Iterator[tuple[object, ...]]:
    """Yield `rows`, each with a digest of its content; equal ones of a batch are told apart."""
    seen: dict[bytes, int] = {}
    for row, content in zip(rows, contents, strict=True):
        values = [one.hex() if isinstance(one, bytes) else one for one in content]
        digest = sha256(orjson.dumps(values)).digest()
        before = seen.get(digest, 0)
        seen[digest] = before + 1
        yield (*row, sha256(digest + before.to_bytes(4)).digest())
