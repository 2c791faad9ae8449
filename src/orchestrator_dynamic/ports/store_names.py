"""What to say where a name means no workflow or ticket, or several; each store says it alike."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from orchestrator_dynamic.ports.store import Ambiguous, Ending, NotFound, StoredWorkflow

# How many candidates are named where a name means several things.
CANDIDATES_MAX = 10


class Candidate(NamedTuple):
    """A workflow that a name may mean; `stands` is its outcome, or its phase where it has none."""

    workflow_id: str
    plan_id: str
    stands: str
    accepted_at: int


def no_workflow(name: str, pruned: Ending | None) -> NotFound:
    """Return what to say where no workflow is called `name`."""
    if pruned is None:
        return NotFound(f"there is no workflow, decision or plan {name!r}")
    ended, gone_at = _moment(pruned.ended_at), _moment(pruned.pruned_at)
    outcome = pruned.outcome or "without an outcome"
    return NotFound(f"{pruned.workflow_id} ended {outcome} at {ended} and was pruned at {gone_at}")


def several_workflows(name: str, found: Sequence[Candidate]) -> Ambiguous:
    """Return what to say where several workflows are called `name`."""
    lines = [
        f"  {one.workflow_id}  (plan {one.plan_id}, {one.stands}, "
        f"accepted {_moment(one.accepted_at)})"
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


def _moment(at: int | None) -> str:
    if at is None:
        return "an unknown moment"
    return datetime.fromtimestamp(at // 1000, UTC).isoformat().replace("+00:00", "Z")
