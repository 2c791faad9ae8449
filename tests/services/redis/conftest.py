"""A Redis Cluster for the tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.services.redis.nodes import clear, wait_until_well
from tests.support.servers.redis_cluster import RedisCluster


@pytest.fixture
def cluster(redis_cluster: RedisCluster) -> Iterator[RedisCluster]:
    """Return a cluster that is empty, and is made well again after whatever a test does to it."""
    wait_until_well(redis_cluster)
    clear(redis_cluster)
    yield redis_cluster
    redis_cluster.start()
    wait_until_well(redis_cluster)
