"""What a driver is asked to do. Each may be carried out twice with the effect of once.

Order matters within one answer: what is recorded comes before what is published. Waking a plan
up is no command: `PlanExecution.alarm` always says when its next `TimePassed` is due.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from orchestrator_dynamic.core.facts import TicketAttempt
from orchestrator_dynamic.models.incident import OrchestrationIncident
from orchestrator_dynamic.models.sla_events import SlaAlert, SlaViolation
from orchestrator_dynamic.models.telemetry_frame import TelemetryFrame
from orchestrator_dynamic.models.vocabulary import Outcome


class Fate(StrEnum):
    """What became of a worker's answer."""

    ACCEPTED = "accepted"
    STALE = "stale"
    REPEATED = "repeated"
    TOO_LATE = "too_late"


@dataclass(frozen=True, slots=True)
class RecordTickets:
    """Store the present state of these tickets."""

    tickets: tuple[int, ...]
    kind: Literal["record_tickets"] = "record_tickets"


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    """Keep and count a worker's answer with what became of it."""

    ticket: int
    fate: Fate
    kind: Literal["record_answer"] = "record_answer"


@dataclass(frozen=True, slots=True)
class RecordAudit:
    """Append an entry to the audit: who did what, and why. `actor` is "orchestrator" for us."""

    action: str
    actor: str
    detail: tuple[tuple[str, str], ...] = ()
    kind: Literal["record_audit"] = "record_audit"


@dataclass(frozen=True, slots=True)
class PublishTickets:
    """Hand these attempts to the bus, in this order; it answers with `TicketsPublished`."""

    tickets: tuple[TicketAttempt, ...]
    kind: Literal["publish_tickets"] = "publish_tickets"


@dataclass(frozen=True, slots=True)
class RequestCancellation:
    """Tell whoever holds these attempts to stop."""

    tickets: tuple[TicketAttempt, ...]
    kind: Literal["request_cancellation"] = "request_cancellation"


@dataclass(frozen=True, slots=True)
class RaiseIncident:
    """Publish an incident (flow E)."""

    incident: OrchestrationIncident
    kind: Literal["raise_incident"] = "raise_incident"


@dataclass(frozen=True, slots=True)
class SendSlaAlert:
    """Warn that a deadline comes close."""

    alert: SlaAlert
    kind: Literal["send_sla_alert"] = "send_sla_alert"


@dataclass(frozen=True, slots=True)
class SendSlaViolation:
    """Say that a deadline has passed."""

    violation: SlaViolation
    kind: Literal["send_sla_violation"] = "send_sla_violation"


@dataclass(frozen=True, slots=True)
class PublishTelemetry:
    """Publish the plan's one telemetry frame."""

    frame: TelemetryFrame
    kind: Literal["publish_telemetry"] = "publish_telemetry"


@dataclass(frozen=True, slots=True)
class EndPlan:
    """The plan has its outcome; its state may leave memory."""

    outcome: Outcome
    kind: Literal["end_plan"] = "end_plan"


Command = (
    RecordTickets
    | RecordAnswer
    | RecordAudit
    | PublishTickets
    | RequestCancellation
    | RaiseIncident
    | SendSlaAlert
    | SendSlaViolation
    | PublishTelemetry
    | EndPlan
)
