"""The tree of settings: its names, its table, and the numbers that it hands down."""

import pytest
from pydantic import ValidationError

from orchestrator_dynamic.config.loading import load_settings
from orchestrator_dynamic.config.settings import SettingRow, Settings
from orchestrator_dynamic.config.wording import allowed_words, without_credentials
from orchestrator_dynamic.core.policy import (
    FailurePolicy,
    PlanLimits,
    Policy,
    PriorityWeights,
    RetryOwner,
    RetryPolicy,
)

# The users' names. Deployments have them in their files, so that none may change or vanish.
NAMES = """
    TEMPORAL_HOST TEMPORAL_PORT TEMPORAL_NAMESPACE TEMPORAL_TASK_QUEUE TEMPORAL_TLS_ENABLED
    KAFKA_BOOTSTRAP_SERVERS KAFKA_CONSENSUS_TOPIC KAFKA_TICKETS_TOPIC KAFKA_RESULTS_TOPIC
    KAFKA_INCIDENTS_TOPIC KAFKA_TELEMETRY_TOPIC KAFKA_CONSUMER_GROUP_ID KAFKA_SECURITY_PROTOCOL
    KAFKA_SASL_MECHANISM KAFKA_SASL_USERNAME KAFKA_SASL_PASSWORD KAFKA_SSL_CA_LOCATION
    SCHEMA_REGISTRY_URL POSTGRES_HOST POSTGRES_PORT POSTGRES_DATABASE POSTGRES_USER
    POSTGRES_PASSWORD MONGODB_URI MONGODB_DATABASE MONGODB_RETENTION_DAYS
    KAFKA_GROUP_INSTANCE_ID REDIS_SSL_CA_LOCATION REDIS_CLUSTER_NODES REDIS_PASSWORD
    REDIS_SSL_ENABLED SLA_DEFAULT_TIMEOUT_MS SLA_TICKET_MIN_TIMEOUT_MS
    SLA_TICKET_TIMEOUT_BUFFER_MULTIPLIER SLA_WARNING_SHARE SCHEDULER_MAX_PARALLEL_TICKETS
    SCHEDULER_PRIORITY_WEIGHTS OTEL_EXPORTER_ENDPOINT OTEL_EXPORTER_PROTOCOL
    LOG_LEVEL LOG_FORMAT ENVIRONMENT DATA_DIR
    FAILURE_POLICY RETRY_OWNER RETRY_BACKOFF_INITIAL_MS RETRY_BACKOFF_FACTOR RETRY_BACKOFF_MAX_MS
    RETRY_JITTER ALLOW_DIRECT_PLANS PLAN_TASKS_MAX PLAN_DEPENDENCIES_MAX PLAN_TEXT_MAX_BYTES
    PLAN_MAX_BYTES CAPABILITY_PATIENCE_MS CANCEL_GRACE_MS MAILBOX_CAPACITY COMMIT_BATCH_MAX
    SHUTDOWN_TIMEOUT_S
"""

HTTP_NAMES = """
    HTTP_HOST HTTP_PORT HTTP_BODY_MAX_BYTES HTTP_BODY_TIMEOUT_S HTTP_STREAMS_MAX
    HTTP_LEASE_GRACE_S
"""
IDENTITY_NAMES = """
    AUTH_TOKENS_FILE AUTH_OIDC_ISSUER AUTH_OIDC_AUDIENCE AUTH_OIDC_JWKS_URL AUTH_OIDC_SCOPE_CLAIM
    AUTH_CLOCK_SKEW_S AUTH_SUBMITTER_MAY_APPROVE
"""
# What another service may call its topic, and what a broker may ask of a client.
FURTHER_KAFKA_NAMES = """
    KAFKA_DEAD_LETTERS_TOPIC KAFKA_SLA_ALERTS_TOPIC KAFKA_SLA_VIOLATIONS_TOPIC
    KAFKA_APPROVALS_TOPIC KAFKA_SSL_CERTIFICATE_LOCATION KAFKA_SSL_KEY_LOCATION
    KAFKA_SSL_KEY_PASSWORD
"""


def row(settings: Settings, name: str) -> SettingRow:
    """Return the row of one setting."""
    return next(row for row in settings.table() if row.name == name)


def test_the_names_are_those_that_users_know() -> None:
    """A renamed setting is one that is ignored where it was set."""
    names = [entry.name for entry in Settings.entries()]

    assert sorted(names) == sorted(
        (NAMES + FURTHER_KAFKA_NAMES + HTTP_NAMES + IDENTITY_NAMES).split()
    )


