"""Which engine drives the plans of a data directory: one only, for both would take them up."""

from orchestrator_dynamic.adapters.sqlite.ledger import SqliteLedger
from orchestrator_dynamic.errors import Misconfigured

_DRIVER = "driver"
EMBEDDED, TEMPORAL = "embedded", "temporal"

_WHAT_TO_SET = {
    EMBEDDED: "unset TEMPORAL_HOST or use --engine embedded",
    TEMPORAL: "set TEMPORAL_HOST",
}


def known_to(ledger: SqliteLedger) -> str | None:
    """Return which engine drives the plans of a directory, None where none has."""
    if (known := ledger.about(_DRIVER)) is not None:
        return known
    # A directory without a mark and with plans is one of an older version.
    return EMBEDDED if ledger.next_workflow() > 1 else None


def claim(ledger: SqliteLedger, driver: str) -> None:
    """Note that `driver` drives the plans of this directory from its first plan on.

    Raises:
        Misconfigured: another engine does.
    """
    known = known_to(ledger) or ledger.note(_DRIVER, driver)
    if known != driver:
        raise Misconfigured(
            f"the plans of this data directory are driven by the {known} engine: "
            f"{_WHAT_TO_SET[known]}, or name another --data-dir"
        )
