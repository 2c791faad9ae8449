"""What answers look like, for the API's description; each is a view of what is recorded."""

from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, Field

from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.errors import Severity
from orchestrator_dynamic.models.incident import OrchestrationIncident
from orchestrator_dynamic.models.vocabulary import Outcome, TaskType, TicketStatus
from orchestrator_dynamic.ports.identity import Identity, Scope
from orchestrator_dynamic.ports.orchestrator import Action, Reception
from orchestrator_dynamic.ports.store import PAGE_MAX

ItemT = TypeVar("ItemT")


class Page(BaseModel, Generic[ItemT]):
    """Some of many; `next` asks for those that follow, null after the last."""

    items: list[ItemT] = Field(max_length=PAGE_MAX)
    next: str | None


class FindingView(BaseModel):
    """One thing that is wrong or odd about a message."""

    code: str
    severity: Severity
    where: str
    message: str


class ProblemView(BaseModel):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    correlation_id: str
    findings: list[FindingView] | None = None


class ProblemKind(BaseModel):
    """What a problem's `type` means, and what its caller can do."""

    code: str
    status: int
    title: str
    todo: str


class WorkflowSummary(BaseModel):
    """One plan on its way or at its end, as lists and streams tell it."""

    workflow_id: str
    decision_id: str
    plan_id: str
    intent_id: str
    risk_band: str
    priority: str
    phase: str
    paused: bool
    outcome: Outcome | None
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


class WaitingForApproval(BaseModel):
    """What waits for a person: the whole plan, or steps at their turn."""

    plan: bool
    steps: list[str]


class ArrivalView(BaseModel):
    """How the decision came in."""

    envelope: str
    source: str
    received_at: int
    content_hash: str


class Workflow(WorkflowSummary):
    """One plan with what can be done about it; `seq` is the place of its last fact."""

    seq: int
    why: str
    waiting_for_approval: WaitingForApproval
    stages: dict[Stage, int]
    arrival: ArrivalView
    submitted_by: str | None
    retry_of: str | None
    retried_as: str | None


class TicketView(BaseModel):
    """A ticket as it is now; `undoes` is the number of the ticket that it compensates."""

    number: int
    ticket_id: str
    task_id: str
    task_type: TaskType
    undoes: int | None
    timeout_ms: int
    stage: Stage
    status: TicketStatus
    attempt: int
    ready_at: int | None
    deadline_at: int | None
    published_at: int | None
    started_at: int | None
    ended_at: int | None
    agent: str | None
    error: str | None
    progress: str | None
    why: str


class EntryView(BaseModel):
    """One fact of a plan's journal."""

    seq: int
    at: int
    kind: str
    tasks: list[str]
    attempt: int | None
    agent: str | None
    error: str | None
    by: str | None
    reason: str | None


class AuditView(BaseModel):
    """Who did what, and why."""

    at: int
    action: str
    actor: str
    detail: dict[str, str]


class AnswerView(BaseModel):
    """What a worker answered, and what became of it."""

    ticket_id: str
    attempt: int | None
    at: int
    status: str
    fate: str
    agent: str
    duration_ms: int | None
    error: str | None
    output: dict[str, str]
    metadata: dict[str, str]
    logs: list[str]


class Waited(BaseModel):
    """A ticket that another waits for."""

    task_id: str
    number: int
    stage: Stage


class TicketStory(BaseModel):
    """A ticket with everything of it."""

    workflow_id: str
    plan_id: str
    ticket: TicketView
    description: str
    required_capabilities: list[str]
    parameters: dict[str, str]
    waits_for: list[Waited]
    undone_by: TicketView | None
    history: list[EntryView]
    answers: list[AnswerView]
    incidents: list[OrchestrationIncident]


class GraphTask(BaseModel):
    """A task in the graph; `deps` are the numbers of those it waits for."""

    n: int
    id: str
    type: TaskType
    description: str
    deps: list[int]
    estimated_ms: int | None
    capabilities: list[str]
    layer: int


class Graph(BaseModel):
    """What never changes about a plan."""

    workflow_id: str
    tasks: list[GraphTask]
    critical_path: list[int]
    critical_path_ms: int
    layers: int


class Snapshot(BaseModel):
    """All tickets as rows of `fields`, at least as new as the fact `seq`."""

    seq: int
    workflow: Workflow
    fields: list[str]
    tickets: list[list[int | str | None]]


class ActionReply(BaseModel):
    """What became of a request, and how the plan is then."""

    workflow_id: str
    action: Action
    accepted: Literal[True]
    reply: str
    phase: str
    paused: bool
    outcome: Outcome | None


class ReceiptView(BaseModel):
    """The durable answer to a submission."""

    reception: Reception
    decision_id: str | None
    plan_id: str | None
    workflow_id: str | None
    reason: str
    findings: list[FindingView]
    links: dict[str, str]


class Me(BaseModel):
    """Who asks, and whom."""

    subject: str
    scopes: list[Scope]
    identity: Identity
    version: str
    engine: str
    environment: str


class Alive(BaseModel):
    """The process answers."""

    status: Literal["alive"]


class CheckView(BaseModel):
    """One thing that was looked at, and what to do where it is not well."""

    name: str
    ok: bool
    detail: str
    todo: str


class Readiness(BaseModel):
    """Whether work can be taken, and what keeps it from that."""

    ready: bool
    checks: list[CheckView]


class LogLevelView(BaseModel):
    """The least that is logged."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
