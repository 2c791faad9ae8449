"""The promises of the cache, held by every adapter; those on real servers are in `services`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from orchestrator_dynamic.adapters.memory.cache import VALUE_BYTES_MAX, MemoryCache
from orchestrator_dynamic.ports.cache import Cache

LONG_S = 600

# Enough to fall into slots of every node, and into several questions.
MANY = {f"key-{number}": f"value-{number}".encode() for number in range(1_200)}


class CacheContract:
    """What a cache that has room and time does; a subclass says which one."""

    def opened(self) -> AbstractAsyncContextManager[Cache]:
        """Return a context that gives an empty cache, ready to be asked."""
        raise NotImplementedError

    async def let_pass(self, seconds: float) -> None:
        """Return when the cache's own time has moved on by so much."""
        raise NotImplementedError

    async def test_what_was_put_is_found(self) -> None:
        """A hint that is never found is a cost without a use."""
        async with self.opened() as cache:
            await cache.put({"a": b"1", "b": b"2"}, LONG_S)

            assert await cache.get(["a", "b"]) == {"a": b"1", "b": b"2"}

    async def test_what_is_not_known_is_left_out(self) -> None:
        """An empty value is an answer, so that absence must not look like one."""
        async with self.opened() as cache:
            await cache.put({"empty": b""}, LONG_S)

            assert await cache.get(["empty", "absent"]) == {"empty": b""}
            assert await cache.get([]) == {}

    async def test_the_latest_value_counts(self) -> None:
        """A value that is put again replaces the one before."""
        async with self.opened() as cache:
            await cache.put({"a": b"old"}, LONG_S)
            await cache.put({"a": b"new"}, LONG_S)

            assert await cache.get(["a"]) == {"a": b"new"}

    async def test_values_expire(self) -> None:
        """A hint that outlives its time misleads."""
        async with self.opened() as cache:
            await cache.put({"short": b"1"}, 1)
            await cache.put({"long": b"1"}, LONG_S)
            await self.let_pass(1.1)

            assert await cache.get(["short", "long"]) == {"long": b"1"}

    async def test_nothing_is_remembered_for_no_time(self) -> None:
        """No time at all must neither be an error nor mean for ever."""
        async with self.opened() as cache:
            await cache.put({"a": b"1"}, 0)
            await cache.put({"b": b"1"}, -1)

            assert await cache.get(["a", "b"]) == {}

    async def test_many_keys_are_found_together(self) -> None:
        """The engine asks for what a whole batch of answers is about."""
        async with self.opened() as cache:
            await cache.put(MANY, LONG_S)

            assert await cache.get(list(MANY)) == MANY

    async def test_a_key_that_is_asked_for_twice_is_answered_once(self) -> None:
        """Two answers of a batch may be about the same ticket."""
        async with self.opened() as cache:
            await cache.put({"a": b"1"}, LONG_S)

            assert await cache.get(["a", "absent", "a"]) == {"a": b"1"}

    async def test_any_bytes_come_back_unchanged(self) -> None:
        """Values are bytes, not text, and nothing on the way may read them."""
        value = bytes(range(256)) * 3 + b"\r\n$-1\r\n"
        async with self.opened() as cache:
            await cache.put({"binary": value}, LONG_S)

            assert await cache.get(["binary"]) == {"binary": value}

    async def test_any_text_is_a_key(self) -> None:
        """Keys hold ids of others, who may write what they like, half a surrogate pair included."""
        keys = ("", "a b\r\n", "{x}1", "{x}2", "ação", "\ud800", "\x00")
        values = dict.fromkeys(keys, b"1")
        async with self.opened() as cache:
            await cache.put(values, LONG_S)

            assert await cache.get(list(values)) == values

    async def test_what_is_too_large_is_not_remembered(self) -> None:
        """One value must not push out thousands, and those beside it are kept."""
        async with self.opened() as cache:
            largest = bytes(VALUE_BYTES_MAX)
            await cache.put({"large": largest + b"x", "fits": largest}, LONG_S)

            assert await cache.get(["large", "fits"]) == {"fits": largest}

    async def test_more_calls_at_once_than_are_let_in_raise_nothing(self) -> None:
        """Whoever finds no room goes without the hint, and is never given another's."""
        async with self.opened() as cache:
            await cache.put(MANY, LONG_S)
            keys = list(MANY)[:300]

            async with asyncio.TaskGroup() as group:
                asked = {key: group.create_task(cache.get([key])) for key in keys}

            answers = {key: task.result() for key, task in asked.items()}
            assert all(answers[key] in ({}, {key: MANY[key]}) for key in keys)
            assert sum(map(len, answers.values())) > 0


class TestMemoryCache(CacheContract):
    """In this process's own memory."""

    def setup_method(self) -> None:
        """Set the time to any moment but zero."""
        self.now = 1_000.0

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Cache]:
        """As the contract says."""
        yield MemoryCache(10_000, lambda: self.now)

    async def let_pass(self, seconds: float) -> None:
        """As the contract says."""
        self.now += seconds

    async def test_it_holds_no_more_than_it_may_and_lets_the_unused_go(self) -> None:
        """A cache that grows without bound ends the process that it was to speed up."""
        cache = MemoryCache(3, lambda: self.now)
        await cache.put({"a": b"1", "b": b"1", "c": b"1"}, LONG_S)
        await cache.get(["a"])
        await cache.put({"c": b"2"}, LONG_S)

        await cache.put({"d": b"1"}, LONG_S)

        assert len(cache) == 3
        assert await cache.get(["a", "b", "c", "d"]) == {"a": b"1", "c": b"2", "d": b"1"}

    async def test_a_value_is_gone_at_the_moment_it_expires(self) -> None:
        """At most so many seconds, says the port; what has gone takes up no room."""
        cache = MemoryCache(3, lambda: self.now)
        await cache.put({"a": b"1"}, 10)

        self.now += 9.999
        assert await cache.get(["a"]) == {"a": b"1"}
        self.now += 0.001
        assert await cache.get(["a"]) == {}
        assert len(cache) == 0
