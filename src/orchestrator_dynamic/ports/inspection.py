"""What there is to know about the embedded store before anybody relies on it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What is recorded, in numbers; `last_fact_at` is epoch ms (UTC), None where there is none."""

    last_fact_at: int | None
    open_plans: int
    parked_plans: int
    halted_plans: int
    dead_letters: int
    buffered_messages: int
    unanswered_requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """The state of the file that holds everything.

    Attributes:
        size: in bytes, its log included; None where there is no file yet.
        schema_version: of the file; None where it cannot be read.
        schema_known: the version that this program writes.
        faults: what the integrity check says, empty where all is well.
        records: None where they cannot be read.
    """

    sqlite_version: str
    size: int | None
    schema_version: int | None
    schema_known: int
    faults: tuple[str, ...]
    records: Records | None
