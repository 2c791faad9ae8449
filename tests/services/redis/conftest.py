"""A Redis Cluster for the tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.services.redis.cluster import Cluster, is_installed


@pytest.fixture(scope="session")
def running_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Return a cluster that runs as long as the tests do."""
    if not is_installed():
        pytest.skip("redis-server is not installed")
    cluster = Cluster(tmp_path_factory.mktemp("redis"))
    try:
        cluster.form()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def cluster(running_cluster: Cluster) -> Iterator[Cluster]:
    """Return a cluster that is empty, and is made well again after whatever a test does to it."""
    running_cluster.clear()
    yield running_cluster
    running_cluster.start()
