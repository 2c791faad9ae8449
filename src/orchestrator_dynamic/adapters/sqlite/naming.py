"""What people call a workflow or a ticket: an id, or the beginning of one."""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime

from orchestrator_dynamic.ports.store import Ambiguous, Ending, NotFound, StoredWorkflow

# How many candidates are named where a name means several things.
CANDIDATES_MAX = 10

_IDS = ("workflow_id", "decision_id", "plan_id")


def begins(column: str) -> str:
    """Return the condition that `column` begins like the text whose `range_of` is given."""
    return f"({column} >= ? AND {column} < ?)"


def range_of(beginning: str) -> tuple[str, str]:
    """Return the bounds between which all texts lie that begin like this; an index can use them."""
    return beginning, beginning + "\U0010ffff"


def workflows_named(connection: sqlite3.Connection, name: str) -> list[int]:
    """Return the keys of the workflows that `name` may mean, newest first, a few at most."""
    if not name:
        return []
    # A workflow and its decision have one name each, a plan may have been run several times.
    exact = [(f"{column} = ?", (name,)) for column in _IDS]
    for condition, values in [*exact[:2], exact[2]]:
        if found := _keys_where(connection, condition, values):
            return found
    beginning = range_of(name)
    anywhere = " OR ".join(begins(column) for column in _IDS)
    return _keys_where(connection, anywhere, beginning * len(_IDS))


def _keys_where(connection: sqlite3.Connection, condition: str, values: Sequence[str]) -> list[int]:
    sql = f"SELECT workflow FROM workflows WHERE {condition} ORDER BY workflow DESC LIMIT ?"
    return [row[0] for row in connection.execute(sql, (*values, CANDIDATES_MAX + 1))]


def no_workflow(name: str, pruned: Ending | None) -> NotFound:
    """Return what to say where no workflow is called `name`."""
    if pruned is None:
        return NotFound(f"there is no workflow, decision or plan {name!r}")
    ended, gone = _moment(pruned.ended_at), _moment(pruned.pruned_at)
    outcome = pruned.outcome or "without an outcome"
    return NotFound(f"{pruned.workflow_id} ended {outcome} at {ended} and was pruned at {gone}")


def several_workflows(name: str, found: Sequence[sqlite3.Row]) -> Ambiguous:
    """Return what to say where several workflows are called `name`."""
    lines = [
        f"  {row['workflow_id']}  (plan {row['plan_id']}, {row['outcome'] or row['phase']}, "
        f"accepted {_moment(row['accepted_at'])})"
        for row in found[:CANDIDATES_MAX]
    ]
    more = ["  and more"] if len(found) > CANDIDATES_MAX else []
    heading = f"{name!r} means several workflows; say which, by its id:"
    return Ambiguous("\n".join([heading, *lines, *more]))


def not_one_ticket(
    name: str, workflow: StoredWorkflow, found: Sequence[str]
) -> NotFound | Ambiguous:
    """Return what to say where not exactly one ticket of `workflow` is called `name`."""
    if not found:
        return NotFound(f"{workflow.workflow_id} has no task or ticket {name!r}")
    more = ", and more" if len(found) > CANDIDATES_MAX else ""
    names = ", ".join(found[:CANDIDATES_MAX])
    return Ambiguous(f"{name!r} means several tickets: {names}{more}")


def gone() -> NotFound:
    """Return what to say where something was pruned between two questions about it."""
    return NotFound("it has been pruned while it was being read")


def _moment(at: int | None) -> str:
    if at is None:
        return "an unknown moment"
    return datetime.fromtimestamp(at // 1000, UTC).isoformat().replace("+00:00", "Z")
