"""The cache's contract on a real cluster, and what is special to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from orchestrator_dynamic.adapters.redis.access import ClusterAccess
from orchestrator_dynamic.adapters.redis.cache import DEFAULT_PREFIX, RedisClusterCache
from orchestrator_dynamic.ports.cache import Cache
from tests.contracts.test_cache import LONG_S, CacheContract
from tests.services.redis.nodes import client_of, node_of, real_time
from tests.services.redis.ready import ready_cache
from tests.support.servers.redis_cluster import RedisCluster

pytestmark = pytest.mark.services


class TestRedisClusterCache(CacheContract):
    """On three primaries, which have all the time they want."""

    @pytest.fixture(autouse=True)
    def _on(self, cluster: RedisCluster) -> None:
        self.cluster = cluster

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Cache]:
        """As the contract says."""
        async with ready_cache(self.cluster, deadline_s=5.0) as cache:
            yield cache

    async def let_pass(self, seconds: float) -> None:
        """As the contract says."""
        await real_time(seconds)

    async def test_every_node_holds_a_part(self) -> None:
        """Keys go to all nodes, under our prefix, and each with an end."""
        async with self.opened() as cache:
            await cache.put({f"key-{number}": b"1" for number in range(300)}, LONG_S)

        for index in range(len(self.cluster.nodes)):
            with client_of(self.cluster, index) as client:
                assert client.keys(f"{DEFAULT_PREFIX}*") == client.keys()
                keys = client.keys("*:key-*")
                assert len(keys) > 30
                assert all(0 < client.ttl(key) <= LONG_S for key in keys)

    async def test_two_prefixes_do_not_meet(self) -> None:
        """Others keep their things in the same cluster."""
        async with (
            ready_cache(self.cluster, prefix="one:", deadline_s=5.0) as one,
            ready_cache(self.cluster, prefix="two:", deadline_s=5.0) as two,
        ):
            await one.put({"a": b"1"}, LONG_S)

            assert await two.get(["a"]) == {}
            assert await one.get(["a"]) == {"a": b"1"}

    async def test_another_type_under_our_key_is_not_known_and_no_failure(self) -> None:
        """One strange key must not take the others with it, nor open the breaker."""
        async with ready_cache(self.cluster, deadline_s=5.0, failures_max=1) as cache:
            await cache.put({"sound": b"1"}, LONG_S)
            name = f"{DEFAULT_PREFIX}strange"
            with client_of(self.cluster, node_of(self.cluster, name)) as client:
                client.hset(name, "field", "value")

            assert await cache.get(["strange", "sound"]) == {"sound": b"1"}
            assert cache.breaker_state == 0
            await cache.put({"strange": b"mended"}, LONG_S)
            assert await cache.get(["strange"]) == {"strange": b"mended"}

    async def test_what_is_too_large_under_our_key_is_not_believed(self) -> None:
        """It cannot be ours."""
        async with ready_cache(self.cluster, deadline_s=5.0, value_bytes_max=10) as cache:
            name = f"{DEFAULT_PREFIX}large"
            with client_of(self.cluster, node_of(self.cluster, name)) as client:
                client.set(name, b"x" * 11)

            assert await cache.get(["large"]) == {}

    async def test_no_more_connections_are_opened_than_calls_are_let_in(self) -> None:
        """A burst of answers must not become a burst of connections, and ends by itself."""
        async with ready_cache(self.cluster, deadline_s=5.0, calls_max=3) as cache:
            await cache.put({"a": b"1"}, LONG_S)
            async with asyncio.TaskGroup() as group:
                asked = [group.create_task(cache.get(["a"])) for _ in range(60)]

            assert all(task.result() == {"a": b"1"} for task in asked)
            with client_of(self.cluster, node_of(self.cluster, f"{DEFAULT_PREFIX}a")) as client:
                # Two more: the one that learnt the cluster, and this test's own.
                assert len(client.client_list(_type="normal")) <= 3 + 2

    async def test_a_cache_that_is_not_entered_knows_nothing(self) -> None:
        """What comes too early or too late is no error."""
        cache = RedisClusterCache(ClusterAccess(nodes=self.cluster.nodes))
        await cache.put({"a": b"1"}, LONG_S)
        assert await cache.get(["a"]) == {}

        async with ready_cache(self.cluster) as closed:
            pass
        assert await closed.get(["a"]) == {}
