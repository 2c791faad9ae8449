"""How plans are run: deadlines, order, retries and bounds."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from orchestrator_dynamic.config.section import Conflict, Section
from orchestrator_dynamic.config.setting_types import LOWER_CASE, Count, DurationMs, Weights
from orchestrator_dynamic.core.policy import PriorityWeights, RetryOwner


class SlaSettings(Section):
    """By when things must be done."""

    model_config = SettingsConfigDict(env_prefix="SLA_")

    default_timeout_ms: DurationMs = Field(
        3_600_000, description="A plan's own deadline where its decision gives none; an hour."
    )
    ticket_min_timeout_ms: DurationMs = Field(
        60_000,
        description="The least that an attempt gets, and the estimate of a task without one; "
        "half a minute gave false alarms.",
    )
    ticket_timeout_buffer_multiplier: float = Field(
        3.0,
        ge=1,
        le=100,
        description="An attempt may take this many times its estimate; 1.5 gave false alarms.",
    )
    warning_share: float = Field(
        0.8,
        ge=0.5,
        lt=1,
        description="The share of a deadline that is used when a warning is due; "
        "late enough to mean something, early enough to act.",
    )


class SchedulerSettings(Section):
    """Which tickets go first, and how many at a time."""

    model_config = SettingsConfigDict(env_prefix="SCHEDULER_")

    max_parallel_tickets: Count = Field(
        100, description="Tickets of one plan that are out at a time, so that no plan takes all."
    )
    priority_weights: Weights = Field(
        PriorityWeights(),
        description="Share of risk, quality of service and urgency in a ticket's priority; "
        "risk weighs most, for its failures cost most.",
    )


class RetrySettings(Section):
    """When a failed attempt is repeated, and by whom."""

    model_config = SettingsConfigDict(env_prefix="RETRY_")

    owner: Annotated[RetryOwner, LOWER_CASE] = Field(
        RetryOwner.ORCHESTRATOR,
        description="Who repeats failed attempts; `worker` where workers do their own retries.",
    )
    backoff_initial_ms: DurationMs = Field(
        1_000, description="Wait before the first retry; a second outlives most hiccups."
    )
    backoff_factor: float = Field(
        2.0, ge=1, le=10, description="Each wait is this many times the one before."
    )
    backoff_max_ms: DurationMs = Field(
        60_000, description="No wait is longer, so that a service that is back is soon noticed."
    )
    jitter: float = Field(
        0.2,
        ge=0,
        lt=1,
        description="Waits vary by this share, so that what failed together does not return so.",
    )

    def conflicts(self) -> Iterator[Conflict]:
        """Return a first wait that is longer than the longest."""
        if self.backoff_initial_ms > self.backoff_max_ms:
            names = ("RETRY_BACKOFF_INITIAL_MS", "RETRY_BACKOFF_MAX_MS")
            first, longest = self.backoff_initial_ms, self.backoff_max_ms
            yield Conflict(names, f"{names[0]} ({first}) is above {names[1]} ({longest})")


class PlanSettings(Section):
    """The largest plan that is accepted."""

    model_config = SettingsConfigDict(env_prefix="PLAN_")

    tasks_max: int = Field(
        100_000, ge=1, le=500_000, description="Tasks in one plan; what has been measured."
    )
    dependencies_max: Count = Field(
        1_000_000, description="Dependencies in one plan; ten a task at the largest."
    )
    text_max_bytes: int = Field(
        65_536,
        ge=1_024,
        le=16_777_216,
        description="One text of a plan (64 KiB); send a reference to what is longer.",
    )
    max_bytes: int = Field(
        67_108_864,
        ge=1_024,
        le=1_073_741_824,
        description="A whole plan (64 MiB); 100,000 tasks of some 600 bytes each.",
    )

    def conflicts(self) -> Iterator[Conflict]:
        """Return a bound on texts that no plan could reach."""
        if self.text_max_bytes > self.max_bytes:
            names = ("PLAN_TEXT_MAX_BYTES", "PLAN_MAX_BYTES")
            text, whole = self.text_max_bytes, self.max_bytes
            yield Conflict(names, f"{names[0]} ({text}) is above {names[1]} ({whole})")
