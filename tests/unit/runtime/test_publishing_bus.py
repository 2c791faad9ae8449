"""How tickets leave by a publisher that acknowledges, and what becomes of the others."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from orchestrator_dynamic.adapters.memory.system_clock import SystemClock
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.ids import TicketId
from orchestrator_dynamic.ports.ticket_bus import Dispatch, Handover
from orchestrator_dynamic.ports.ticket_publisher import Refusal
from orchestrator_dynamic.runtime.publishing_bus import PublishingBus
from tests.support.messages import a_ticket
from tests.support.outside_parts import until
from tests.support.temporal_faults import Faults, FaultyPublisher, RecordingPublisher


class Heard:
    """A bus over a broker that keeps a list, and what it told."""

    def __init__(self, *refused: str, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.broker = RecordingPublisher(refused)
        self.bus = PublishingBus(FaultyPublisher(self.broker, self.faults), SystemClock())
        self.handovers: list[Handover] = []
        self.refusals: list[ExecutionResult] = []
        self.bus.on_handover = self.handovers.append
        self.bus.on_refusal = self.refusals.append

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the bus until the context ends."""
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self.bus.run())
            yield
            task.cancel()

    @property
    def taken(self) -> list[tuple[TicketId, int]]:
        """The attempts that were handed over."""
        return [(one.ticket_id, one.attempt) for one in self.handovers]


@pytest.fixture
def heard() -> Heard:
    """Return a bus with nothing in it."""
    return Heard()


def a_dispatch(name: str, attempt: int = 1, score: float = 0.5) -> Dispatch:
    """Return a ticket on its way; the task has the same name."""
    return Dispatch((-score, 0, 0), attempt, a_ticket(name, task_id=name))


async def test_tickets_leave_best_first_and_are_handed_over(heard: Heard) -> None:
    """A ticket runs once the broker has it, and not before."""
    async with heard.running():
        heard.bus.publish([a_dispatch("a", score=0.1), a_dispatch("b", score=0.9)])
        before = list(heard.taken)
        await until(lambda: len(heard.taken) == 2)

    assert before == []
    assert heard.broker.published == heard.taken == [("b", 1), ("a", 1)]
    assert all(one.agent is None and one.at > 0 for one in heard.handovers)


async def test_what_came_first_leaves_first(heard: Heard) -> None:
    """A plan of ten thousand must not push away what waited before it."""
    heard.bus.publish([a_dispatch("early", score=0.1)])
    heard.bus.publish([a_dispatch(f"late-{number}", score=0.9) for number in range(1_500)])
    async with heard.running():
        await until(lambda: len(heard.taken) == 1_501)

    assert heard.taken[0] == ("early", 1)
    assert heard.taken == heard.broker.published


async def test_an_outage_holds_tickets_and_loses_none(heard: Heard) -> None:
    """They go out in the same order when the broker is back."""
    heard.faults.away = True
    async with heard.running():
        heard.bus.publish([a_dispatch("a"), a_dispatch("b")])
        await until(lambda: heard.faults.struck >= 2)
        heard.bus.publish([a_dispatch("c")])
        before = list(heard.taken)
        heard.faults.away = False
        await until(lambda: len(heard.taken) == 3)

    assert before == []
    assert heard.broker.published == [("a", 1), ("b", 1), ("c", 1)]


async def test_what_was_not_acknowledged_goes_out_again() -> None:
    """The broker may have it; workers know an attempt by its number."""
    heard = Heard(faults=Faults([False, True]))
    async with heard.running():
        heard.bus.publish([a_dispatch("a")])
        await until(lambda: len(heard.taken) == 1)

    assert heard.broker.published == [("a", 1), ("a", 1)]
    assert heard.taken == [("a", 1)]


async def test_what_is_cancelled_unsent_is_given_back(heard: Heard) -> None:
    """Nobody will answer for it, so that its plan need not wait."""
    heard.bus.publish([a_dispatch("a"), a_dispatch("b")])

    unsent = heard.bus.cancel([a_dispatch("a")])

    async with heard.running():
        await until(lambda: len(heard.taken) == 1)
    assert unsent == ["a"]
    assert heard.broker.published == [("b", 1)]
    assert heard.broker.cancelled == []


async def test_whoever_has_a_cancelled_ticket_is_told(heard: Heard) -> None:
    """It may be under way: its worker shall stop."""
    async with heard.running():
        heard.bus.publish([a_dispatch("a")])
        await until(lambda: len(heard.taken) == 1)
        unsent = heard.bus.cancel([a_dispatch("a")])
        await until(lambda: len(heard.broker.cancelled) == 1)

    assert unsent == []
    assert heard.broker.cancelled == [("a", 1)]


