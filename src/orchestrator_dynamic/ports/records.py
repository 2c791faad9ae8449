"""What is kept, row by row. Moments are epoch milliseconds (UTC), None where not reached.

Named tuples, because a busy engine writes several of them for each ticket.
"""

from typing import NamedTuple

# The key of a ticket is its workflow's key times this, plus its number.
TICKETS_PER_WORKFLOW = 1 << 20


class FactRecord(NamedTuple):
    """One fact of one plan's journal; `seq` counts from 1 without a gap."""

    workflow: int
    seq: int
    at: int
    kind: str
    version: int
    body: str


class DecisionRecord(NamedTuple):
    """A decision as it was taken in: canonical JSON, and the hash by which a repeat is known."""

    workflow: int
    decision_id: str
    content_hash: str
    envelope: str
    source: str
    received_at: int
    body: bytes


class WorkflowRecord(NamedTuple):
    """One plan's way to its outcome; the counts are of its tasks."""

    workflow: int
    workflow_id: str
    decision_id: str
    plan_id: str
    intent_id: str
    risk_band: str
    priority: str
    phase: str
    paused: int
    outcome: str | None
    reason: str
    tasks: int
    completed: int
    failed: int
    compensated: int
    retried: int
    sla_violations: int
    incidents: int
    critical_path_ms: int
    queue_ms: int
    execution_ms: int
    accepted_at: int
    started_at: int | None
    deadline_at: int | None
    ended_at: int | None


class TicketRecord(NamedTuple):
    """A ticket that has just been made; `undoes` is the number of the ticket it compensates."""

    key: int
    workflow: int
    number: int
    ticket_id: str
    task_id: str
    task_type: str
    undoes: int | None
    timeout_ms: int
    stage: str
    status: str


class TicketChange(NamedTuple):
    """What may change about a ticket; `key` comes last, for it only names the row."""

    stage: str
    status: str
    attempt: int
    ready_at: int | None
    deadline_at: int | None
    published_at: int | None
    started_at: int | None
    ended_at: int | None
    agent: str | None
    error: str | None
    key: int


class ProgressRecord(NamedTuple):
    """What a worker last said of how far it has come with a ticket."""

    progress: str
    key: int


class AnswerRecord(NamedTuple):
    """A worker's answer and what became of it; `workflow` is None where nobody knows the ticket."""

    workflow: int | None
    ticket_id: str
    attempt: int | None
    at: int
    status: str
    fate: str
    agent: str
    duration_ms: int | None
    error: str | None
    payload: str


class AuditRecord(NamedTuple):
    """Who did what, and why; `detail` is a JSON object of texts."""

    at: int
    workflow_id: str
    action: str
    actor: str
    detail: str


class IncidentRecord(NamedTuple):
    """An incident, with its canonical JSON."""

    incident_id: str
    workflow_id: str
    incident_type: str
    severity: str
    created_at: int
    body: str


class MessageRecord(NamedTuple):
    """A message for the bus; `sent_at` is None while it waits in the buffer."""

    topic: str
    key: str
    value: str
    created_at: int
    sent_at: int | None


class DeadLetterRecord(NamedTuple):
    """What could not be taken in, with its original bytes and every reason.

    `size` and `sha256` are those of the whole, also where `body` holds only its beginning.
    `topic` is where it must be sent to, None where nowhere; `sent_at` is None until it was.
    """

    at: int
    reason: str
    source: str
    findings: str
    headers: str
    size: int
    sha256: str
    body: bytes
    key: bytes | None = None
    topic: str | None = None
    sent_at: int | None = None


class RequestReply(NamedTuple):
    """What became of an operator's request."""

    handled_at: int
    reply: str
    accepted: int
    id: int


class OperatorRequest(NamedTuple):
    """What an operator asked for from another process."""

    id: int
    at: int
    workflow_id: str
    action: str
    actor: str
    reason: str | None
    detail: str | None


class StoredPlan(NamedTuple):
    """An open plan as a restart finds it."""

    workflow: int
    workflow_id: str
    decision: bytes
    facts: list[FactRecord]


class TicketPlace(NamedTuple):
    """Where a ticket belongs."""

    workflow: int
    workflow_id: str
    number: int
