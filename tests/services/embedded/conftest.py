"""The embedded engine with some of its parts on real servers."""

import pytest

from tests.support.flow_world import Servers
from tests.support.servers.kafka import Kafka
from tests.support.servers.mongo import Mongo


@pytest.fixture
def brokers(kafka: Kafka) -> Servers:
    """Brokers around one process with a file."""
    kafka.start()
    return Servers(kafka=kafka)


@pytest.fixture
def brokers_and_records(kafka: Kafka, mongo: Mongo) -> Servers:
    """Brokers around one process, whose records others read in a store of their own."""
    kafka.start()
    return Servers(kafka=kafka, mongo=mongo)
