"""What calls to a service say about it, as one number for people who are on call."""

import asyncio
from contextlib import suppress

import pytest

from orchestrator_dynamic.bootstrap.breakers import Breakers
from orchestrator_dynamic.errors import Misconfigured, OrchestratorError, Refused, Unavailable
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.standing import BreakerState, Standing

CLOSED, TRYING, OPEN = BreakerState


def meets(standing: Standing, *errors: OrchestratorError | None) -> list[BreakerState]:
    """Make a call for each of `errors`, and return what the state was after each."""
    states = []
    for error in errors:
        if error is None:
            with standing.asking():
                pass
        else:
            with pytest.raises(type(error)), standing.asking():
                raise error
        states.append(standing.state)
    return states


def test_it_opens_after_failures_in_a_row_and_closes_with_an_answer() -> None:
    """A hiccup is not an outage, and what is back is back at once."""
    away = Unavailable("no answer")

    states = meets(Standing(failures_max=3), away, None, away, away, away, None)

    assert states == [TRYING, CLOSED, TRYING, TRYING, OPEN, CLOSED]


def test_a_refusal_opens_it_at_once_until_somebody_is_let_in() -> None:
    """A wrong password is not mended by trying again."""
    assert meets(Standing(), Misconfigured("who are you?"), None) == [OPEN, CLOSED]


def test_who_refuses_one_item_is_there() -> None:
    """A message that is too large says nothing about the broker."""
    states = meets(Standing(failures_max=2), Unavailable("no answer"), Refused("it is too large"))

    assert states == [TRYING, CLOSED]


async def test_calls_that_fail_at_the_same_time_count_once() -> None:
    """Thirty calls that an outage of a moment has cut off are one failure."""
    standing, cut = Standing(failures_max=2), asyncio.Event()

    async def call() -> None:
        with suppress(Unavailable), standing.asking():
            await cut.wait()
            raise Unavailable("the connection was cut")

    async with asyncio.TaskGroup() as tasks:
        for _ in range(30):
            tasks.create_task(call())
        await asyncio.sleep(0)
        cut.set()

    assert standing.state is TRYING


async def test_a_call_that_was_given_up_says_nothing() -> None:
    """Its caller had no more time; the service may be well."""
    standing = Standing()
    with pytest.raises(asyncio.CancelledError), standing.asking():
        raise asyncio.CancelledError

    assert standing.state is CLOSED


def test_a_service_is_shown_as_its_worst_caller_sees_it() -> None:
    """Polls that bring nothing must not hide that nothing can be sent."""
    metrics, well, ill = Metrics(), Standing(), Standing()
    breakers = Breakers(metrics)
    breakers.watch("kafka", well)
    breakers.watch("kafka", ill)

    meets(ill, Unavailable("no answer"))
    meets(well, None)

    shown = metrics.render().decode()
    assert 'orchestration_breaker_state{service="kafka"} 1.0' in shown
    assert 'service="mongodb"' not in shown, "nobody calls it"
