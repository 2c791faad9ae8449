"""Temporal's development server, for all tests here together; each has a task queue of its own."""

from collections.abc import Iterator

import pytest

from tests.support.temporal_server import DevServer


@pytest.fixture(scope="session")
def server() -> Iterator[DevServer]:
    """A server that forgets everything when it ends."""
    with DevServer() as running:
        yield running
