"""The numbers by which one plan is run, fixed when its decision is accepted.

A policy travels inside the first fact of a plan, so that a restart with other settings
goes on with the numbers the plan began with. Times are whole milliseconds.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class FailurePolicy(StrEnum):
    """What happens to the rest of a plan when a ticket has failed for good."""

    COMPENSATE = "compensate"
    ISOLATE = "isolate"


class RetryOwner(StrEnum):
    """Who repeats a failed attempt: we, or workers that do their own retries."""

    ORCHESTRATOR = "orchestrator"
    WORKER = "worker"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How long a failed attempt waits before the next: min(initial x factor^n, max) +- jitter."""

    wait_initial_ms: int = 1_000
    factor: float = 2.0
    wait_max_ms: int = 60_000
    jitter: float = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityWeights:
    """The share of risk, quality of service and urgency in a priority score; they add up to 1."""

    risk: float = 0.4
    qos: float = 0.3
    urgency: float = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLimits:
    """The largest plan that is accepted; what is above is refused by C1."""

    tasks_max: int = 100_000
    dependencies_max: int = 1_000_000
    text_bytes_max: int = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Every number of a plan's life after C1.

    Attributes:
        ticket_timeout_min_ms: no attempt gets less; also the estimate of a task without one.
        ticket_timeout_factor: an attempt gets this many times its estimate.
        plan_timeout_ms: the plan's own deadline where the decision gives none.
        parallel_tickets_max: tickets of one plan that are out at the same time.
        warning_share: the share of a deadline that is used when a warning is due.
        capability_patience_ms: how long a ticket waits for a capable worker before an incident.
        cancel_grace_ms: how long tickets in flight may take to answer a cancellation.
    """

    ticket_timeout_min_ms: int = 60_000
    ticket_timeout_factor: float = 3.0
    plan_timeout_ms: int = 3_600_000
    parallel_tickets_max: int = 100
    warning_share: float = 0.8
    capability_patience_ms: int = 60_000
    cancel_grace_ms: int = 30_000
    failure_policy: FailurePolicy = FailurePolicy.COMPENSATE
    retry_owner: RetryOwner = RetryOwner.ORCHESTRATOR
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    weights: PriorityWeights = field(default_factory=PriorityWeights)
