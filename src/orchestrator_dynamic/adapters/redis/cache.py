"""What may be forgotten, on a Redis Cluster."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from orchestrator_dynamic.adapters.redis.access import ClusterAccess
from orchestrator_dynamic.adapters.redis.breaker import Breaker
from orchestrator_dynamic.adapters.redis.link import ClusterLink, Command
from orchestrator_dynamic.ports.standing import BreakerState

DEFAULT_PREFIX = "orchestrator-dynamic:"

# Some 20 µs of our own time a key, which must fit into a deadline beside everybody else's work.
KEYS_PER_QUESTION = 500


class RedisClusterCache:
    """A `Cache` while it is entered; before and after that it knows nothing.

    Entering never fails and never waits: a cluster that is away is one that knows nothing yet.

    Args:
        prefix: stands before every key, so that others can use the same cluster.
        deadline_s: how long a question takes at most. A call with more than
            `KEYS_PER_QUESTION` keys asks several, and begins none after half this time.
        calls_max: how many calls are with Redis at once; more wait a moment, then know nothing.
        value_bytes_max: a larger value is not remembered, and not believed.
        failures_max: after so many failures in a row the cluster is left alone for `pause_s`.
    """

    def __init__(
        self,
        access: ClusterAccess,
        *,
        prefix: str = DEFAULT_PREFIX,
        deadline_s: float = 0.15,
        calls_max: int = 32,
        value_bytes_max: int = 64 * 1024,
        failures_max: int = 5,
        pause_s: float = 5.0,
    ) -> None:
        self._prefix = prefix
        self._deadline_s = deadline_s
        self._value_bytes_max = value_bytes_max
        self._breaker = Breaker(failures_max, pause_s)
        self._tasks = asyncio.TaskGroup()
        self._link = ClusterLink(
            access, self._breaker, self._tasks, deadline_s=deadline_s, questions_max=calls_max
        )
        self._entered = False

    @property
    def breaker_state(self) -> BreakerState:
        """What happens to calls now, for the metric: 0 closed, 1 trying again, 2 open."""
        return self._breaker.state

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._entered = True
        self._link.connect()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._entered = False
        self._link.close()
        # Its tasks have no part in an error of the caller's, which would be wrapped in a group.
        await self._tasks.__aexit__(None, None, None)

    async def get(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        """As the port says; a key that holds something else than a value is not known."""
        asked = list(dict.fromkeys(keys))
        found: dict[str, bytes] = {}
        async for answered, results in self._answers([("GET", self._name(k)) for k in asked]):
            found |= {
                key: value
                for key, value in zip(asked[answered:], results, strict=False)
                if isinstance(value, bytes) and len(value) <= self._value_bytes_max
            }
        return found

    async def put(self, values: Mapping[str, bytes], ttl_s: int) -> None:
        """As the port says; nothing is remembered for less than a second."""
        if ttl_s < 1:
            return
        commands: list[Command] = [
            ("SET", self._name(key), value, "EX", ttl_s)
            for key, value in values.items()
            if len(value) <= self._value_bytes_max
        ]
        async for _ in self._answers(commands):
            pass

    async def _answers(
        self, commands: Sequence[Command]
    ) -> AsyncIterator[tuple[int, Sequence[object]]]:
        """Give results with how many came before them, while there are answers and time."""
        begun = time.monotonic()
        for first in range(0, len(commands), KEYS_PER_QUESTION):
            late = time.monotonic() - begun > self._deadline_s / 2
            if not self._entered or (first and late):
                return
            results = await self._link.ask(commands[first : first + KEYS_PER_QUESTION])
            if results is None:
                return
            yield first, results

    def _name(self, key: str) -> bytes:
        # Ids from JSON may hold half a surrogate pair, which is a key like any other here.
        return (self._prefix + key).encode("utf-8", "surrogatepass")
