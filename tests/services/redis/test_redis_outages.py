"""A cluster that hangs, breaks or is not there: it costs a moment, and nobody hears of it."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from orchestrator_dynamic.adapters.redis.access import ClusterAccess
from orchestrator_dynamic.adapters.redis.cache import DEFAULT_PREFIX, RedisClusterCache
from orchestrator_dynamic.ports.standing import BreakerState
from tests.contracts.test_cache import LONG_S
from tests.services.redis.nodes import frozen, frozen_node, node_of, real_time, take_over, until
from tests.services.redis.ready import answers, ready_cache, timed
from tests.support.servers.ports import free_ports
from tests.support.servers.redis_cluster import RedisCluster

pytestmark = pytest.mark.services

VALUES = {f"key-{number}": b"1" for number in range(90)}
KEYS = list(VALUES)

# What two cores that everybody shares may add to a deadline.
HICCUP_S = 0.25
DEADLINE_S = 0.15
IN_TIME_S = DEADLINE_S + HICCUP_S


def on_each_node(cluster: RedisCluster) -> Iterator[str]:
    """Give one key that each node keeps."""
    for index in range(len(cluster.nodes)):
        yield next(key for key in KEYS if node_of(cluster, DEFAULT_PREFIX + key) == index)


async def test_a_frozen_cluster_is_given_up_in_time_and_then_left_alone(
    cluster: RedisCluster,
) -> None:
    """A hang is worse than an end: connections stand, and only the deadline notices."""
    async with ready_cache(cluster, pause_s=60) as cache:
        await cache.put(VALUES, LONG_S)
        with frozen(cluster):
            waits = [await timed(cache, KEYS) for _ in range(5)]
            begun = time.monotonic()
            await cache.put(VALUES, LONG_S)
            left_alone = time.monotonic() - begun

        assert all(wait.found == {} for wait in waits)
        assert all(wait.seconds < IN_TIME_S for wait in waits)
        assert cache.breaker_state is BreakerState.OPEN
        assert left_alone < DEADLINE_S / 3


async def test_one_frozen_node_costs_what_it_keeps(cluster: RedisCluster) -> None:
    """Keys of the others are found as before, while each is asked for alone."""
    async with ready_cache(cluster, failures_max=1_000) as cache:
        await cache.put(VALUES, LONG_S)
        keys = list(on_each_node(cluster))
        with frozen_node(cluster, 1):
            asked = [await timed(cache, [key]) for key in keys]
            together = await timed(cache, KEYS)

        assert [answer.found for answer in asked] == [{keys[0]: b"1"}, {}, {keys[2]: b"1"}]
        assert all(answer.seconds < IN_TIME_S for answer in (*asked, together))


async def test_the_breaker_opens_tries_again_and_closes(cluster: RedisCluster) -> None:
    """A cluster that is back is used again without anybody's help."""
    async with ready_cache(cluster, failures_max=3, pause_s=0.5) as cache:
        await cache.put(VALUES, LONG_S)
        states = [cache.breaker_state]
        with frozen(cluster):
            for _ in range(3):
                await cache.get(KEYS)
            states.append(cache.breaker_state)
            await real_time(0.6)
            states.append(cache.breaker_state)
        await until(lambda: answers(cache))
        states.append(cache.breaker_state)

        assert states == [
            BreakerState.CLOSED,
            BreakerState.OPEN,
            BreakerState.TRYING,
            BreakerState.CLOSED,
        ]
        assert await cache.get(KEYS) == VALUES


async def test_calls_that_fail_together_count_once(cluster: RedisCluster) -> None:
    """Where this process stood still for a moment, all calls run out of time at once."""
    async with ready_cache(cluster, failures_max=2, pause_s=60) as cache:
        await cache.put(VALUES, LONG_S)
        async with asyncio.TaskGroup() as group:
            for key in KEYS[:20]:
                group.create_task(cache.get([key]))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            stand_still(DEADLINE_S * 1.5)

        assert cache.breaker_state is BreakerState.CLOSED
        assert await cache.get(KEYS) == VALUES


