"""What tests of the Kafka adapter start from."""

import pytest

from tests.services.kafka.bench import Bench
from tests.support.servers.kafka import Kafka


@pytest.fixture
def bench(kafka: Kafka) -> Bench:
    """A broker, with names that nobody else uses."""
    kafka.start()
    return Bench(kafka)
