"""Doing what must be done, however long the world needs to let us."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_random_exponential

from orchestrator_dynamic.errors import InvariantViolation, Unavailable
from orchestrator_dynamic.observability.logging import get_logger

T = TypeVar("T")
log = get_logger(__name__)

# Waits grow to this, so that what is back is used within seconds.
_FIRST_S, _MAX_S = 0.1, 5.0


async def until_available(work: Callable[[], Awaitable[T]], what: str) -> T:
    """Return what `work` returns, trying again for as long as it is unavailable.

    Args:
        what: what waits meanwhile, for the log: a past-tense name.

    Raises:
        Misconfigured, Refused: as `work` does; only an outage is waited out.
    """

    def told(state: RetryCallState) -> None:
        why = state.outcome.exception() if state.outcome else None
        log.warning(what, attempt=state.attempt_number + 1, why=str(why))

    try:
        # Nearly always it is there, and then it costs nothing to be patient.
        return await work()
    except Unavailable as error:
        log.warning(what, attempt=1, why=str(error))
    async for attempt in AsyncRetrying(
        retry=retry_if_exception_type(Unavailable),
        wait=wait_random_exponential(multiplier=_FIRST_S, max=_MAX_S),
        before_sleep=told,
        reraise=True,
    ):
        with attempt:
            answer = await work()
            log.info("available_again", waited=what)
            return answer
    raise InvariantViolation(f"{what}: there is no last attempt")
