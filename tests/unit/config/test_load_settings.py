"""Which source wins, what is refused, and that every complaint is told at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator_dynamic.config.loading import load_settings
from orchestrator_dynamic.core.policy import FailurePolicy, PriorityWeights, RetryOwner
from orchestrator_dynamic.errors import Misconfigured


def env_file(directory: Path, *lines: str) -> Path:
    """Return a settings file with these lines."""
    path = directory / "settings.env"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def complaints_about(
    environ: dict[str, str], file: Path | None = None, overrides: dict[str, str] | None = None
) -> list[str]:
    """Return what is refused about these sources, line by line."""
    with pytest.raises(Misconfigured) as refusal:
        load_settings(environ, file, overrides or {})
    return str(refusal.value).splitlines()


def test_nothing_set_means_the_embedded_parts() -> None:
    """Somebody who tries the engine has no cluster."""
    settings = load_settings({}, None)

    assert settings.temporal.host is None
    assert settings.kafka.bootstrap_servers is None
    assert settings.schema_registry.url is None
    assert settings.mongodb.uri is None
    assert settings.redis.cluster_nodes is None
    assert settings.otel_exporter_endpoint is None


def test_the_command_line_outranks_the_environment_and_the_environment_the_file(
    tmp_path: Path,
) -> None:
    """What is said last and closest to the run is what is meant."""
    file = env_file(tmp_path, "PLAN_TASKS_MAX=1", "LOG_LEVEL=ERROR", "RETRY_JITTER=0.5")

    settings = load_settings(
        {"PLAN_TASKS_MAX": "2", "LOG_LEVEL": "WARNING"}, file, {"PLAN_TASKS_MAX": "3"}
    )

    assert settings.plan.tasks_max == 3
    assert settings.log_level == "WARNING"
    assert settings.retry.jitter == 0.5


def test_an_empty_text_puts_the_default_in_force(tmp_path: Path) -> None:
    """Compose files pass `${NAME:-}` for what nobody has set, and it must undo the file too."""
    file = env_file(tmp_path, "KAFKA_BOOTSTRAP_SERVERS=broker:9092", "PLAN_TASKS_MAX=5")

    settings = load_settings({"KAFKA_BOOTSTRAP_SERVERS": "", "PLAN_TASKS_MAX": " "}, file)

    assert settings.kafka.bootstrap_servers is None
    assert settings.plan.tasks_max == 100_000


def test_texts_become_values() -> None:
    """Everything below takes values and never parses a setting again."""
    settings = load_settings(
        {
            "KAFKA_BOOTSTRAP_SERVERS": "a:9092, b:9093",
            "REDIS_CLUSTER_NODES": "[::1]:7000",
            "TEMPORAL_TLS_ENABLED": "true",
            "DATA_DIR": "/var/lib/orq",
            "LOG_LEVEL": "debug",
            "LOG_FORMAT": "JSON",
            "KAFKA_SECURITY_PROTOCOL": "ssl",
            "FAILURE_POLICY": "isolate",
            "RETRY_OWNER": "Worker",
            "SCHEDULER_PRIORITY_WEIGHTS": "urgency=0.2, risk=0.5, qos=0.3",
            "REDIS_PASSWORD": "pass word",
        },
        None,
    )

    assert settings.kafka.bootstrap_servers == ("a:9092", "b:9093")
    assert settings.redis.cluster_nodes == ("[::1]:7000",)
    assert settings.temporal.tls_enabled
    assert settings.data_dir == Path("/var/lib/orq")
    assert (settings.log_level, settings.log_format) == ("DEBUG", "json")
    assert settings.kafka.security_protocol == "SSL"
    assert settings.failure_policy is FailurePolicy.ISOLATE
    assert settings.retry.owner is RetryOwner.WORKER
    assert settings.scheduler.priority_weights == PriorityWeights(risk=0.5, qos=0.3, urgency=0.2)
    assert settings.redis.password is not None
    assert settings.redis.password.get_secret_value() == "pass word"


def test_every_complaint_comes_at_once_and_says_whence_and_what_is_allowed(tmp_path: Path) -> None:
    """An operator who mends one line at a time restarts the service ten times."""
    file = env_file(tmp_path, "# the SLA", "SLA_WARNING_SHARE=1.5", "LOG_FORMAT=yaml")

    complaints = complaints_about(
        {"TEMPORAL_PORT": "tcp://10.0.0.1:7233", "SLA_DEFAULT_TIMEOUT": "1"},
        file,
        {"FAILURE_POLICY": "panic", "COLOUR": "red"},
    )

    assert sorted(complaints) == sorted(
        [
            f'SLA_WARNING_SHARE is "1.5" ({file}:2); allowed is a number from 0.5 and below 1',
            f'LOG_FORMAT is "yaml" ({file}:3); allowed is auto, json or console',
            'TEMPORAL_PORT is "tcp://10.0.0.1:7233" (environment); '
            "allowed is a whole number from 1 to 65535",
            "SLA_DEFAULT_TIMEOUT (environment) is not a setting; "
            "did you mean SLA_DEFAULT_TIMEOUT_MS?",
            'FAILURE_POLICY is "panic" (command line); allowed is compensate or isolate',
            "COLOUR (command line) is not a setting",
        ]
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SCHEDULER_PRIORITY_WEIGHTS", "risk=0.4,qos=0.6"),
        ("SCHEDULER_PRIORITY_WEIGHTS", "risk=0.4,qos=0.3,urgency=0.3,luck=0"),
        ("SCHEDULER_PRIORITY_WEIGHTS", "risk=0.4,risk=0.4,qos=0.3,urgency=0.3"),
        ("SCHEDULER_PRIORITY_WEIGHTS", "risk=0.4,qos=0.3,urgency=0.4"),
        ("SCHEDULER_PRIORITY_WEIGHTS", "risk=1.4,qos=-0.7,urgency=0.3"),
        ("SCHEDULER_PRIORITY_WEIGHTS", "risk=nan,qos=0.3,urgency=0.3"),
        ("SCHEDULER_PRIORITY_WEIGHTS", "0.4,0.3,0.3"),
        ("KAFKA_BOOTSTRAP_SERVERS", "broker"),
        ("KAFKA_BOOTSTRAP_SERVERS", "broker:0"),
        ("KAFKA_BOOTSTRAP_SERVERS", "broker:99999"),
        ("KAFKA_BOOTSTRAP_SERVERS", "kafka://broker:9092"),
        ("KAFKA_BOOTSTRAP_SERVERS", ","),
        ("KAFKA_TICKETS_TOPIC", "execution tickets"),
        ("KAFKA_SASL_MECHANISM", "NTLM"),
        ("TEMPORAL_HOST", "http://temporal"),
        ("MONGODB_URI", "localhost:27017"),
        ("SCHEMA_REGISTRY_URL", "registry:8081"),
        ("OTEL_EXPORTER_ENDPOINT", "http://me:secret@collector:4317"),
        ("SLA_TICKET_TIMEOUT_BUFFER_MULTIPLIER", "inf"),
        ("RETRY_BACKOFF_FACTOR", "nan"),
        ("RETRY_JITTER", "1"),
        ("PLAN_TASKS_MAX", "0"),
        ("PLAN_TASKS_MAX", "1e3"),
        ("SHUTDOWN_TIMEOUT_S", "-1"),
        ("ALLOW_DIRECT_PLANS", "perhaps"),
        ("ENVIRONMENT", "prod/eu"),
    ],
)
def test_an_impossible_value_stops_the_start(name: str, text: str) -> None:
    """A value that is taken for something else shows itself at night."""
    complaints = complaints_about({name: text})

    assert len(complaints) == 1
    assert complaints[0].startswith(f"{name} is ")
    assert "; allowed is " in complaints[0]


@pytest.mark.parametrize(
    ("environ", "part"),
    [
        (
            {"RETRY_BACKOFF_INITIAL_MS": "5000", "RETRY_BACKOFF_MAX_MS": "4000"},
            "RETRY_BACKOFF_INITIAL_MS (5000) is above RETRY_BACKOFF_MAX_MS (4000)",
        ),
        (
            {"PLAN_TEXT_MAX_BYTES": "2048", "PLAN_MAX_BYTES": "1024"},
            "PLAN_TEXT_MAX_BYTES (2048) is above PLAN_MAX_BYTES (1024)",
        ),
        (
            {"KAFKA_TICKETS_TOPIC": "execution.results"},
            "KAFKA_TICKETS_TOPIC and KAFKA_RESULTS_TOPIC must differ",
        ),
        (
            {"KAFKA_SASL_PASSWORD": "secret"},
            "KAFKA_SASL_PASSWORD has no effect with KAFKA_SECURITY_PROTOCOL=PLAINTEXT",
        ),
        (
            {"KAFKA_SSL_CA_LOCATION": "/ca.pem"},
            "KAFKA_SSL_CA_LOCATION has no effect with KAFKA_SECURITY_PROTOCOL=PLAINTEXT",
        ),
        (
            {"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_KEY_LOCATION": "/key.pem"},
            "KAFKA_SSL_CERTIFICATE_LOCATION and KAFKA_SSL_KEY_LOCATION need each other",
        ),
    ],
)
def test_settings_that_contradict_each_other_stop_the_start(
    environ: dict[str, str], part: str
) -> None:
    """Each may be possible alone, and together they would do what nobody wants."""
    complaints = complaints_about(environ)

    assert len(complaints) == 1
    assert part in complaints[0]
    assert "from environment" in complaints[0]


def test_a_login_that_is_incomplete_says_each_part_that_is_missing() -> None:
    """A client without credentials fails much later, and far less clearly."""
    complaints = complaints_about({"KAFKA_SECURITY_PROTOCOL": "SASL_SSL"})

    assert [line.split(" (")[0] for line in complaints] == [
        "KAFKA_SECURITY_PROTOCOL=SASL_SSL needs KAFKA_SASL_MECHANISM",
        "KAFKA_SECURITY_PROTOCOL=SASL_SSL needs KAFKA_SASL_USERNAME",
        "KAFKA_SECURITY_PROTOCOL=SASL_SSL needs KAFKA_SASL_PASSWORD",
    ]


def test_an_impossible_value_is_not_blamed_twice() -> None:
    """The default that stands in for it must not make contradictions of its own."""
    complaints = complaints_about(
        {"KAFKA_SECURITY_PROTOCOL": "SASL_TLS", "KAFKA_SASL_USERNAME": "orq"}
    )

    assert len(complaints) == 1
    assert complaints[0].startswith("KAFKA_SECURITY_PROTOCOL is ")


def test_a_secret_is_not_repeated_in_a_complaint() -> None:
    """Complaints end up in logs."""
    complaints = complaints_about({"MONGODB_URI": "http://orq:hunter2@mongo"})

    assert "hunter2" not in complaints[0]


def test_a_long_value_is_cut_in_a_complaint() -> None:
    """A file pasted into a variable would bury the other complaints."""
    complaints = complaints_about({"LOG_FORMAT": "x" * 10_000})

    assert len(complaints[0]) < 200


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("KAFKA_BOOTSTRAP_SERVER", "KAFKA_BOOTSTRAP_SERVERS"),
        ("MONGODB_URL", "MONGODB_URI"),
        ("REDIS_CLUSTER_NODE", "REDIS_CLUSTER_NODES"),
        ("OTEL_EXPORTER_ENDPONIT", "OTEL_EXPORTER_ENDPOINT"),
        ("temporal_host", "TEMPORAL_HOST"),
        ("SCHEDULER_MAX_PARALLEL", "SCHEDULER_MAX_PARALLEL_TICKETS"),
    ],
)
def test_a_slip_in_the_environment_stops_the_start(name: str, meant: str) -> None:
    """A setting that is silently ignored means another default than one thinks."""
    complaints = complaints_about({name: "anything"})

    assert complaints == [f"{name} (environment) is not a setting; did you mean {meant}?"]


@pytest.mark.parametrize(
    "name",
    [
        "KAFKA_OPTS",
        "KAFKA_HEAP_OPTS",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "POSTGRES_DB",
        "POSTGRES_PASSWORD_FILE",
        "TEMPORAL_ADDRESS",
        "TEMPORAL_TLS",
        "COMMIT_SHA",
        "PATH",
        "SCHEDULER_SERVICE_HOST",
        "SCHEDULER_SERVICE_PORT_HTTP",
        "PLAN_STORE_PORT_8080_TCP_ADDR",
    ],
)
def test_what_belongs_to_others_in_the_environment_is_left_alone(name: str) -> None:
    """The environment is shared: with client tools, images, and Kubernetes' service links."""
    settings = load_settings({name: "anything"}, None)

    assert all(row.source == "default" for row in settings.table())


