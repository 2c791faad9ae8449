"""How workers and their handlers are registered, and how each mistake is told."""

import pytest

from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.vocabulary import TaskType
from orchestrator_dynamic.sdk import TicketContext, Worker


async def nothing(ticket: ExecutionTicket, context: TicketContext) -> None:
    """Do nothing."""


async def something(ticket: ExecutionTicket, context: TicketContext) -> dict[str, str]:
    """Do something."""
    return {"done": "yes"}


def test_a_worker_announces_what_it_handles_and_can() -> None:
    """Tickets are routed by what workers say of themselves."""
    worker = Worker("builder-1", capabilities={"compile", "read"}, concurrency=8)
    worker.handles("BUILD", "EXECUTE")(nothing)

    profile = worker.profile()

    assert profile.worker_id == "builder-1"
    assert profile.task_types == {TaskType.BUILD, TaskType.EXECUTE}
    assert profile.capabilities == {"compile", "read"}
    assert profile.concurrency == 8


def test_a_worker_without_capabilities_takes_any_requirement() -> None:
    """Small set-ups have one kind of worker, and say nothing about it."""
    worker = Worker("all-rounder")
    worker.handles("BUILD")(nothing)

    assert worker.profile().can_execute(TaskType.BUILD, ["gpu"])
    assert not worker.profile().can_execute(TaskType.DEPLOY, [])


def test_a_handler_without_types_takes_what_no_other_takes() -> None:
    """The order in which handlers are written must not matter."""
    worker = Worker("all-rounder")
    worker.handles()(nothing)
    worker.handles("BUILD")(something)

    assert worker.handler_for(TaskType.BUILD) is something
    assert worker.handler_for(TaskType.DEPLOY) is nothing
    assert worker.profile().task_types == frozenset()


def test_registering_leaves_the_function_as_it_is() -> None:
    """A handler can be called and tested like any other function."""
    assert Worker("w").handles("BUILD")(something) is something


def test_an_object_that_is_called_like_an_async_function_is_a_handler() -> None:
    """Some handlers carry a connection with them."""

    class Builder:
        async def __call__(self, ticket: ExecutionTicket, context: TicketContext) -> None: ...

    builder = Builder()
    worker = Worker("w")

    worker.handles("BUILD")(builder)

    assert worker.handler_for(TaskType.BUILD) is builder


def test_a_handler_that_is_not_async_is_refused() -> None:
    """It would block every other ticket of the worker, and return what cannot be awaited."""

    def build(ticket: ExecutionTicket, context: TicketContext) -> dict[str, str]:
        return {}

    with pytest.raises(Misconfigured, match=r"worker w: .*build must be an `async def` function"):
        Worker("w").handles("BUILD")(build)  # type: ignore[type-var]


def test_a_handler_with_other_arguments_is_refused() -> None:
    """Better now than at its first ticket."""

    async def build(ticket: ExecutionTicket) -> None: ...

    with pytest.raises(Misconfigured, match=r"build must take \(ticket, context\)"):
        Worker("w").handles("BUILD")(build)  # type: ignore[type-var]


@pytest.mark.parametrize("name", ["BUILT", "build", ""])
def test_an_unknown_type_is_refused(name: str) -> None:
    """A handler under a misspelt type waits for ever."""
    with pytest.raises(Misconfigured, match="is no ticket type; there are BUILD, DEPLOY, TEST"):
        Worker("w").handles(name)


def test_brackets_that_were_forgotten_are_noticed() -> None:
    """`@worker.handles` without them would swallow the handler without a word."""
    with pytest.raises(Misconfigured, match="is no ticket type"):
        Worker("w").handles(nothing)  # type: ignore[arg-type]


def test_a_type_has_one_handler() -> None:
    """Of two, one would never be called."""
    worker = Worker("w")
    worker.handles("BUILD")(nothing)

    with pytest.raises(Misconfigured, match="worker w: BUILD is already handled by nothing"):
        worker.handles("TEST", "BUILD")(something)


def test_any_type_has_one_handler() -> None:
    """Of two, one would never be called."""
    worker = Worker("w")
    worker.handles()(nothing)

    with pytest.raises(Misconfigured, match="worker w: any type is already handled by nothing"):
        worker.handles()(something)


def test_a_worker_without_a_handler_has_nothing_to_announce() -> None:
    """With no types it would pass for one that takes everything."""
    with pytest.raises(Misconfigured, match="worker w has no handler"):
        Worker("w").profile()


@pytest.mark.parametrize(("worker_id", "concurrency"), [("", 1), ("w", 0), ("a\nb", 1)])
def test_an_impossible_worker_is_refused(worker_id: str, concurrency: int) -> None:
    """Its author learns it where it is written."""
    with pytest.raises(Misconfigured, match="is not possible"):
        Worker(worker_id, concurrency=concurrency)


def test_capabilities_that_are_one_text_are_refused() -> None:
    """They would become a set of letters."""
    with pytest.raises(Misconfigured, match="not one text"):
        Worker("w", capabilities="compile")
