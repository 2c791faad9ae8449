"""The table of metrics: closed, complete, and safe to keep for years."""

import re
from typing import get_args

from orchestrator_dynamic.observability.metric_names import (
    COUNTERS,
    GAUGES,
    HISTOGRAMS,
    CounterName,
    GaugeName,
    HistogramName,
    Metric,
)

TABLE: dict[str, Metric] = dict([*COUNTERS.items(), *GAUGES.items(), *HISTOGRAMS.items()])

# Dashboards and alerts of the ecosystem name these.
FIXED = """
    orchestration_workflows_started_total orchestration_workflows_completed_total
    orchestration_workflow_duration_seconds orchestration_workflows_active
    orchestration_tickets_generated_total orchestration_tickets_published_total
    orchestration_tickets_completed_total orchestration_ticket_generation_duration_seconds
    orchestration_sla_violations_total orchestration_sla_remaining_seconds
    orchestration_deadline_approaching_total orchestration_kafka_messages_consumed_total
    orchestration_kafka_messages_produced_total orchestration_kafka_consumer_lag
    orchestration_kafka_errors_total orchestration_retries_total orchestration_compensations_total
    orchestration_plan_validations_total orchestration_resource_allocations_total
    orchestration_duplicates_total orchestration_dead_letters_total orchestration_decisions_parked
    orchestration_incidents_total orchestration_telemetry_buffered
    orchestration_ticket_queue_seconds orchestration_ticket_run_seconds
    orchestration_results_total orchestration_commits_total
    orchestration_commit_duration_seconds orchestration_breaker_state
    orchestration_leases orchestration_leases_expired_total
    orchestration_http_requests_total orchestration_http_request_duration_seconds
    orchestration_event_streams orchestration_spans_total orchestration_build_info
"""


def test_the_names_are_those_that_dashboards_know() -> None:
    """A renamed metric is an alert that never fires again."""
    assert sorted(TABLE) == sorted(FIXED.split())


def test_every_typed_name_is_in_the_table() -> None:
    """What mypy lets through must exist when it runs."""
    assert set(get_args(CounterName)) == set(COUNTERS)
    assert set(get_args(GaugeName)) == set(GAUGES)
    assert set(get_args(HistogramName)) == set(HISTOGRAMS)


def test_counters_and_only_counters_end_in_total() -> None:
    """Prometheus and its users tell them apart by the name."""
    assert all(name.endswith("_total") for name in COUNTERS)
    assert not any(name.endswith("_total") for name in (*GAUGES, *HISTOGRAMS))


def test_what_is_measured_in_seconds_says_so() -> None:
    """A number without its unit is read in the reader's favourite one."""
    in_seconds = {name for name, metric in TABLE.items() if metric.unit == "seconds"}

    assert in_seconds == {name for name in TABLE if name.endswith("_seconds")}


def test_every_metric_says_what_it_means_and_what_to_do() -> None:
    """Whoever is woken by a number has no time to look up the code."""
    for name, metric in TABLE.items():
        assert metric.unit, name
        assert metric.meaning.endswith("."), name
        assert metric.action.endswith("."), name


def test_labels_are_small_closed_sets_and_never_ids() -> None:
    """Each combination is a series that Prometheus keeps for weeks."""
    for name, metric in TABLE.items():
        series = 1
        for label, values in metric.labels.items():
            assert re.fullmatch(r"[a-z_]+", label), name
            assert not label.endswith("_id"), name
            assert values, name
            assert len(set(values)) == len(values), name
            series *= len(values)
        assert series <= 64, name


def test_buckets_rise_and_are_few() -> None:
    """A measurement belongs to one bucket, and each bucket is a series of its own."""
    for name, histogram in HISTOGRAMS.items():
        assert list(histogram.buckets) == sorted(set(histogram.buckets)), name
        assert 5 <= len(histogram.buckets) <= 12, name
