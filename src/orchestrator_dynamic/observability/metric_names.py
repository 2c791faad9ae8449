"""Every metric there is, with its labels, what it means and what to do about it.

The table is closed: `Metrics` records nothing else, dashboards and alerts name nothing else.
A label's values are a small closed set, never an id; a value outside it is counted as `other`.
Source: rules, "Metrics".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Literal

from orchestrator_dynamic.core.commands import Fate
from orchestrator_dynamic.models.vocabulary import IncidentType, Outcome, RiskBand, TaskType

CounterName = Literal[
    "orchestration_commits_total",
    "orchestration_compensations_total",
    "orchestration_dead_letters_total",
    "orchestration_deadline_approaching_total",
    "orchestration_duplicates_total",
    "orchestration_http_requests_total",
    "orchestration_incidents_total",
    "orchestration_kafka_errors_total",
    "orchestration_kafka_messages_consumed_total",
    "orchestration_kafka_messages_produced_total",
    "orchestration_leases_expired_total",
    "orchestration_plan_validations_total",
    "orchestration_resource_allocations_total",
    "orchestration_results_total",
    "orchestration_retries_total",
    "orchestration_sla_violations_total",
    "orchestration_spans_total",
    "orchestration_tickets_completed_total",
    "orchestration_tickets_generated_total",
    "orchestration_tickets_published_total",
    "orchestration_workflows_completed_total",
    "orchestration_workflows_started_total",
]
GaugeName = Literal[
    "orchestration_breaker_state",
    "orchestration_build_info",
    "orchestration_decisions_parked",
    "orchestration_event_streams",
    "orchestration_kafka_consumer_lag",
    "orchestration_leases",
    "orchestration_sla_remaining_seconds",
    "orchestration_telemetry_buffered",
    "orchestration_workflows_active",
]
HistogramName = Literal[
    "orchestration_commit_duration_seconds",
    "orchestration_http_request_duration_seconds",
    "orchestration_ticket_generation_duration_seconds",
    "orchestration_ticket_queue_seconds",
    "orchestration_ticket_run_seconds",
    "orchestration_workflow_duration_seconds",
]

OTHER = "other"

VERSION = version("orchestrator-dynamic")

Labels = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What is counted or measured.

    Attributes:
        labels: each label with the values that it can have.
        unit: what one of it is.
        meaning: what the number says, as a sentence.
        action: what an operator does about it.
    """

    unit: str
    meaning: str
    action: str
    labels: Labels = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram(Metric):
    """What is measured, and the upper bounds of the classes that measurements fall into."""

    buckets: tuple[float, ...]


TASK_TYPES: Labels = {"task_type": tuple(TaskType)}
RISK_BANDS: Labels = {"risk_band": tuple(RiskBand)}
SCOPES: Labels = {"scope": ("ticket", "plan")}

# What requests are about; those that wait on purpose are groups of their own.
HTTP_GROUPS: Labels = {
    "group": (
        "decisions",
        "plans",
        "workflows",
        "tickets",
        "workers",
        "leases",
        "streams",
        "dead_letters",
        "operations",
        "page",
    )
}

# Why a decision cannot be read, as the wire words it, and what the intake adds.
DEAD_LETTER_REASONS = (
    "empty",
    "too_large",
    "not_utf8",
    "not_json",
    "duplicate_key",
    "not_a_number",
    "nested_too_deeply",
    "unreadable_avro",
    "unknown_schema",
    "unknown_envelope",
    "direct_plan_refused",
    "contract",
    "decision_conflict",
    "unprocessable",
)

