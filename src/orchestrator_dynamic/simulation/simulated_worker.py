"""Workers that only pretend: they take their time and fail by chance that can be repeated."""

import asyncio
from collections.abc import Iterable
from hashlib import blake2b

from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.sdk.context import TicketContext
from orchestrator_dynamic.sdk.errors import PermanentFailure
from orchestrator_dynamic.sdk.worker import Worker

UNKNOWN_DURATION_MS = 1_000

FAIL_TIMES = "simulate.fail_times"
FAIL = "simulate.fail"
PERMANENT = "simulate.permanent"
REASON = "simulate.reason"


class SimulatedFailure(Exception):
    """What a simulated worker fails with; another attempt may do better."""


def simulated_worker(
    worker_id: str,
    *,
    capabilities: Iterable[str] = (),
    concurrency: int = 1,
    speed: float | None = None,
    fail_rate: float = 0.0,
    seed: int = 0,
) -> Worker:
    """Return a worker that executes tickets by waiting for as long as was estimated.

    A task can ask for failures by its parameters: `simulate.fail_times = "2"` fails the first two
    attempts, `simulate.fail = "always"` all of them, and `simulate.permanent = "true"` fails the
    ticket for good; `simulate.reason` is what it then fails with.

    Args:
        capabilities: what it can; without any it takes tickets whatever they require.
        speed: how many times faster than estimated; None does not wait at all.
        fail_rate: the share of attempts that fail by chance, in [0, 1].
        seed: the same seed fails the same attempts, whatever the order and the machine.
    """
    worker = Worker(worker_id, capabilities=capabilities, concurrency=concurrency)

    @worker.handles()
    async def pretend(ticket: ExecutionTicket, context: TicketContext) -> dict[str, str]:
        if speed is not None:
            duration_ms = ticket.estimated_duration_ms or UNKNOWN_DURATION_MS
            await asyncio.sleep(duration_ms / speed / 1000)
        _fail_as_asked(ticket, context.attempt)
        if fail_rate > 0 and chance(seed, ticket.ticket_id, context.attempt) < fail_rate:
            raise SimulatedFailure(f"attempt {context.attempt} failed by chance, of seed {seed}")
        return {"simulated": "true"}

    return worker


def chance(seed: int, ticket_id: str, attempt: int) -> float:
    """Return a number in [0, 1) that is always the same for an attempt, and looks like chance."""
    drawn = blake2b(f"{seed}/{ticket_id}/{attempt}".encode(), digest_size=7).digest()
    # 53 bits are what a float can tell apart.
    return (int.from_bytes(drawn) >> 3) / 2**53


def _fail_as_asked(ticket: ExecutionTicket, attempt: int) -> None:
    asked = ticket.parameters
    reason = asked.get(REASON)
    if asked.get(PERMANENT, "false") == "true":
        raise PermanentFailure(reason or f"the task asks for it by {PERMANENT}")
    if asked.get(FAIL) == "always":
        raise SimulatedFailure(reason or f"the task asks for it by {FAIL}")
    times = asked.get(FAIL_TIMES, "0")
    if times.isdecimal() and attempt <= int(times):
        told = f"attempt {attempt} of {times} that {FAIL_TIMES} asks to fail"
        raise SimulatedFailure(reason or told)
