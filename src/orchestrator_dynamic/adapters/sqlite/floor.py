"""The least that any durable engine of this design must do, to be measured beside ours.

It keeps one row a ticket and makes one durable commit for each batch of tickets that are released
together, on a file opened exactly as the engine's. It checks nothing, records nothing else, and
would lose track after a crash: a floor, not an engine.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from orchestrator_dynamic.adapters.sqlite.database import open_for_writing, transaction

_TABLE = "CREATE TABLE IF NOT EXISTS floor (run INTEGER, ticket INTEGER, status TEXT)"
_ROW = "INSERT INTO floor VALUES (?, ?, 'RUNNING')"


Commit = Callable[[Sequence[tuple[int, int]]], None]
"""Makes a batch of tickets durable, each as the numbers of its run and of itself."""


@contextmanager
def opened_floor(directory: Path) -> Iterator[Commit]:
    """Yield the commit of a floor on the file of `directory`."""
    with closing(open_for_writing(directory)) as connection:
        connection.execute(_TABLE)
        yield lambda tickets: _commit(connection, tickets)


async def run_floor(
    directory: Path, plans: list[list[list[int]]], call: Callable[[int], Awaitable[object]]
) -> int:
    """Release every task of every plan in order, and return how many commits that took.

    Args:
        plans: for each plan, for each task, the tasks it depends on.
        call: the work of a task.
    """
    with opened_floor(directory) as commit:
        ready = [(plan, task) for plan, edges in enumerate(plans) for task in _roots(edges)]
        waiting = [[len(before) for before in edges] for edges in plans]
        children = [_children(edges) for edges in plans]
        commits = 0
        while ready:
            commit(ready)
            commits += 1
            released: list[tuple[int, int]] = []
            for plan, task in ready:
                await call(task)
                counts = waiting[plan]
                for child in children[plan][task]:
                    counts[child] -= 1
                    if counts[child] == 0:
                        released.append((plan, child))
            ready = released
        return commits


def _commit(connection: sqlite3.Connection, tickets: Sequence[tuple[int, int]]) -> None:
    with transaction(connection):
        connection.executemany(_ROW, tickets)


def _roots(edges: list[list[int]]) -> list[int]:
    return [task for task, before in enumerate(edges) if not before]


def _children(edges: list[list[int]]) -> list[list[int]]:
    children: list[list[int]] = [[] for _ in edges]
    for task, before in enumerate(edges):
        for other in before:
            children[other].append(task)
    return children