def stand_still(seconds: float) -> None:
    """Block the loop, as a long computation would."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        pass


async def test_a_killed_primary_costs_hints_only(cluster: RedisCluster) -> None:
    """Of the others, what is answered is right; the cluster may refuse them all."""
    async with ready_cache(cluster, pause_s=0.1) as cache:
        await cache.put(VALUES, LONG_S)
        cluster.kill_node(2)

        # Until well after the others have noticed it, and refuse every key.
        ends = time.monotonic() + 4
        asked = 0
        while time.monotonic() < ends:
            answer = await timed(cache, KEYS)
            await cache.put(VALUES, LONG_S)
            assert answer.found.items() <= VALUES.items()
            assert answer.seconds < IN_TIME_S
            asked += 1

        assert asked > 3


async def test_a_cluster_that_died_and_came_back_is_found_again(cluster: RedisCluster) -> None:
    """A night without Redis needs no restart of ours."""
    async with ready_cache(cluster, pause_s=0.2) as cache:
        cluster.kill()
        lost = [await timed(cache, KEYS) for _ in range(10)]
        state = cache.breaker_state
        await asyncio.to_thread(cluster.start)

        await until(lambda: answers(cache))

        assert all(answer.found == {} and answer.seconds < IN_TIME_S for answer in lost)
        assert state is not BreakerState.CLOSED
        assert cache.breaker_state is BreakerState.CLOSED


@pytest.mark.usefixtures("redis_cluster")
async def test_slots_that_another_node_took_over_are_found_there() -> None:
    """A dead node tells nobody where its slots went, so that the cluster has to be learnt anew."""
    with RedisCluster() as cluster:
        async with ready_cache(cluster, pause_s=0.2) as cache:
            await cache.put(VALUES, LONG_S)
            cluster.kill_node(1)
            take_over(cluster, dead=1, heir=0)

            await until(lambda: answers(cache))

            left = await cache.get(KEYS)
            assert 0 < len(left) < len(VALUES)


async def test_a_cluster_that_is_not_there_yet_is_found_when_it_comes(
    cluster: RedisCluster,
) -> None:
    """The order in which services start is nobody's business."""
    cluster.kill()
    access = ClusterAccess(nodes=cluster.nodes)
    async with RedisClusterCache(access, pause_s=0.2) as cache:
        first = await timed(cache, KEYS)
        await asyncio.to_thread(cluster.start)

        await until(lambda: answers(cache))

        assert first.found == {}
        assert first.seconds < IN_TIME_S


async def test_nodes_that_never_answer_cost_nothing_but_the_breaker(cluster: RedisCluster) -> None:
    """A wrong address is for `doctor` to find, not for the service to die of."""
    access = ClusterAccess(nodes=(f"127.0.0.1:{free_ports(1)[0]}", "no-such-host.invalid:7000"))
    async with RedisClusterCache(access, pause_s=60) as cache:
        await until_open(cache)

        assert await cache.get(KEYS) == {}


async def until_open(cache: RedisClusterCache) -> None:
    """Ask until the breaker has had enough."""

    async def is_open() -> bool:
        await cache.put(VALUES, LONG_S)
        return cache.breaker_state is BreakerState.OPEN

    await until(is_open)


async def test_a_call_that_is_interrupted_leaves_nothing_behind(cluster: RedisCluster) -> None:
    """Clients of Redis have given one call's answer to the next when the first was interrupted."""
    async with ready_cache(cluster, calls_max=1) as cache:
        values = {f"n{number}": str(number).encode() for number in range(200)}
        await cache.put(values, LONG_S)
        for key, value in values.items():
            async with asyncio.TaskGroup() as group:
                interrupted = group.create_task(cache.get(["n0", "n1", "n2"]))
                for _ in range(int(value) % 12):
                    await asyncio.sleep(0)
                interrupted.cancel()

            assert (await cache.get([key])).items() <= {key: value}.items()

        await until(lambda: answers(cache))
        assert await cache.get(list(values)) == values
