"""All settings as one frozen tree, read once, and where each of them came from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, PrivateAttr
from pydantic.fields import FieldInfo

from orchestrator_dynamic.config.backing_services import (
    KafkaSettings,
    MongoSettings,
    PostgresSettings,
    RedisSettings,
    SchemaRegistrySettings,
    TemporalSettings,
)
from orchestrator_dynamic.config.flow import (
    PlanSettings,
    RetrySettings,
    SchedulerSettings,
    SlaSettings,
)
from orchestrator_dynamic.config.http import HttpSettings
from orchestrator_dynamic.config.identity import IdentitySettings
from orchestrator_dynamic.config.section import Conflict, Section
from orchestrator_dynamic.config.setting_types import (
    LOWER_CASE,
    UPPER_CASE,
    CollectorAddress,
    Count,
    DurationMs,
    Name,
)
from orchestrator_dynamic.config.sources import DEFAULT
from orchestrator_dynamic.config.wording import shown
from orchestrator_dynamic.core.policy import FailurePolicy, PlanLimits, Policy, RetryPolicy

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
LogFormat = Literal["auto", "json", "console"]
OtlpProtocol = Literal["auto", "grpc", "http"]


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting as people see it.

    Attributes:
        value: as text; empty where it is not set, masked where it is secret.
        source: default, environment, command line, or the path of the file.
    """

    name: str
    value: str
    source: str
    description: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One setting's place in the tree.

    Attributes:
        section: the branch's field name; empty at the root.
    """

    name: str
    section: str
    key: str
    field: FieldInfo

    @property
    def path(self) -> tuple[str, ...]:
        """The way from the root."""
        return (self.section, self.key) if self.section else (self.key,)


class Settings(Section):
    """Everything that can be set; `load_settings` reads it, and everything below takes values."""

    _origins: Mapping[str, str] = PrivateAttr(default_factory=dict)

    environment: Name = Field(
        "development", description="Which deployment this is; told with logs and traces."
    )
    data_dir: Path = Field(
        Path(".orchestrator-dynamic"),
        description="Directory of all that the embedded parts keep; beside where it is started.",
    )
    log_level: Annotated[LogLevel, UPPER_CASE] = Field(
        "INFO", description="The least that is logged; INFO is the story of every plan."
    )
    log_format: Annotated[LogFormat, LOWER_CASE] = Field(
        "auto", description="How it is logged; auto means JSON unless a person is at a terminal."
    )
    otel_exporter_endpoint: CollectorAddress | None = Field(
        None, description="OTLP collector of traces. Not set: none are sent."
    )
    otel_exporter_protocol: Annotated[OtlpProtocol, LOWER_CASE] = Field(
        "auto",
        description="How the collector is spoken to; auto means gRPC on OTLP's port 4317, and HTTP "
        "on any other.",
    )
    allow_direct_plans: bool = Field(
        False,
        description="Run plans that come without a decision; off, for nobody has agreed to them.",
    )
    failure_policy: Annotated[FailurePolicy, LOWER_CASE] = Field(
        FailurePolicy.COMPENSATE,
        description="When a ticket has failed for good: undo what was done (compensate), or run "
        "what does not depend on it (isolate).",
    )
    capability_patience_ms: DurationMs = Field(
        60_000,
        description="How long a ticket waits for a worker that has what it requires before an "
        "incident; a minute outlives a worker's restart.",
    )
    cancel_grace_ms: DurationMs = Field(
        30_000, description="How long tickets in flight may take to answer a cancellation."
    )
    mailbox_capacity: Count = Field(
        10_000,
        description="Facts that may wait for the embedded engine before senders have to; "
        "some seconds of work.",
    )
    commit_batch_max: Count = Field(
        1_000, description="Facts in one commit, so that one commit stays a matter of milliseconds."
    )
    shutdown_timeout_s: int = Field(
        10, ge=1, le=3_600, description="How long a stop may take; Kubernetes kills after 30 s."
    )
    http: HttpSettings = HttpSettings()
    identity: IdentitySettings = IdentitySettings()
    temporal: TemporalSettings = TemporalSettings()
    kafka: KafkaSettings = KafkaSettings()
    schema_registry: SchemaRegistrySettings = SchemaRegistrySettings()
    postgres: PostgresSettings = PostgresSettings()
    mongodb: MongoSettings = MongoSettings()
    redis: RedisSettings = RedisSettings()
    sla: SlaSettings = SlaSettings()
    scheduler: SchedulerSettings = SchedulerSettings()
    retry: RetrySettings = RetrySettings()
    plan: PlanSettings = PlanSettings()

    @classmethod
    def sections(cls) -> dict[str, type[Section]]:
        """Return the branches of the tree by field name; the root itself is the empty name."""
        kinds = {key: field.annotation for key, field in cls.model_fields.items()}
        branches = {
            key: kind
            for key, kind in kinds.items()
            if isinstance(kind, type) and issubclass(kind, Section)
        }
        return {"": cls, **branches}

    @classmethod
    def entries(cls) -> Iterator[Entry]:
        """Return every setting, in the order of the tree."""
        sections = cls.sections()
        for section, kind in sections.items():
            for name, key, field in kind.named_fields():
                if section or key not in sections:
                    yield Entry(name, section, key, field)

    def conflicts(self) -> Iterator[Conflict]:
        """Return the conflicts of every branch."""
        for section in self.sections():
            if section:
                yield from getattr(self, section).conflicts()

    def with_origins(self, origins: Mapping[str, str]) -> Self:
        """Return the same settings with where they came from, by name; others are defaults."""
        settings = self.model_copy()
        settings._origins = dict(origins)
        return settings

    def table(self) -> tuple[SettingRow, ...]:
        """Return every setting in force, in the order of the tree, with its origin."""
        return tuple(
            SettingRow(
                entry.name,
                shown(getattr(getattr(self, entry.section) if entry.section else self, entry.key)),
                self._origins.get(entry.name, DEFAULT),
                entry.field.description or "",
            )
            for entry in self.entries()
        )

    def policy(self) -> Policy:
        """Return the numbers by which plans are run that are accepted from now on."""
        retry, sla = self.retry, self.sla
        return Policy(
            ticket_timeout_min_ms=sla.ticket_min_timeout_ms,
            ticket_timeout_factor=sla.ticket_timeout_buffer_multiplier,
            plan_timeout_ms=sla.default_timeout_ms,
            parallel_tickets_max=self.scheduler.max_parallel_tickets,
            warning_share=sla.warning_share,
            capability_patience_ms=self.capability_patience_ms,
            cancel_grace_ms=self.cancel_grace_ms,
            failure_policy=self.failure_policy,
            retry_owner=retry.owner,
            retry=RetryPolicy(
                wait_initial_ms=retry.backoff_initial_ms,
                factor=retry.backoff_factor,
                wait_max_ms=retry.backoff_max_ms,
                jitter=retry.jitter,
            ),
            weights=self.scheduler.priority_weights,
        )

    def plan_limits(self) -> PlanLimits:
        """Return the largest plan that C1 accepts."""
        plan = self.plan
        return PlanLimits(
            tasks_max=plan.tasks_max,
            dependencies_max=plan.dependencies_max,
            text_bytes_max=plan.text_max_bytes,
        )