COUNTERS: Mapping[CounterName, Metric] = {
    "orchestration_workflows_started_total": Metric(
        unit="plans",
        labels=RISK_BANDS,
        meaning="Plans that have begun to run.",
        action="A rate of zero while decisions arrive: look at parked decisions and dead letters.",
    ),
    "orchestration_workflows_completed_total": Metric(
        unit="plans",
        labels={"outcome": tuple(Outcome), **RISK_BANDS},
        meaning="Plans that have ended, by outcome.",
        action="A growing share of FAILED: look at incidents, then at results by fate.",
    ),
    "orchestration_tickets_generated_total": Metric(
        unit="tickets",
        labels=TASK_TYPES,
        meaning="Tickets that were made from the tasks of plans.",
        action="Far above what is published: plans wait; look at resource allocations.",
    ),
    "orchestration_tickets_published_total": Metric(
        unit="attempts",
        labels=TASK_TYPES,
        meaning="Attempts that the bus has taken responsibility for; a retry counts again.",
        action="A rate of zero while plans are active: look at breakers and the bus.",
    ),
    "orchestration_tickets_completed_total": Metric(
        unit="tickets",
        labels={"status": ("COMPLETED", "FAILED", "COMPENSATED", "CANCELLED", "SKIPPED")}
        | dict(TASK_TYPES),
        meaning="Tickets to which nothing more will happen, by how they ended.",
        action="FAILED of one task type: look at the workers that execute it.",
    ),
    "orchestration_sla_violations_total": Metric(
        unit="deadlines",
        labels={**SCOPES, **RISK_BANDS},
        meaning="Deadlines that have passed before the work was done.",
        action="Tickets: compare queue and run times. Plans: compare with the critical path.",
    ),
    "orchestration_deadline_approaching_total": Metric(
        unit="deadlines",
        labels=SCOPES,
        meaning="Warnings that most of a deadline is used.",
        action="Many warnings, few violations: deadlines are tight but met. Both: add workers.",
    ),
    "orchestration_kafka_messages_consumed_total": Metric(
        unit="messages",
        labels={"stream": ("decisions", "results", "approvals")},
        meaning="Messages that were read from Kafka, by what they carry.",
        action="A rate of zero while the lag grows: look at Kafka errors and breakers.",
    ),
    "orchestration_kafka_messages_produced_total": Metric(
        unit="messages",
        labels={
            "stream": (
                "tickets",
                "incidents",
                "telemetry",
                "dead_letters",
                "sla_alerts",
                "sla_violations",
            )
        },
        meaning="Messages that Kafka has acknowledged, by what they carry.",
        action="Tickets at zero while plans are active: look at Kafka errors and breakers.",
    ),
    "orchestration_kafka_errors_total": Metric(
        unit="errors",
        labels={"operation": ("consume", "commit", "produce", "schema")},
        meaning="Calls to Kafka or its schema registry that failed; they are repeated.",
        action="A steady rate: look at the brokers, their certificates and logins.",
    ),
    "orchestration_retries_total": Metric(
        unit="attempts",
        labels={"cause": ("failed", "timed_out"), **TASK_TYPES},
        meaning="Attempts that were repeated, by why the one before ended.",
        action="timed_out: compare run times with estimates. failed: look at the workers' errors.",
    ),
    "orchestration_compensations_total": Metric(
        unit="tickets",
        labels={"status": ("COMPENSATED", "FAILED")},
        meaning="Tickets that undo another and have ended.",
        action="FAILED: a person must undo the work; the incident names it.",
    ),
    "orchestration_plan_validations_total": Metric(
        unit="plans",
        labels={"result": ("valid", "invalid")},
        meaning="Plans that were examined before they were run.",
        action="A growing share of invalid: tell those who make the plans; the audit has findings.",
    ),
    "orchestration_resource_allocations_total": Metric(
        unit="tickets",
        labels={"result": ("any_worker", "by_capability", "starved")},
        meaning="How tickets found a worker; starved ones wait, for none has what they require.",
        action="starved: start workers with the capabilities that the incident names.",
    ),
    "orchestration_duplicates_total": Metric(
        unit="messages",
        labels={"kind": ("decision", "result", "approval")},
        meaning="Messages that said again what was known; they changed nothing.",
        action="A lasting high share: a sender repeats itself, or offsets are not committed.",
    ),
    "orchestration_dead_letters_total": Metric(
        unit="messages",
        labels={"reason": DEAD_LETTER_REASONS},
        meaning="Messages that cannot be used and were put aside, by reason.",
        action="List them, mend the sender, and put them back into the queue.",
    ),
    "orchestration_incidents_total": Metric(
        unit="incidents",
        labels={"type": tuple(IncidentType)},
        meaning="Incidents that were raised, one for each cause.",
        action="Follow the playbook that the incident recommends.",
    ),
    "orchestration_results_total": Metric(
        unit="results",
        labels={"fate": (*Fate, "heartbeat", "unknown")},
        meaning="Answers of workers, by what became of them.",
        action="stale or too_late: time limits are too tight. unknown: a worker of somebody else.",
    ),
    "orchestration_leases_expired_total": Metric(
        unit="leases",
        meaning="Leases of workers over HTTP that ran out without a sign of life.",
        action="A steady rate: workers die or block; look at the workers that the log names.",
    ),
    "orchestration_http_requests_total": Metric(
        unit="requests",
        labels={**HTTP_GROUPS, "status": ("2xx", "3xx", "4xx", "5xx")},
        meaning="Requests that were answered, by what they are about.",
        action="5xx: the log has each by its correlation id. 4xx of one group: a client is wrong.",
    ),
    "orchestration_spans_total": Metric(
        unit="spans",
        labels={"result": ("exported", "dropped")},
        meaning="Spans of traces, by whether the collector has them.",
        action="dropped: the collector is away or too slow; plans are not held up by that.",
    ),
    "orchestration_commits_total": Metric(
        unit="commits",
        meaning="Commits of the embedded journal; one carries many facts.",
        action="Compare with results: far fewer commits than facts is as it should be.",
    ),
}

