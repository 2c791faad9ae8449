"""What people call a workflow or a ticket, and what to say where it means none or several."""

from collections.abc import Sequence
from datetime import UTC, datetime

from orchestrator_dynamic.adapters.mongodb.database import Document
from orchestrator_dynamic.errors import Finding, InvalidInput, Severity
from orchestrator_dynamic.ports.store import Ambiguous, Ending, NotFound, StoredWorkflow

# How many candidates are named where a name means several things.
CANDIDATES_MAX = 10


def begins(field: str, beginning: str) -> Document:
    """Return the condition that `field` begins like this; an index can use it."""
    return {field: {"$gte": beginning, "$lt": beginning + "\U0010ffff"}}


def no_workflow(name: str, pruned: Ending | None) -> NotFound:
    """Return what to say where no workflow is called `name`."""
    if pruned is None:
        return NotFound(f"there is no workflow, decision or plan {name!r}")
    ended, gone_at = _moment(pruned.ended_at), _moment(pruned.pruned_at)
    outcome = pruned.outcome or "without an outcome"
    return NotFound(f"{pruned.workflow_id} ended {outcome} at {ended} and was pruned at {gone_at}")


def several_workflows(name: str, found: Sequence[Document]) -> Ambiguous:
    """Return what to say where several workflows are called `name`."""
    lines = [
        f"  {one['workflow_id']}  (plan {one['plan_id']}, {one['outcome'] or one['phase']}, "
        f"accepted {_moment(one['accepted_at'])})"
        for one in found[:CANDIDATES_MAX]
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
    """Return what to say where something was deleted between two questions about it."""
    return NotFound("it has been pruned while it was being read")


def numbers_of_page(cursor: str, count: int) -> list[int]:
    """Return the numbers that `next` of a page is made of.

    Raises:
        InvalidInput: it came from no page.
    """
    numbers = cursor.split(".")
    if len(numbers) != count or any(not one.isdecimal() or len(one) > 18 for one in numbers):
        message = f"{cursor!r} is no page; pass on what came as `next` with the page before"
        where = [Finding("bad_cursor", Severity.ERROR, "after", message)]
        raise InvalidInput("bad_cursor", where)
    return [int(one) for one in numbers]


def _moment(at: int | None) -> str:
    if at is None:
        return "an unknown moment"
    return datetime.fromtimestamp(at // 1000, UTC).isoformat().replace("+00:00", "Z")
