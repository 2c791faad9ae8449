"""Writes the operators' page of all metrics, as docs/metrics.md has it: `make metrics`."""

import sys
from collections.abc import Iterable

from orchestrator_dynamic.observability.metric_names import (
    COUNTERS,
    GAUGES,
    HISTOGRAMS,
    VERSION,
    Histogram,
    Metric,
)

_HEAD = """# Metrics

Every metric of `GET /metrics`, what it says, and what to do about it.
This page is written by `make metrics` from the table that the code counts by; a test compares \
the two.

Each value of a label stands here; a value that does not, from a sender for example, is counted \
as `other`.
No id is ever a label: an incident, the log and the audit have them.
Counters are at zero from the start, so that their first rise is a rate.

Besides, the process tells Prometheus's standard metrics: \
`process_cpu_seconds_total`, `process_resident_memory_bytes`, `process_open_fds`, \
`process_start_time_seconds` and their kin, and `python_info`.
"""

_COLUMNS = "| metric | labels | unit | it says | do |\n| --- | --- | --- | --- | --- |\n"


def text() -> str:
    """Return the page."""
    counters = _table("Counters", "They only rise: look at their rate.", COUNTERS.items())
    gauges = _table("Gauges", "Where something stands now.", GAUGES.items())
    about = "Distributions: look at their quantiles. Buckets are listed below the table."
    histograms = _table("Histograms", about, HISTOGRAMS.items())
    buckets = "\n".join(_buckets(*one) for one in sorted(HISTOGRAMS.items()))
    return f"{_HEAD}\n{counters}\n{gauges}\n{histograms}\n{buckets}\n"


def _table(title: str, about: str, metrics: Iterable[tuple[str, Metric]]) -> str:
    rows = "".join(
        f"| `{name}` | {_labels(metric)} | {metric.unit} | {metric.meaning} | {metric.action} |\n"
        for name, metric in sorted(metrics)
    )
    return f"## {title}\n\n{about}\n\n{_COLUMNS}{rows}"


def _labels(metric: Metric) -> str:
    # The version of this moment would make the page old with every release.
    return "; ".join(
        f"`{label}`: {', '.join(values)}" if values != (VERSION,) else f"`{label}`"
        for label, values in metric.labels.items()
    )


def _buckets(name: str, histogram: Histogram) -> str:
    bounds = ", ".join(f"{bound:g}" for bound in histogram.buckets)
    return f"* `{name}`: up to {bounds} {histogram.unit}."


if __name__ == "__main__":
    sys.stdout.write(text())
