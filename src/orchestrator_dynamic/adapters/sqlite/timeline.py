"""Facts of the journal, told with the names of the tasks that they concern."""

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from orchestrator_dynamic.ports.store import TimelineEntry


def undoing(task_id: str) -> str:
    """Return what the ticket that undoes a task is called."""
    return f"undoing of {task_id}"


def numbers_in(body: Mapping[str, Any]) -> Iterator[int]:
    """Yield the numbers of the tickets that a fact concerns."""
    if "ticket" in body:
        yield body["ticket"]
    for named in body.get("tickets") or ():
        yield named[0] if isinstance(named, list) else named


def entry(row: sqlite3.Row, body: Mapping[str, Any], names: Mapping[int, str]) -> TimelineEntry:
    """Return the entry of a journal's row, whose body has been read already."""
    numbers = list(numbers_in(body))
    tasks = tuple(names.get(number, f"ticket {number}") for number in numbers)
    return _entry(row, body, tasks, numbers[0] if len(numbers) == 1 else None)


def entry_about(row: sqlite3.Row, number: int, name: str) -> TimelineEntry:
    """Return the entry of a journal's row as far as it concerns one ticket."""
    return _entry(row, orjson.loads(row["body"]), (name,), number)


def _entry(
    row: sqlite3.Row, body: Mapping[str, Any], tasks: tuple[str, ...], only: int | None
) -> TimelineEntry:
    return TimelineEntry(
        seq=row["seq"],
        at=row["at"],
        kind=row["kind"],
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
