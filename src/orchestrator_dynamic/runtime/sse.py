"""The words of an event stream: what is new, as server-sent events.

Source: the WHATWG HTML standard, "Server-sent events".
"""

from collections.abc import Iterable
from typing import Any

import orjson

from orchestrator_dynamic.ports.store import StoredWorkflow
from orchestrator_dynamic.runtime.news import News

# A comment, which readers pass over; it keeps the connection open.
ALIVE = b": alive\n\n"


def change(told: News) -> bytes:
    """Return the event that tells `told`; its id is the place in the journal that it reaches."""
    data = {
        "seq": told.seq,
        "workflow": None if told.workflow is None else summary(told.workflow),
        "entries": told.entries,
        "tickets": None if told.reload else [tuple(row) for row in told.rows.values()],
        "reload": told.reload,
    }
    name = b"end" if told.ended else b"change"
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (told.seq, name, orjson.dumps(data))


def overview(workflows: Iterable[StoredWorkflow]) -> bytes:
    """Return the event that says how these workflows are now."""
    data = orjson.dumps({"workflows": [summary(one) for one in workflows]})
    return b"event: workflows\ndata: %b\n\n" % data


def summary(workflow: StoredWorkflow) -> dict[str, Any]:
    """Return a workflow as it is listed: all that is recorded but its key in the store."""
    return {
        name: getattr(workflow, name) for name in workflow.__dataclass_fields__ if name != "key"
    }
