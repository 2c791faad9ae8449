"""A batch as one text, kept until another store has its rows too."""

from base64 import b64decode, b64encode
from typing import Any

import orjson

from orchestrator_dynamic.ports import records
from orchestrator_dynamic.ports.ledger import Batch

KINDS: dict[str, Any] = {
    "facts": records.FactRecord,
    "decisions": records.DecisionRecord,
    "workflows": records.WorkflowRecord,
    "tickets": records.TicketRecord,
    "changes": records.TicketChange,
    "progress": records.ProgressRecord,
    "answers": records.AnswerRecord,
    "audit": records.AuditRecord,
    "incidents": records.IncidentRecord,
    "messages": records.MessageRecord,
    "dead_letters": records.DeadLetterRecord,
    "replies": records.RequestReply,
}
# What holds bytes that may be anything; JSON carries them in base 64.
_BYTES = {"decisions": ("body",), "dead_letters": ("body", "key")}


def encode(batch: Batch) -> bytes:
    """Return all rows of `batch` as one text, without its numbers."""
    rows = {name: _rows(batch, name) for name in KINDS}
    return orjson.dumps({name: some for name, some in rows.items() if some})


def decode(body: bytes) -> Batch:
    """Return the batch whose rows `encode` wrote."""
    batch = Batch()
    for name, rows in orjson.loads(body).items():
        made = [_read(name, row) for row in rows]
        if name == "workflows":
            batch.workflows = {row.workflow: row for row in made}
        else:
            setattr(batch, name, made)
    return batch


def _rows(batch: Batch, name: str) -> list[tuple[object, ...]]:
    kept = getattr(batch, name)
    rows = list(kept.values()) if isinstance(kept, dict) else kept
    if name in _BYTES:
        return [_with_text(row, _BYTES[name]) for row in rows]
    return [tuple(row) for row in rows]


def _with_text(row: Any, names: tuple[str, ...]) -> tuple[object, ...]:
    held = {name: getattr(row, name) for name in names}
    texts = {name: None if it is None else b64encode(it).decode() for name, it in held.items()}
    return tuple(row._replace(**texts))


def _read(name: str, values: list[object]) -> Any:
    row = KINDS[name](*values)
    texts = {field: getattr(row, field) for field in _BYTES.get(name, ())}
    return row._replace(
        **{field: None if text is None else b64decode(text) for field, text in texts.items()}
    )