def test_the_file_is_ours_so_that_every_unknown_name_in_it_is_a_mistake(tmp_path: Path) -> None:
    """A file named for the service has no neighbours."""
    file = env_file(tmp_path, "", "KAFKA_OPTS=-Dx", "export LOG_LEVL=INFO")

    assert complaints_about({}, file) == [
        f"KAFKA_OPTS ({file}:2) is not a setting",
        f"LOG_LEVL ({file}:3) is not a setting; did you mean LOG_LEVEL?",
    ]


def test_the_file_may_have_comments_quotes_and_exports(tmp_path: Path) -> None:
    """It is the file that shells and Compose read too."""
    file = env_file(
        tmp_path,
        "# comment",
        "export PLAN_TASKS_MAX=7  # why",
        "REDIS_PASSWORD='a ${HOME} $b # c'",
        "",
    )

    settings = load_settings({"HOME": "/root"}, file)

    assert settings.plan.tasks_max == 7
    assert settings.redis.password is not None
    assert settings.redis.password.get_secret_value() == "a ${HOME} $b # c"


def test_a_line_that_cannot_be_read_is_named_but_not_shown(tmp_path: Path) -> None:
    """It may be half of a password."""
    file = env_file(tmp_path, "PLAN_TASKS_MAX=7", "hunter2")

    assert complaints_about({}, file) == [f"{file}:2 is not a line like NAME=value"]


def test_a_file_that_is_not_there_is_a_complaint(tmp_path: Path) -> None:
    """Whoever names a file counts on it; where there is none, none is passed."""
    complaints = complaints_about({}, tmp_path / "absent.env")

    assert len(complaints) == 1
    assert complaints[0].startswith(f"{tmp_path / 'absent.env'} cannot be read: ")


def test_nothing_is_read_that_was_not_passed(tmp_path: Path) -> None:
    """What a process inherits must not differ from what `orq settings` explains."""
    env_file(tmp_path, "LOG_LEVEL=ERROR").rename(tmp_path / ".env")
    program = (
        "from orchestrator_dynamic.config.loading import load_settings\n"
        "for row in load_settings({}, None).table(): print(f'{row.name}={row.value}')"
    )
    environ = {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "KAFKA_BOOTSTRAP_SERVERS": "broker:9092",
        "DATA_DIR": "/elsewhere",
    }

    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    defaults = [f"{row.name}={row.value}" for row in load_settings({}, None).table()]
    assert done.stdout.splitlines() == defaults
