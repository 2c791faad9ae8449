"""Asking once what many want to know at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from orchestrator_dynamic.errors import OrchestratorError
from orchestrator_dynamic.wire.schema_registry import RegistryUnavailable

AnswerT = TypeVar("AnswerT")


class OneAtATime(Generic[AnswerT]):
    """Shares one running question among all who ask it, its failure included."""

    def __init__(self) -> None:
        self._running: dict[Hashable, asyncio.Future[AnswerT]] = {}

    async def ask(self, key: Hashable, question: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
        """Return the answer to `question`, or to the one that runs under the same `key` already.

        Raises:
            RegistryUnavailable: whoever asked first has been stopped meanwhile.
            OrchestratorError: what the question raised.
        """
        running = self._running.get(key)
        if running is not None:
            # Shielded, for one who stops waiting must not take the answer from the others.
            return await asyncio.shield(running)
        mine: asyncio.Future[AnswerT] = asyncio.get_running_loop().create_future()
        self._running[key] = mine
        try:
            answer = await question()
        except OrchestratorError as error:
            _fail(mine, error)
            raise
        except BaseException:
            _fail(mine, RegistryUnavailable(f"whoever asked for {key} was stopped"))
            raise
        else:
            mine.set_result(answer)
            return answer
        finally:
            del self._running[key]


def _fail(future: "asyncio.Future[AnswerT]", error: OrchestratorError) -> None:
    future.set_exception(error)
    # Often nobody else waits, which is no reason for asyncio to complain.
    future.exception()
