"""The nodes of a Redis Cluster, one by one, and waiting for what they tell nobody."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import chain
from typing import Any

from redis import Redis
from redis.crc import key_slot
from redis.exceptions import RedisError

from tests.support.servers.redis_cluster import RedisCluster

NODES = 3
SLOTS = 16_384

# A shared machine may be slow; a test that waits so long fails.
PATIENCE_S = 20.0


@contextmanager
def client_of(cluster: RedisCluster, index: int) -> Iterator[Redis]:
    """Open a connection to one node alone."""
    host, _, port = cluster.nodes[index].rpartition(":")
    client = Redis(host=host, port=int(port), protocol=2, socket_timeout=2)
    with client:
        yield client


def told(client: Redis, *words: str | int) -> Any:
    """Return what a node answers, which redis-py gives no type."""
    return client.execute_command(*words)  # type: ignore[no-untyped-call]


def node_of(cluster: RedisCluster, key: str) -> int:
    """Return which node keeps `key`."""
    slot = key_slot(key.encode())
    with client_of(cluster, 0) as client:
        for first, last, (host, port, *_) in told(client, "CLUSTER SLOTS"):
            if first <= slot <= last:
                return cluster.nodes.index(f"{host.decode()}:{port}")
    raise AssertionError(f"no node keeps slot {slot}")


@contextmanager
def frozen_node(cluster: RedisCluster, index: int) -> Iterator[None]:
    """Halt one node: connections stand, and nothing answers."""
    process = int((cluster.folder / f"node-{index}.pid").read_text("utf-8").split()[0])
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


@contextmanager
def frozen(cluster: RedisCluster) -> Iterator[None]:
    """Halt all nodes."""
    cluster.freeze()
    try:
        yield
    finally:
        cluster.thaw()


def clear(cluster: RedisCluster) -> None:
    """Forget everything."""
    for index in range(NODES):
        with client_of(cluster, index) as client:
            client.flushall()


def take_over(cluster: RedisCluster, dead: int, heir: int) -> None:
    """Give the slots of a dead node to another, as a failover would; it cannot be undone."""
    survivors = [index for index in range(NODES) if index != dead]
    with client_of(cluster, heir) as client:
        first, last = next(
            (first, last)
            for first, last, (_, port, *_) in told(client, "CLUSTER SLOTS")
            if cluster.nodes[dead].endswith(f":{port}")
        )
    for index in survivors:
        with client_of(cluster, index) as client:
            told(client, "CLUSTER DELSLOTSRANGE", first, last)
    with client_of(cluster, heir) as client:
        told(client, "CLUSTER ADDSLOTSRANGE", first, last)
        told(client, "CLUSTER BUMPEPOCH")


@contextmanager
def configured(cluster: RedisCluster, options: Mapping[str, str | int]) -> Iterator[None]:
    """Give all nodes these options, and what they had before at the end."""
    with ExitStack() as stack:
        # Connections that are open when a password is set remain logged in.
        for index in range(NODES):
            client = stack.enter_context(client_of(cluster, index))
            before = {name: told(client, "CONFIG GET", name)[name] for name in options}
            told(client, "CONFIG SET", *chain.from_iterable(options.items()))
            stack.callback(told, client, "CONFIG SET", *chain.from_iterable(before.items()))
        yield


def wait_until_well(cluster: RedisCluster) -> None:
    """Return once every node sees all others and all slots."""
    for index in range(NODES):
        with client_of(cluster, index) as client:
            _wait_until_well(client)


async def until(answer: Callable[[], Awaitable[bool]]) -> None:
    """Return once `answer` is yes."""
    async with asyncio.timeout(PATIENCE_S):
        while not await answer():  # noqa: ASYNC110 - a server tells nobody that it is ready.
            await asyncio.sleep(0.02)


async def real_time(seconds: float) -> None:
    """Return when so much has passed on the clock of the servers, which nobody can turn."""
    await asyncio.sleep(seconds)


def _wait_until_well(client: Redis) -> None:
    pause, ends = threading.Event(), time.monotonic() + PATIENCE_S
    while not _is_well(client):
        assert time.monotonic() < ends, "the cluster did not become well"
        pause.wait(0.02)


def _is_well(client: Redis) -> bool:
    try:
        state = told(client, "CLUSTER INFO")
    except RedisError:
        return False  # It is starting, or waking up; the caller's patience has an end.
    return bool(
        state["cluster_state"] == "ok"
        and state["cluster_slots_ok"] == str(SLOTS)
        and state["cluster_known_nodes"] == str(NODES)
    )
