"""The closed lists of words that the contracts allow, each spelt as it is on the wire."""

from enum import StrEnum


class DecisionType(StrEnum):
    """What the consensus came to."""

    APPROVE = "approve"
    REJECT = "reject"
    REVIEW_REQUIRED = "review_required"
    CONDITIONAL = "conditional"


class ConsensusMethod(StrEnum):
    """How the consensus was reached."""

    BAYESIAN = "bayesian"
    VOTING = "voting"
    UNANIMOUS = "unanimous"
    FALLBACK = "fallback"


class RiskBand(StrEnum):
    """How much is at stake; retries and delivery guarantees follow from it."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class PlanStatus(StrEnum):
    """How far a plan had come when it was sent."""

    DRAFT = "draft"
    VALIDATED = "validated"
    APPROVED = "approved"
    REJECTED = "rejected"


class CognitiveDomain(StrEnum):
    """The field that the intent behind a plan belongs to."""

    BUSINESS = "BUSINESS"
    TECHNICAL = "TECHNICAL"
    SECURITY = "SECURITY"
    INFRASTRUCTURE = "INFRASTRUCTURE"
    BEHAVIOR = "BEHAVIOR"
    OPERATIONAL = "OPERATIONAL"
    COMPLIANCE = "COMPLIANCE"


class Priority(StrEnum):
    """How urgent the sender calls it."""

    LOW = "LOW"
    NORMAL = "NORMAL"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"


class SecurityLevel(StrEnum):
    """Who may see it."""

    PUBLIC = "PUBLIC"
    INTERNAL = "INTERNAL"
    CONFIDENTIAL = "CONFIDENTIAL"
    RESTRICTED = "RESTRICTED"


class ApprovalStatus(StrEnum):
    """What a person has said about a plan that needs one."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


class ApprovalDecision(StrEnum):
    """What a person answers when asked to approve."""

    APPROVED = "approved"
    REJECTED = "rejected"


class TaskType(StrEnum):
    """What a worker is asked to do."""

    BUILD = "BUILD"
    DEPLOY = "DEPLOY"
    TEST = "TEST"
    VALIDATE = "VALIDATE"
    EXECUTE = "EXECUTE"
    COMPENSATE = "COMPENSATE"
    QUERY = "QUERY"
    TRANSFORM = "TRANSFORM"


class TicketStatus(StrEnum):
    """How far a ticket has come; workers take PENDING ones only."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    COMPENSATING = "COMPENSATING"
    COMPENSATED = "COMPENSATED"


class DeliveryMode(StrEnum):
    """How often a ticket may take effect."""

    AT_MOST_ONCE = "AT_MOST_ONCE"
    AT_LEAST_ONCE = "AT_LEAST_ONCE"
    EXACTLY_ONCE = "EXACTLY_ONCE"


class Consistency(StrEnum):
    """How soon others must see a ticket's effect."""

    EVENTUAL = "EVENTUAL"
    STRONG = "STRONG"


class Durability(StrEnum):
    """Whether a ticket must survive a restart."""

    TRANSIENT = "TRANSIENT"
    PERSISTENT = "PERSISTENT"


class ExecutionStatus(StrEnum):
    """What a worker says about a ticket; the last two are accepted, never sent."""

    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    RUNNING = "RUNNING"
    PREEMPTED = "PREEMPTED"
    CANCELLED = "CANCELLED"


class IncidentType(StrEnum):
    """What went wrong, in the words of those who remedy it."""

    INCONSISTENCY = "INCONSISTENCY"
    SLA_VIOLATION = "SLA_VIOLATION"
    TICKET_TIMEOUT = "TICKET_TIMEOUT"
    WORKER_FAILURE = "WORKER_FAILURE"


class AlertType(StrEnum):
    """Why an SLA is in danger."""

    DEADLINE_APPROACHING = "DEADLINE_APPROACHING"
    BUDGET_CRITICAL = "BUDGET_CRITICAL"
    BURN_RATE_HIGH = "BURN_RATE_HIGH"


class ViolationType(StrEnum):
    """How an SLA was broken."""

    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    TIMEOUT = "TIMEOUT"


class FlowStep(StrEnum):
    """Validate, generate, allocate, execute, consolidate, report."""

    C1 = "C1"
    C2 = "C2"
    C3 = "C3"
    C4 = "C4"
    C5 = "C5"
    C6 = "C6"


class Outcome(StrEnum):
    """How a plan ended."""

    SUCCESS = "SUCCESS"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    COMPENSATED = "COMPENSATED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