GAUGES: Mapping[GaugeName, Metric] = {
    "orchestration_workflows_active": Metric(
        unit="plans",
        meaning="Plans that have begun and not ended.",
        action="Growing without end: workers are too few, or plans wait for approval.",
    ),
    "orchestration_sla_remaining_seconds": Metric(
        unit="seconds",
        labels=RISK_BANDS,
        meaning="Time to the nearest deadline of the active plans; below zero it has passed, "
        "and NaN where no plan is active.",
        action="Near zero: raise the priority of that plan or add workers.",
    ),
    "orchestration_kafka_consumer_lag": Metric(
        unit="messages",
        labels={"stream": ("decisions", "results", "approvals")},
        meaning="Messages that Kafka holds for us, by what they carry.",
        action="Growing: look at commit times, then add replicas up to the number of partitions.",
    ),
    "orchestration_decisions_parked": Metric(
        unit="decisions",
        meaning="Decisions that wait for a person's approval.",
        action="Approve or reject them before they expire.",
    ),
    "orchestration_event_streams": Metric(
        unit="streams",
        meaning="Event streams that are open.",
        action="Near HTTP_STREAMS_MAX: raise it, or find who opens so many.",
    ),
    "orchestration_leases": Metric(
        unit="leases",
        meaning="Tickets that workers have on lease over HTTP.",
        action="Zero while tickets wait: no worker asks for them; start some.",
    ),
    "orchestration_telemetry_buffered": Metric(
        unit="frames",
        meaning="Telemetry frames that could not be sent yet and are kept on disk.",
        action="Growing: the telemetry topic or its broker cannot be reached.",
    ),
    "orchestration_build_info": Metric(
        unit="builds",
        labels={"version": (VERSION,)},
        meaning="1, with the version that runs as its label.",
        action="Two versions for long: a replica was not deployed.",
    ),
    "orchestration_breaker_state": Metric(
        unit="state",
        labels={
            "service": (
                "kafka",
                "schema_registry",
                "mongodb",
                "redis",
                "temporal",
                "telemetry",
                "decisions_intake",
                "results_intake",
                "approvals_intake",
            )
        },
        meaning="Breaker of a backing service that is set and was called, or of what is taken "
        "from a topic: 0 closed, 1 trying again, 2 open.",
        action="2: the service fails again and again or refuses us, `/ready` says why; an intake "
        "has met too many dead letters: look at their reasons.",
    ),
}

HISTOGRAMS: Mapping[HistogramName, Histogram] = {
    "orchestration_workflow_duration_seconds": Histogram(
        unit="seconds",
        labels={"outcome": tuple(Outcome)},
        buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400),
        meaning="Time from a plan's start to its end.",
        action="Compare with the critical path in the telemetry frame: the rest is waiting.",
    ),
    "orchestration_ticket_generation_duration_seconds": Histogram(
        unit="seconds",
        buckets=(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10),
        meaning="Time to make all tickets of one plan.",
        action="Above a second for ordinary plans: the machine is overloaded.",
    ),
    "orchestration_ticket_queue_seconds": Histogram(
        unit="seconds",
        buckets=(0.001, 0.005, 0.02, 0.1, 0.5, 1, 5, 15, 60, 300, 1_800),
        meaning="Time from a ticket's being ready to its being published.",
        action="High: raise SCHEDULER_MAX_PARALLEL_TICKETS, or look at the bus and the store.",
    ),
    "orchestration_ticket_run_seconds": Histogram(
        unit="seconds",
        labels=TASK_TYPES,
        buckets=(0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400),
        meaning="Time from a ticket's first sign of life to its answer.",
        action="Far above the estimates: correct the estimates, or look at the workers.",
    ),
    "orchestration_http_request_duration_seconds": Histogram(
        unit="seconds",
        labels=HTTP_GROUPS,
        buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30),
        meaning="Time from a request's arrival to the beginning of its answer.",
        action="Above 0.1 s for reads: large plans are read, or the disk is slow. Leases wait.",
    ),
    "orchestration_commit_duration_seconds": Histogram(
        unit="seconds",
        buckets=(0.000_5, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1),
        meaning="Time of one commit of the embedded journal.",
        action="Above 50 ms: the disk is slow or full; move DATA_DIR to a faster one.",
    ),
}
