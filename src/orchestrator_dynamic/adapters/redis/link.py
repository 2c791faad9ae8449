"""The way to a cluster that may be slow, away or another one than it was.

Redis is never waited for. A question has one short deadline; those beyond a number wait a moment
for room and then get no answer; after some failures in a row the breaker opens and the client is
thrown away, so that whoever tries again learns the cluster as it then is. Connecting goes on in
the background for as long as it takes, whoever has stopped waiting.
"""

import asyncio
import time
from collections.abc import Sequence

from redis.asyncio.cluster import RedisCluster

from orchestrator_dynamic.adapters.redis.access import (
    FAILURES,
    ClusterAccess,
    close_client,
    cluster_client,
    is_failure,
)
from orchestrator_dynamic.adapters.redis.breaker import Breaker

Command = tuple[str | bytes | int, ...]

# Long enough to try four nodes, one after the other.
CONNECT_DEADLINE_S = 2.0

# A third of a question's time goes to connecting and to room at most, the rest is for Redis.
WAITING_SHARE = 1 / 3

# Where one node fails, redis-py leaves its questions to the others behind; they end by themselves.
CONNECTIONS_PER_QUESTION = 4


class ClusterLink:
    """Questions to a cluster, each answered soon or not at all.

    Its tasks belong to `tasks`, whose owner lets it `connect`, and `close`s it before the end.
    """

    def __init__(
        self,
        access: ClusterAccess,
        breaker: Breaker,
        tasks: asyncio.TaskGroup,
        *,
        deadline_s: float,
        questions_max: int,
    ) -> None:
        self._access = access
        self._breaker = breaker
        self._tasks = tasks
        self._wait_s = deadline_s * WAITING_SHARE
        self._answer_s = deadline_s - self._wait_s
        self._connections_max = questions_max * CONNECTIONS_PER_QUESTION
        self._room = asyncio.Semaphore(questions_max)
        self._client: RedisCluster | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._connecting_since = 0.0

    async def ask(self, commands: Sequence[Command]) -> Sequence[object] | None:
        """Return the result of each command, which may be an exception; None for no answer.

        Every command names one key. Those to one node travel together.
        """
        if self._breaker.open:
            return None
        client = await self._admitted()
        if client is None:
            return None
        begun = time.monotonic()
        try:
            async with asyncio.timeout(self._answer_s):
                results = await _results_of(client, commands)
        except FAILURES:
            self._failed(client, begun)
            return None
        finally:
            self._room.release()
        if any(map(is_failure, results)):
            self._failed(client, begun)
        else:
            self._breaker.succeeded()
        return results

    def connect(self) -> None:
        """Begin to connect, so that the first question need not."""
        self._connecting = self._begun_to_connect()

    def close(self) -> None:
        """Let everything end; nothing may be asked any more."""
        if self._connecting is not None:
            self._connecting.cancel()
        if self._client is not None:
            client, self._client = self._client, None
            self._tasks.create_task(close_client(client))

    async def _admitted(self) -> RedisCluster | None:
        """Return a client and take room for one question; None where that would take too long."""
        try:
            async with asyncio.timeout(self._wait_s):
                client = await self._connected()
                if client is not None:
                    await self._room.acquire()
                return client
        except TimeoutError:
            return None

    async def _connected(self) -> RedisCluster | None:
        if self._client is None:
            connecting = self._connecting or self._begun_to_connect()
            # A node that swallows packets would else cost every question this wait.
            if time.monotonic() - self._connecting_since < self._wait_s:
                await asyncio.wait((connecting,))
        return self._client

    def _begun_to_connect(self) -> asyncio.Task[None]:
        self._connecting_since = time.monotonic()
        self._connecting = self._tasks.create_task(self._connect())
        return self._connecting

    async def _connect(self) -> None:
        begun = time.monotonic()
        try:
            async with asyncio.timeout(CONNECT_DEADLINE_S):
                client = cluster_client(self._access, self._connections_max)
                self._client = await client.initialize()
        except FAILURES:
            self._breaker.failed(begun)
        finally:
            self._connecting = None

    def _failed(self, client: RedisCluster, begun: float) -> None:
        self._breaker.failed(begun)
        if self._breaker.open and self._client is client:
            self._client = None
            self._tasks.create_task(self._close_when_idle(client))

    async def _close_when_idle(self, client: RedisCluster) -> None:
        """Close a client once nobody uses it: one that is closed earlier connects again."""
        await asyncio.sleep(self._answer_s)
        await close_client(client)


async def _results_of(client: RedisCluster, commands: Sequence[Command]) -> Sequence[object]:
    pipeline = client.pipeline()
    for command in commands:
        pipeline = pipeline.execute_command(*command)
    return await pipeline.execute(raise_on_error=False)
