"""What benchmarks conclude from what they have seen."""

from pathlib import Path

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent

from benchmarks.__main__ import ON_SERVERS, PARTS, listed, main
from benchmarks.history import largest_payload
from benchmarks.servers import needed
from benchmarks.throughput import Sample, flat


def test_what_waits_is_flat_where_it_does_not_grow() -> None:
    """A second's worth of tickets is noise; ever more of them is a service that falls behind."""
    steady = [Sample(backlog=90 + n % 20, lag=n % 3) for n in range(60)]

    assert flat(steady, rate=100)
    assert not flat([Sample(backlog=10 * n, lag=0) for n in range(60)], rate=100)
    assert not flat([Sample(backlog=0, lag=10 * n) for n in range(60)], rate=100)
    assert not flat(steady[:1], rate=100), "too short to say"


def test_the_largest_payload_is_found_wherever_it_is() -> None:
    """Signals, markers and results keep theirs at different depths; maps have them as values."""
    event = HistoryEvent()
    event.workflow_execution_signaled_event_attributes.input.payloads.append(Payload(data=b"12"))
    marker = HistoryEvent()
    details = marker.marker_recorded_event_attributes.details
    details["result"].payloads.extend([Payload(data=b"1"), Payload(data=b"12345")])

    assert [largest_payload(one) for one in (event, marker, HistoryEvent())] == [2, 5, 0]


def test_a_missing_server_ends_a_benchmark_with_the_way_to_have_one(tmp_path: Path) -> None:
    """Measuring starts with servers."""
    with pytest.raises(SystemExit, match="needs TEMPORAL_HOST; `make services`"):
        needed("TEMPORAL_HOST", directory=tmp_path, environ={})


def test_every_benchmark_is_listed_and_no_other_is_taken() -> None:
    """A benchmark that nobody finds measures nothing."""
    assert all(name in listed() for name in (*PARTS, *ON_SERVERS))
    with pytest.raises(SystemExit, match="unknown: everything"):
        main(["everything"])
