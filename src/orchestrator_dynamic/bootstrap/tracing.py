"""Traces of what turns have made durable, where a collector is set."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version

from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.runtime.spans import spans_in
from orchestrator_dynamic.runtime.step import Onlooker, Step


@contextmanager
def traced(settings: Settings, metrics: Metrics) -> Iterator[Sequence[Onlooker]]:
    """Give what is to look on at turns while the context is open: nothing without a collector.

    On the way out, what waits is sent for two seconds at most.
    """
    if not settings.otel_exporter_endpoint:
        yield ()
        return
    # Its libraries take a third of a second, which nobody shall wait for who has no collector.
    from orchestrator_dynamic.observability.tracing import sender_to

    about = version("orchestrator-dynamic")
    sender = sender_to(
        settings.otel_exporter_endpoint,
        about,
        settings.environment,
        settings.otel_exporter_protocol,
    )
    told = [0, 0]

    def look(step: Step) -> None:
        sender.take(spans_in(step))

    def refresh() -> None:
        counts = sender.counts
        for place, (result, now) in enumerate(
            (("exported", counts.exported), ("dropped", counts.dropped))
        ):
            metrics.add("orchestration_spans_total", now - told[place], result=result)
            told[place] = now
        state = 2.0 if counts.away else 0.0
        metrics.set("orchestration_breaker_state", state, service="telemetry")

    metrics.before_fetch(refresh)
    try:
        yield (look,)
    finally:
        sender.close()
