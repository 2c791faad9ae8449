"""Facts of the journal, told with the names of the tasks that they concern."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from orchestrator_dynamic.ports.records import FactRecord
from orchestrator_dynamic.ports.store import TimelineEntry

# That time has passed is no news by itself.
NO_NEWS = "time_passed"


def undoing(task_id: str) -> str:
    """Return what the ticket that undoes a task is called."""
    return f"undoing of {task_id}"


def numbers_in(body: Mapping[str, Any]) -> Iterator[int]:
    """Yield the numbers of the tickets that a fact concerns."""
    if "ticket" in body:
        yield body["ticket"]
    for named in body.get("tickets") or ():
        yield named[0] if isinstance(named, list) else named


def body_of(fact: FactRecord) -> Mapping[str, Any]:
    """Return what a fact says."""
    body: Mapping[str, Any] = orjson.loads(fact.body)
    return body


def entry(fact: FactRecord, body: Mapping[str, Any], names: Mapping[int, str]) -> TimelineEntry:
    """Return the entry of a fact that concerns the tickets with these names."""
    numbers = list(numbers_in(body))
    tasks = tuple(names.get(number, f"ticket {number}") for number in numbers)
    return _entry(fact, body, tasks, numbers[0] if len(numbers) == 1 else None)


def entry_about(fact: FactRecord, body: Mapping[str, Any], number: int, name: str) -> TimelineEntry:
    """Return the entry of a fact as far as it concerns one ticket."""
    return _entry(fact, body, (name,), number)


def _entry(
    fact: FactRecord, body: Mapping[str, Any], tasks: tuple[str, ...], only: int | None
) -> TimelineEntry:
    return TimelineEntry(
        seq=fact.seq,
        at=fact.at,
        kind=fact.kind,
        tasks=tasks,
        attempt=None if only is None else _attempt_of(body, only),
        agent=body.get("agent"),
        error=body.get("error"),
        by=body.get("by"),
        reason=body.get("reason"),
    )


def _attempt_of(body: Mapping[str, Any], number: int) -> int | None:
    for named in body.get("tickets") or ():
        if isinstance(named, list) and named[0] == number:
            return int(named[1])
    attempt = body.get("attempt")
    return None if attempt is None else int(attempt)
