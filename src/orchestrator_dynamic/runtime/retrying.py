"""Running again what of an ended plan did not complete: a decision of its own, derived from it.

The ended workflow stays as it ended. Its retry has an id that follows from it, so that asking
twice starts nothing twice, and whatever the gate asks for is asked for again.
"""

import re

from orchestrator_dynamic.core.derived_ids import workflow_id_of
from orchestrator_dynamic.models.ids import DecisionId, WorkflowId

_RETRY = re.compile(r"(.+)~retry-([1-9][0-9]{0,5})", re.DOTALL)


def retried_id(decision_id: str) -> DecisionId:
    """Return the id of the decision that runs again what did not complete of this one."""
    found = _RETRY.fullmatch(decision_id)
    first, number = (decision_id, 0) if found is None else (found[1], int(found[2]))
    return DecisionId(f"{first}~retry-{number + 1}")


def retry_source(decision_id: str) -> WorkflowId | None:
    """Return the workflow that this decision runs again; None where it is the first."""
    found = _RETRY.fullmatch(decision_id)
    if found is None:
        return None
    first, number = found[1], int(found[2])
    return workflow_id_of(DecisionId(first if number == 1 else f"{first}~retry-{number - 1}"))
