"""What `orq worker` does while it runs: workers side by side, and an end that loses nothing."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Protocol

from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.models.vocabulary import TaskType
from orchestrator_dynamic.models.worker import WorkerProfile
from orchestrator_dynamic.sdk.runner import run_worker
from orchestrator_dynamic.sdk.transport import TicketTransport
from orchestrator_dynamic.sdk.worker import Worker


class DrainingTransport(TicketTransport, Protocol):
    """A transport that can be brought to rest."""

    async def drain(self) -> None:
        """Hand out nothing more, and return when what was handed out is answered for certain."""
        ...


TransportOf = Callable[[WorkerProfile, str], AbstractAsyncContextManager[DrainingTransport]]
"""Opens the transport of a worker with this profile in this group."""


class WallClock:
    """The time of day of this machine."""

    def now_ms(self) -> int:
        """Return the present moment in epoch milliseconds, UTC."""
        return time.time_ns() // 1_000_000


def group_of(profile: WorkerProfile, told: str | None) -> str:
    """Return the consumer group of a worker: what was told, or one for all workers of its kind."""
    return told or f"worker-{profile.worker_id}"


def refuse_unequal(workers: Sequence[Worker], group: str | None) -> None:
    """Make sure that workers who share a group are able to do the same.

    Of the tickets of a group each member sees a part; what it cannot execute no other is given.

    Raises:
        Misconfigured: they are not; the message says what to change.
    """
    kinds = {(profile.task_types, profile.capabilities) for profile in _profiles(workers)}
    if group is not None and len(kinds) > 1:
        names = ", ".join(profile.worker_id for profile in _profiles(workers))
        raise Misconfigured(
            f"--group {group}: {names} cannot execute the same tickets, and in one group what one "
            "of them passes over reaches no other; leave --group out, so that each has its own"
        )


def resized(worker: Worker, concurrency: int) -> Worker:
    """Return a worker like `worker` that works on `concurrency` tickets at once.

    Raises:
        Misconfigured: that number is not possible.
    """
    profile = worker.profile()
    other = Worker(profile.worker_id, capabilities=profile.capabilities, concurrency=concurrency)
    for task_type in TaskType:
        handler = worker.handler_for(task_type)
        if handler is not None:
            other.handles(task_type)(handler)
    return other


async def serve(
    workers: Sequence[Worker],
    transport_of: TransportOf,
    group: str | None,
    *,
    stop: asyncio.Event,
    patience_s: float,
    on_ready: Callable[[], None],
) -> bool:
    """Run `workers` until `stop` is set; return whether all that ran then was finished in time.

    Args:
        patience_s: how long what runs may take to end; what does not is given up, and delivered
            again to others.
        on_ready: called once all workers are connected.

    Raises:
        ExceptionGroup: a worker or its transport failed; none runs any more.
    """
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
        transports = []
        for worker in workers:
            profile = worker.profile()
            opened = transport_of(profile, group_of(profile, group))
            transports.append(await stack.enter_async_context(opened))
        runs = [
            tasks.create_task(run_worker(worker, transport, clock=WallClock()))
            for worker, transport in zip(workers, transports, strict=True)
        ]
        on_ready()
        await stop.wait()
        try:
            async with asyncio.timeout(patience_s), asyncio.TaskGroup() as draining:
                for transport in transports:
                    draining.create_task(transport.drain())
        except TimeoutError:
            return False
        finally:
            for run in runs:
                run.cancel()
    return True


def _profiles(workers: Sequence[Worker]) -> list[WorkerProfile]:
    return [worker.profile() for worker in workers]
