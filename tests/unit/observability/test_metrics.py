"""What is recorded is what Prometheus sees."""

import math
from typing import Final

import pytest
from prometheus_client.parser import text_string_to_metric_families

from orchestrator_dynamic.errors import InvariantViolation
from orchestrator_dynamic.models.vocabulary import Outcome, TaskType
from orchestrator_dynamic.observability.metric_names import COUNTERS, GAUGES, HISTOGRAMS, VERSION
from orchestrator_dynamic.observability.metrics import Metrics

QUEUE: Final = "orchestration_ticket_queue_seconds"


def seen(metrics: Metrics, sample: str, **labels: str) -> float | None:
    """Return what Prometheus sees of one series; None where there is none."""
    return metrics.registry.get_sample_value(sample, labels)


def test_a_counter_adds_up_for_each_combination_of_labels() -> None:
    """Types of tickets fail for reasons of their own."""
    metrics = Metrics()

    metrics.add("orchestration_tickets_published_total", task_type="BUILD")
    metrics.add("orchestration_tickets_published_total", 2, task_type=TaskType.BUILD)
    metrics.add("orchestration_tickets_published_total", 5, task_type="DEPLOY")

    assert seen(metrics, "orchestration_tickets_published_total", task_type="BUILD") == 3
    assert seen(metrics, "orchestration_tickets_published_total", task_type="DEPLOY") == 5


def test_the_order_in_which_labels_are_written_does_not_matter() -> None:
    """It would split one series into two, each half true."""
    metrics = Metrics()

    metrics.add("orchestration_workflows_completed_total", outcome="SUCCESS", risk_band="low")
    metrics.add("orchestration_workflows_completed_total", risk_band="low", outcome="SUCCESS")

    labels = {"outcome": Outcome.SUCCESS, "risk_band": "low"}
    assert seen(metrics, "orchestration_workflows_completed_total", **labels) == 2


def test_a_counter_is_zero_before_it_first_counts() -> None:
    """A rate over a series that begins with its first event misses that event."""
    assert seen(Metrics(), "orchestration_incidents_total", type="WORKER_FAILURE") == 0


def test_a_gauge_says_where_it_stands_and_nothing_before_it_is_set() -> None:
    """A zero that nobody measured looks like a deadline that is due, or a breaker that is shut."""
    metrics = Metrics()

    metrics.set("orchestration_breaker_state", 2, service="kafka")
    metrics.set("orchestration_breaker_state", 1, service="kafka")

    assert seen(metrics, "orchestration_breaker_state", service="kafka") == 1
    assert seen(metrics, "orchestration_breaker_state", service="redis") is None
    assert seen(metrics, "orchestration_workflows_active") == 0


def test_a_measurement_falls_into_the_first_bucket_that_is_not_below_it() -> None:
    """Prometheus's bounds are inclusive, and its buckets add up."""
    metrics = Metrics()

    for value in (0.001, 0.1, 0.11, 1_000_000):
        metrics.observe(QUEUE, value)

    assert seen(metrics, f"{QUEUE}_bucket", le="0.001") == 1
    assert seen(metrics, f"{QUEUE}_bucket", le="0.1") == 2
    assert seen(metrics, f"{QUEUE}_bucket", le="0.5") == 3
    assert seen(metrics, f"{QUEUE}_bucket", le="1800.0") == 3
    assert seen(metrics, f"{QUEUE}_bucket", le="+Inf") == 4
    assert seen(metrics, f"{QUEUE}_count") == 4
    assert seen(metrics, f"{QUEUE}_sum") == pytest.approx(1_000_000.211)


def test_many_measurements_at_once_are_as_many_one_by_one() -> None:
    """The cheap way must not be another way."""
    values = [0.004, 0.02, 7.0, 4_000.0]
    at_once, one_by_one = Metrics(), Metrics()

    at_once.observe_many("orchestration_ticket_run_seconds", values, task_type="QUERY")
    for value in values:
        one_by_one.observe("orchestration_ticket_run_seconds", value, task_type="QUERY")

    assert at_once.render() == one_by_one.render()


def test_two_applications_in_one_process_do_not_share_numbers() -> None:
    """Tests and simulations run several beside each other."""
    one, other = Metrics(), Metrics()

    one.add("orchestration_commits_total", 3)

    assert seen(one, "orchestration_commits_total") == 3
    assert seen(other, "orchestration_commits_total") == 0


def test_an_unknown_name_is_an_error_at_once() -> None:
    """A metric that nobody has described is one that nobody can read."""
    metrics = Metrics()

    with pytest.raises(InvariantViolation, match="orchestration_typo_total is not a metric"):
        metrics.add("orchestration_typo_total")  # type: ignore[arg-type]
    with pytest.raises(InvariantViolation, match="orchestration_commits_total is not a metric"):
        metrics.set("orchestration_commits_total", 1)  # type: ignore[arg-type]


@pytest.mark.parametrize("labels", [{}, {"reason": "x"}, {"task_type": "BUILD", "id": "7"}])
def test_wrong_labels_are_an_error_at_once(labels: dict[str, str]) -> None:
    """A label too many or too few is a mistake in code, and found by the first test."""
    with pytest.raises(InvariantViolation, match="a metric with the labels task_type was given"):
        Metrics().add("orchestration_tickets_published_total", 1, **labels)


def test_a_value_outside_a_labels_set_is_counted_as_other() -> None:
    """What senders write must neither break the flow nor become a series of its own."""
    metrics = Metrics()

    for number in range(1_000):
        metrics.add("orchestration_dead_letters_total", reason=f"reason {number}")

    assert seen(metrics, "orchestration_dead_letters_total", reason="other") == 1_000
    assert metrics.render().count(b"orchestration_dead_letters_total{") == (
        len(COUNTERS["orchestration_dead_letters_total"].labels["reason"]) + 1
    )


def test_the_version_that_runs_is_told() -> None:
    """A dashboard shows beside each change of a number what was deployed then."""
    assert seen(Metrics(), "orchestration_build_info", version=VERSION) == 1


def test_a_service_tells_of_its_process_as_well() -> None:
    """Memory and open files run out before anything of ours says so."""
    metrics = Metrics()

    assert seen(metrics, "process_open_fds") is None
    metrics.tell_of_process()

    for name in ("process_open_fds", "process_resident_memory_bytes", "process_start_time_seconds"):
        assert (seen(metrics, name) or 0) > 0, name


def test_what_is_rendered_is_what_prometheus_reads() -> None:
    """One malformed line costs Prometheus the whole scrape."""
    metrics = Metrics()
    for gauge, spec in GAUGES.items():
        metrics.set(gauge, math.nan, **{label: values[0] for label, values in spec.labels.items()})

    families = {
        family.name: family.type
        for family in text_string_to_metric_families(metrics.render().decode())
    }

    expected = {name.removesuffix("_total"): "counter" for name in COUNTERS}
    expected |= dict.fromkeys(GAUGES, "gauge")
    expected |= dict.fromkeys(HISTOGRAMS, "histogram")
    assert families == expected
