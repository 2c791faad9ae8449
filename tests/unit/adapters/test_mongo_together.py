"""Calls to MongoDB that somebody gives up: each goes to its end, and none harms another."""

import asyncio
import gc
import subprocess
import sys

import pytest

from orchestrator_dynamic.adapters.mongodb.together import each, to_its_end, together
from tests.support.command_line import PATIENCE_S, ROOT, environment


class Call:
    """A call that goes on until it may end."""

    def __init__(self, error: Exception | None = None) -> None:
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.ended = False
        self._error = error

    async def made(self) -> str:
        """Return its answer, or raise its error."""
        self.begun.set()
        await self.may_end.wait()
        self.ended = True
        if self._error is not None:
            raise self._error
        return "an answer"


async def is_given_up(call: Call, asking: "asyncio.Task[str]", times: int = 1) -> None:
    """Cancel whoever asks for `call`, and see that it waits."""
    await call.begun.wait()
    for _ in range(times):
        asking.cancel()
        await asyncio.sleep(0)
    assert not asking.done()


async def test_an_answer_and_an_error_are_the_callers() -> None:
    """Where nobody is cancelled it is as if the call were made here."""
    well, badly = Call(), Call(KeyError("one"))
    well.may_end.set()
    badly.may_end.set()

    assert await to_its_end(well.made()) == "an answer"
    with pytest.raises(KeyError, match="one"):
        await to_its_end(badly.made())


@pytest.mark.parametrize("times", [1, 3])
async def test_who_is_cancelled_waits_for_the_end(times: int) -> None:
    """However often: a call that goes on behind everybody's back would be a surprise."""
    call = Call()
    async with asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(to_its_end(call.made()))
        await is_given_up(call, asking, times)
        call.may_end.set()

    assert call.ended
    assert asking.cancelled()


async def test_the_error_of_a_call_that_was_given_up_is_nobodys() -> None:
    """Whoever asked ends as cancelled, and asyncio does not log the error as lost."""
    lost = list[str]()
    asyncio.get_running_loop().set_exception_handler(lambda _, told: lost.append(str(told)))
    call = Call(KeyError("one"))
    async with asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(to_its_end(call.made()))
        await is_given_up(call, asking)
        call.may_end.set()

    assert asking.cancelled()
    del asking
    gc.collect()
    assert lost == []


async def test_a_time_limit_around_a_call_is_still_a_time_limit() -> None:
    """Late, and no cancellation that reaches anybody else."""
    call = Call()
    asyncio.get_running_loop().call_later(0.05, call.may_end.set)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await to_its_end(call.made())

    assert call.ended


async def test_the_first_that_fails_is_raised_when_the_others_have_ended() -> None:
    """What is under way may write; it is over before anybody tries again."""
    failing, other = Call(KeyError("first")), Call()
    failing.may_end.set()
    asyncio.get_running_loop().call_later(0.05, other.may_end.set)

    with pytest.raises(KeyError, match="first"):
        await together(to_its_end(failing.made()), to_its_end(other.made()))

    assert other.ended


async def test_so_many_at_a_time_and_no_more() -> None:
    """A batch about hundreds of plans must not take every connection."""
    under_way, most, done = 0, 0, list[int]()

    async def work(item: int) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        done.append(item)

    await each(range(10), work, most=3)

    assert most == 3
    assert sorted(done) == list(range(10))


def test_searches_that_somebody_ends_leave_the_way_to_others() -> None:
    """The library's lock over its servers is given back, whenever and by whomever they end."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.ended_searches"],
        cwd=ROOT,
        env=environment({"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "all have ended\n", "")
