"""Keeping what cannot be used: its original bytes, where it came from, and every reason."""

from hashlib import sha256

import orjson

from orchestrator_dynamic.errors import Finding, InvalidInput, Severity
from orchestrator_dynamic.ports.orchestrator import Incoming
from orchestrator_dynamic.ports.records import DeadLetterRecord

# Of a message larger than this, its beginning, size and hash are kept.
BODY_BYTES_MAX = 16 * 1024 * 1024


def letter_about(message: Incoming, why: InvalidInput, at: int) -> DeadLetterRecord:
    """Return the dead letter that keeps `message` with all of `why`."""
    # Latin-1 gives every byte a character, so that binary headers come back as they were.
    kept = {name: value.decode("latin-1") for name, value in message.headers.items()}
    data = message.data
    return DeadLetterRecord(
        at=at,
        reason=why.reason,
        source=message.source,
        findings=orjson.dumps(why.findings).decode(),
        headers=orjson.dumps(kept).decode(),
        size=len(data),
        sha256=sha256(data).hexdigest(),
        body=data[:BODY_BYTES_MAX],
        key=message.key,
        topic=message.dead_letters_to,
    )


def findings_in(letter: DeadLetterRecord) -> tuple[Finding, ...]:
    """Return every reason that a dead letter was kept for."""
    return tuple(
        Finding(row["code"], Severity(row["severity"]), row["where"], row["message"])
        for row in orjson.loads(letter.findings)
    )
