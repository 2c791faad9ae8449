"""A batch that waits to be copied comes back as it was."""

from dataclasses import fields

from orchestrator_dynamic.adapters.sqlite import batch_text
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.records import (
    AuditRecord,
    DeadLetterRecord,
    DecisionRecord,
    FactRecord,
    ProgressRecord,
)


def test_every_kind_of_row_is_written() -> None:
    """A kind that is forgotten would be lost in every outage of the store."""
    numbers = {"number", "copied"}

    assert {field.name for field in fields(Batch)} - numbers == set(batch_text.KINDS)


def test_what_is_read_is_what_was_written() -> None:
    """Bytes that are no text are kept like any others."""
    batch = Batch(
        facts=[FactRecord(1, 2, 3, "time_passed", 1, '{"at": 3}')],
        decisions=[DecisionRecord(1, "d", "hash", "json", "file", 7, b'{"plan": "\xc3\xa9"}')],
        progress=[ProgressRecord("half", 1 << 40)],
        audit=[AuditRecord(1, "orch-d", "plan_started", "ada", "{}")],
        dead_letters=[
            DeadLetterRecord(1, "empty", "t[0]@1", "[]", "{}", 3, "sha", b"\xff\x00\x01", b"\xfe"),
            DeadLetterRecord(1, "empty", "t[0]@2", "[]", "{}", 0, "sha", b"", None, "dlq"),
        ],
    )

    assert batch_text.decode(batch_text.encode(batch)) == batch
