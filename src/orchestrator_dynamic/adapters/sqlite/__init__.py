"""The ledger, the store and the lease on one SQLite file."""
