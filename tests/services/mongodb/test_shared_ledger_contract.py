"""The suites of shared ledger and outbox on a server of MongoDB's protocol."""

from tests.contracts.test_outbox import OutboxContract
from tests.contracts.test_shared_ledger import SharedLedgerContract


class TestMongoLedger(SharedLedgerContract):
    """In a database of its own."""


class TestMongoOutbox(OutboxContract):
    """In a database of its own."""