def test_every_setting_says_what_it_is_for_and_what_it_allows() -> None:
    """The table and the complaints are all the help that an operator has at hand."""
    silent = [
        entry.name
        for entry in Settings.entries()
        if not (entry.field.description or "").endswith(".") or not allowed_words(entry.field)
    ]

    assert silent == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TEMPORAL_PORT", "7233"),
        ("TEMPORAL_NAMESPACE", "neural-hive-mind"),
        ("KAFKA_CONSENSUS_TOPIC", "plans.consensus"),
        ("KAFKA_DEAD_LETTERS_TOPIC", "plans.consensus.dlq"),
        ("KAFKA_APPROVALS_TOPIC", "cognitive-plans-approval-responses"),
        ("MONGODB_DATABASE", "neural_hive_orchestration"),
        ("POSTGRES_DATABASE", "temporal"),
        ("DATA_DIR", ".orchestrator-dynamic"),
        ("FAILURE_POLICY", "compensate"),
        ("ALLOW_DIRECT_PLANS", "false"),
        ("SCHEDULER_PRIORITY_WEIGHTS", "risk=0.4,qos=0.3,urgency=0.3"),
        ("PLAN_MAX_BYTES", "67108864"),
        ("REDIS_PASSWORD", ""),
    ],
)
def test_the_table_shows_the_defaults_as_texts(name: str, value: str) -> None:
    """What is shown can be copied into a file and means the same there."""
    assert row(load_settings({}, None), name).value == value


def test_the_table_says_where_each_value_came_from() -> None:
    """Most questions about settings are about who has set them."""
    settings = load_settings({"LOG_LEVEL": "ERROR"}, None, {"PLAN_TASKS_MAX": "5"})

    assert row(settings, "LOG_LEVEL").source == "environment"
    assert row(settings, "PLAN_TASKS_MAX").source == "command line"
    assert row(settings, "LOG_FORMAT").source == "default"


def test_secrets_are_shown_nowhere() -> None:
    """Tables are pasted into tickets, and trees into logs."""
    settings = load_settings(
        {
            "REDIS_PASSWORD": "hunter2",
            "MONGODB_URI": "mongodb://orq:hunter2@mongo:27017/db?tlsCertificateKeyFilePassword=hunter2",
            "SCHEMA_REGISTRY_URL": "https://orq:hunter2@registry:8081",
        },
        None,
    )

    shown = repr(settings) + str(settings) + repr(settings.table())

    assert "hunter2" not in shown
    assert row(settings, "REDIS_PASSWORD").value == "********"
    assert row(settings, "MONGODB_URI").value == "mongodb://********@mongo:27017/db?********"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("mongodb://a:1,b:2/db", "mongodb://a:1,b:2/db"),
        ("mongodb+srv://u:p@cluster.example", "mongodb+srv://********@cluster.example"),
        ("mongodb://u:p/w@host", "********"),
        ("mongodb://u:p?w@host", "********"),
        ("mongodb://u:p@w@host", "********"),
        ("plain", "********"),
    ],
)
def test_only_the_harmless_part_of_an_address_is_shown(address: str, shown: str) -> None:
    """A password with a slash in it must not pass for a path."""
    assert without_credentials(address) == shown


def test_the_tree_is_frozen() -> None:
    """Settings are read once, so that two parts cannot see two values."""
    settings = load_settings({}, None)

    with pytest.raises(ValidationError, match="frozen"):
        settings.log_level = "ERROR"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        settings.sla.warning_share = 0.5  # type: ignore[misc]


def test_the_defaults_are_those_of_the_core() -> None:
    """A plan that is run in a test and one that is run in production obey the same numbers."""
    settings = load_settings({}, None)

    assert settings.policy() == Policy()
    assert settings.plan_limits() == PlanLimits()


def test_every_number_of_the_policy_can_be_set() -> None:
    """A number that is wired to the wrong setting looks right until it is changed."""
    settings = load_settings(
        {
            "SLA_TICKET_MIN_TIMEOUT_MS": "11",
            "SLA_TICKET_TIMEOUT_BUFFER_MULTIPLIER": "1.5",
            "SLA_DEFAULT_TIMEOUT_MS": "12",
            "SLA_WARNING_SHARE": "0.6",
            "SCHEDULER_MAX_PARALLEL_TICKETS": "13",
            "SCHEDULER_PRIORITY_WEIGHTS": "risk=0.2,qos=0.2,urgency=0.6",
            "CAPABILITY_PATIENCE_MS": "14",
            "CANCEL_GRACE_MS": "15",
            "FAILURE_POLICY": "isolate",
            "RETRY_OWNER": "worker",
            "RETRY_BACKOFF_INITIAL_MS": "16",
            "RETRY_BACKOFF_FACTOR": "3",
            "RETRY_BACKOFF_MAX_MS": "17",
            "RETRY_JITTER": "0.1",
            "PLAN_TASKS_MAX": "18",
            "PLAN_DEPENDENCIES_MAX": "19",
            "PLAN_TEXT_MAX_BYTES": "2000",
        },
        None,
    )

    assert settings.policy() == Policy(
        ticket_timeout_min_ms=11,
        ticket_timeout_factor=1.5,
        plan_timeout_ms=12,
        parallel_tickets_max=13,
        warning_share=0.6,
        capability_patience_ms=14,
        cancel_grace_ms=15,
        failure_policy=FailurePolicy.ISOLATE,
        retry_owner=RetryOwner.WORKER,
        retry=RetryPolicy(wait_initial_ms=16, factor=3.0, wait_max_ms=17, jitter=0.1),
        weights=PriorityWeights(risk=0.2, qos=0.2, urgency=0.6),
    )
    assert settings.plan_limits() == PlanLimits(
        tasks_max=18, dependencies_max=19, text_bytes_max=2000
    )
