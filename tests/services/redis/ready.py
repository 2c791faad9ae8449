"""A cache that has found its cluster, and a look at how quickly it answers."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple, TypedDict, Unpack

from orchestrator_dynamic.adapters.redis.access import ClusterAccess
from orchestrator_dynamic.adapters.redis.cache import RedisClusterCache
from tests.services.redis.nodes import until
from tests.support.servers.redis_cluster import RedisCluster


class Limits(TypedDict, total=False):
    """What a test says about its cache; the rest is as shipped."""

    prefix: str
    deadline_s: float
    calls_max: int
    value_bytes_max: int
    failures_max: int
    pause_s: float


@asynccontextmanager
async def ready_cache(
    cluster: RedisCluster, **limits: Unpack[Limits]
) -> AsyncIterator[RedisClusterCache]:
    """Open a cache on `cluster`, and wait until it answers."""
    async with RedisClusterCache(ClusterAccess(nodes=cluster.nodes), **limits) as cache:
        await until(lambda: answers(cache))
        yield cache


async def answers(cache: RedisClusterCache) -> bool:
    """Tell whether what is put is found, on every node."""
    values = {f"ready-{number}": b"1" for number in range(30)}
    await cache.put(values, 1)
    return await cache.get(list(values)) == values


class Timed(NamedTuple):
    """What was found, and how long it took."""

    found: Mapping[str, bytes]
    seconds: float


async def timed(cache: RedisClusterCache, keys: Sequence[str]) -> Timed:
    """Ask, with a stopwatch."""
    begun = time.monotonic()
    found = await cache.get(keys)
    return Timed(found, time.monotonic() - begun)
