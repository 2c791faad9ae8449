"""What keeps Schemathesis from waiting on purpose: polls are not long, and streams have an end."""

from typing import Any

import schemathesis
from schemathesis.core import NOT_SET

# A plan that has ended, whose stream ends at once.
ENDED = "orch-ended"

_WAIT_MAX_S = 60


@schemathesis.hook
def before_call(
    context: schemathesis.HookContext, case: schemathesis.Case[Any], kwargs: dict[str, Any]
) -> None:
    """Change what is valid into what is as valid and quick; what is invalid stays so."""
    name = case.operation.definition.raw.get("operationId")
    if name == "lease" and isinstance(case.body, dict):
        wait_s = case.body.setdefault("wait_s", 0)
        if isinstance(wait_s, int | float) and not isinstance(wait_s, bool):
            case.body["wait_s"] = 0 if 0 <= wait_s <= _WAIT_MAX_S else wait_s
    elif name == "lease" and (case.body is None or case.body is NOT_SET):
        case.body = {"wait_s": 0}
        case.media_type = "application/json"
    elif name == "change_log_level" and isinstance(case.body, dict):
        # A log that is not read fills its pipe, and then the service waits.
        if case.body.get("level") in ("DEBUG", "INFO"):
            case.body["level"] = "ERROR"
    elif name == "events" and str(case.path_parameters.get("workflow_id", "")).startswith("orch-"):
        case.path_parameters["workflow_id"] = ENDED