async def test_what_was_offered_in_vain_and_cancelled_counts_as_out(heard: Heard) -> None:
    """The broker may have it though it did not say so: it is called back, not offered again."""
    heard.faults.away = True
    async with heard.running():
        heard.bus.publish([a_dispatch("a"), a_dispatch("b")])
        await until(lambda: heard.faults.struck >= 1)
        unsent = heard.bus.cancel([a_dispatch("a")])
        heard.faults.away = False
        await until(lambda: len(heard.broker.cancelled) == 1)

    assert unsent == []
    assert heard.broker.published == [("b", 1)]


async def test_nothing_goes_out_after_an_outage_that_is_over_by_then(heard: Heard) -> None:
    """A time-out or the end of its plan has overtaken it: nobody shall begin that work."""
    heard.faults.away = True
    async with heard.running():
        heard.bus.publish([a_dispatch("a"), a_dispatch("b")])
        await until(lambda: heard.faults.struck >= 1)
        heard.bus.forget(TicketId("a"), 1)
        heard.faults.away = False
        await until(lambda: len(heard.taken) == 1)

    assert heard.broker.published == [("b", 1)]


async def test_a_newer_attempt_takes_the_place_of_an_older_one(heard: Heard) -> None:
    """Two attempts of one ticket would be done by two workers."""
    heard.bus.publish([a_dispatch("a"), a_dispatch("b")])
    heard.bus.publish([a_dispatch("a", attempt=2)])
    async with heard.running():
        await until(lambda: len(heard.taken) == 2)

    assert heard.taken == [("a", 2), ("b", 1)]


async def test_forgetting_an_older_attempt_keeps_the_newer_one(heard: Heard) -> None:
    """What is over is one attempt, and another may wait."""
    heard.bus.publish([a_dispatch("a", attempt=2)])
    heard.bus.forget(TicketId("a"), 1)
    async with heard.running():
        await until(lambda: len(heard.taken) == 1)

    assert heard.taken == [("a", 2)]


async def test_a_notice_about_what_is_over_is_not_sent(heard: Heard) -> None:
    """Its worker has answered meanwhile."""
    heard.bus.cancel([a_dispatch("a")])
    heard.bus.forget(TicketId("a"), 1)
    heard.bus.cancel([a_dispatch("b")])
    async with heard.running():
        await until(lambda: len(heard.broker.cancelled) == 1)

    assert heard.broker.cancelled == [("b", 1)]


async def test_a_refused_ticket_is_not_handed_over() -> None:
    """It has not begun: its plan hears that it failed, and that another attempt would too."""
    heard = Heard("a")
    async with heard.running():
        heard.bus.publish([a_dispatch("a"), a_dispatch("b")])
        await until(lambda: len(heard.refusals) == 1)

    [refusal] = heard.refusals
    assert heard.taken == [("b", 1)]
    assert refusal.ticket_id == "a"
    assert refusal.result.metadata == {"attempt": "1", "retryable": "false"}


async def test_while_a_batch_is_under_way_newer_attempts_wait_their_turn() -> None:
    """The acknowledgement of the older one must not take the newer one away."""
    gate = asyncio.Event()

    class Slow(RecordingPublisher):
        """Acknowledges when the gate is open."""

        async def publish(self, dispatches: Sequence[Dispatch]) -> Sequence[Refusal]:
            """As the port says."""
            refusals = await super().publish(dispatches)
            await gate.wait()
            return refusals

    heard = Heard()
    heard.broker = Slow()
    heard.bus = PublishingBus(heard.broker, SystemClock())
    heard.bus.on_handover = heard.handovers.append
    async with heard.running():
        heard.bus.publish([a_dispatch("a")])
        await until(lambda: len(heard.broker.published) == 1)
        heard.bus.publish([a_dispatch("a", attempt=2)])
        gate.set()
        await until(lambda: len(heard.taken) == 2)

    assert heard.taken == [("a", 1), ("a", 2)]


async def test_a_broker_that_refuses_us_ends_the_engine() -> None:
    """No ticket will ever leave: a person must look."""

    class Closed(RecordingPublisher):
        """Lets nobody in."""

        async def publish(self, dispatches: Sequence[Dispatch]) -> Sequence[Refusal]:
            """As the port says."""
            raise Misconfigured("the login is wrong")

    bus = PublishingBus(Closed(), SystemClock())
    bus.publish([a_dispatch("a")])

    with pytest.raises(Misconfigured, match="login"):
        await bus.run()
