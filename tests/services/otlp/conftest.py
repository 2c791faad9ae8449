"""A Temporal server beside the receiver of traces."""

from collections.abc import Iterator

import pytest

from tests.support.temporal_server import DevServer


@pytest.fixture(scope="session")
def temporal() -> Iterator[DevServer]:
    """A server that forgets everything when it ends."""
    with DevServer() as running:
        yield running
