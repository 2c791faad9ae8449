"""What a driver has recorded of plans, as far as it is not its own, to be compared."""

import re
from typing import Any

from tests.support.temporal_turns import Plans

# Chance is drawn by each driver for itself, and how long reading took is measured.
_ITS_OWN = re.compile(r'"(chance|validation_ms|generation_ms|duration_ms)":[-+.0-9e]+')

# The engine tells a plan of its moment also where the answers of the same turn have moved it on,
# which then changes nothing; what passing time does change is among the other records. Of signs of
# life after the end the engine keeps each.
RECORDS = {
    "journal": "SELECT at, kind, body FROM journal WHERE kind <> 'time_passed' "
    "ORDER BY workflow, seq",
    "workflows": "SELECT workflow_id, phase, paused, outcome, reason, tasks, completed, failed, "
    "compensated, retried, sla_violations, incidents, queue_ms, execution_ms, accepted_at, "
    "started_at, deadline_at, ended_at FROM workflows",
    "tickets": "SELECT ticket_id, task_id, task_type, undoes, timeout_ms, stage, status, attempt, "
    "ready_at, deadline_at, published_at, started_at, ended_at, agent, error FROM tickets "
    "ORDER BY key",
    "answers": "SELECT DISTINCT ticket_id, attempt, at, status, fate, agent, error, payload "
    "FROM results WHERE status <> 'RUNNING' ORDER BY 1, 2, 3, 4, 5, 8",
    "audit": "SELECT DISTINCT at, workflow_id, action, actor, detail FROM audit ORDER BY 1, 3, 5",
    "incidents": "SELECT incident_id, incident_type, severity, created_at, body FROM incidents "
    "ORDER BY 1",
    "messages": "SELECT DISTINCT topic, key, value, created_at FROM messages ORDER BY 1, 2, 3, 4",
}


def records_of(plans: Plans, *names: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return what a driver has recorded, as far as it is not its own; all where none is named."""
    return {
        name: [tuple(_shared(value) for value in row) for row in plans.rows(RECORDS[name])]
        for name in names or RECORDS
    }


def _shared(value: object) -> object:
    return _ITS_OWN.sub(r'"\1":0', value) if isinstance(value, str) else value
