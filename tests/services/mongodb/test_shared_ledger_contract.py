"""The suites of shared ledger and outbox on a server of MongoDB's protocol."""

from tests.contracts.test_outbox import OutboxContract
from tests.contracts.test_shared_ledger import SharedLedgerContract
from tests.contracts.test_shared_records import SharedRecordsContract


class TestMongoLedger(SharedLedgerContract):
    """In a database of its own."""


class TestMongoOutbox(OutboxContract):
    """In a database of its own."""


class TestMongoRecords(SharedRecordsContract):
    """In a database of its own."""
