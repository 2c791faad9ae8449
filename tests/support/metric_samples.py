"""What Prometheus would read at several moments, and what of it has moved between them."""

import math
from collections.abc import Iterator

from prometheus_client.parser import text_string_to_metric_families

from orchestrator_dynamic.observability.metric_names import COUNTERS, GAUGES, HISTOGRAMS, Metric
from orchestrator_dynamic.observability.metrics import Metrics

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]

# A metric, or one value of one of its labels.
Moving = tuple[str, str, str]

TABLE: dict[str, Metric] = dict([*COUNTERS.items(), *GAUGES.items(), *HISTOGRAMS.items()])


def samples(metrics: Metrics) -> Samples:
    """Return what Prometheus would read, by name and labels."""
    return samples_in(metrics.render().decode())


def samples_in(text: str) -> Samples:
    """Return what Prometheus reads in `text`, by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(read: Samples, name: str, **labels: str) -> float:
    """Return one sample; a missing one is a mistake in the test or in the name."""
    return read[name, tuple(sorted(labels.items()))]


def everything() -> Iterator[Moving]:
    """Yield all that must be able to move: each metric, with each value of each of its labels."""
    for name, metric in TABLE.items():
        if not metric.labels:
            yield name, "", ""
        for label, values in metric.labels.items():
            yield from ((name, label, str(one)) for one in values)


def moved(*moments: Samples) -> set[Moving]:
    """Return what has moved over the `moments` of one process, the first of which is its start.

    A counter or histogram has counted, a gauge has had two values; NaN is one.
    """
    seen: dict[tuple[str, tuple[tuple[str, str], ...]], set[str]] = {}
    for moment in moments:
        for (sample, labels), number in moment.items():
            name = sample.removesuffix("_count") if sample not in TABLE else sample
            if name in TABLE and (name in GAUGES or not math.isnan(number)):
                seen.setdefault((name, labels), {"0.0"} if name not in GAUGES else set()).add(
                    str(number)
                )
    return {
        (name, label, one)
        for (name, labels), numbers in seen.items()
        if len(numbers) > 1
        for label, one in labels or (("", ""),)
    }
