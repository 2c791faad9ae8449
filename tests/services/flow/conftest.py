"""Whole deployments of ours on real servers, with either engine."""

import pytest

from tests.support.flow_world import Servers
from tests.support.servers.kafka import Kafka
from tests.support.servers.mongo import Mongo
from tests.support.servers.redis_cluster import RedisCluster
from tests.support.servers.registry import Registry
from tests.support.servers.temporal import TemporalServer


@pytest.fixture
def embedded(kafka: Kafka, registry: Registry) -> Servers:
    """The embedded engine: brokers around one process with a file."""
    return Servers(kafka=kafka, registry=registry)


@pytest.fixture
def scaled_out(
    kafka: Kafka,
    registry: Registry,
    temporal_server: TemporalServer,
    mongo: Mongo,
    redis_cluster: RedisCluster,
) -> Servers:
    """Everything that there is, and any number of processes."""
    return Servers(
        kafka=kafka,
        registry=registry,
        temporal=temporal_server,
        mongo=mongo,
        redis=redis_cluster,
    )


@pytest.fixture(params=["embedded", "scaled_out"])
def servers(request: pytest.FixtureRequest) -> Servers:
    """Each of the two in turn."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Servers)
    return found
