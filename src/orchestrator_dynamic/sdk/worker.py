"""A worker: who it is, what it can, and the code that does it."""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TypeVar

from pydantic import ValidationError

from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.vocabulary import TaskType
from orchestrator_dynamic.models.worker import WorkerProfile
from orchestrator_dynamic.sdk.context import TicketContext

Handler = Callable[[ExecutionTicket, TicketContext], Awaitable[Mapping[str, object] | None]]
HandlerT = TypeVar("HandlerT", bound=Handler)


class Worker:
    """Code that executes tickets, registered by the type of ticket.

    Args:
        worker_id: unique among the workers that run; answers are signed with it.
        capabilities: what it can; a worker without any takes tickets whatever they require.
        concurrency: how many tickets it works on at once.

    Raises:
        Misconfigured: one of these is not possible.
    """

    def __init__(
        self, worker_id: str, *, capabilities: Iterable[str] = (), concurrency: int = 1
    ) -> None:
        if isinstance(capabilities, str):
            raise Misconfigured(f"worker {worker_id}: capabilities is a set of texts, not one text")
        try:
            self._announced = WorkerProfile(
                worker_id=worker_id, capabilities=frozenset(capabilities), concurrency=concurrency
            )
        except ValidationError as error:
            wrong = "; ".join(f"{one['loc'][0]}: {one['msg']}" for one in error.errors())
            raise Misconfigured(f"worker {worker_id!r} is not possible: {wrong}") from error
        self._handlers: dict[TaskType, Handler] = {}
        self._handler_of_any: Handler | None = None

    def handles(self, *task_types: str) -> Callable[[HandlerT], HandlerT]:
        """Return a decorator that registers a handler for tickets of `task_types`.

        Without a type it takes every ticket that no other handler is registered for.

        Raises:
            Misconfigured: a type is unknown or taken, or the handler cannot be one.
        """
        types = [self._known(name) for name in task_types]

        def register(handler: HandlerT) -> HandlerT:
            self._check(handler)
            if not types:
                self._check_free(self._handler_of_any, "any type")
                self._handler_of_any = handler
            for task_type in types:
                self._check_free(self._handlers.get(task_type), task_type)
                self._handlers[task_type] = handler
            return handler

        return register

    def handler_for(self, task_type: TaskType) -> Handler | None:
        """Return the handler of tickets of `task_type`, if there is one."""
        return self._handlers.get(task_type, self._handler_of_any)

    def profile(self) -> WorkerProfile:
        """Return how this worker announces itself.

        Raises:
            Misconfigured: it has no handler, so that there is nothing to announce.
        """
        if self._handler_of_any is not None:
            return self._announced
        if not self._handlers:
            raise Misconfigured(f"{self} has no handler; register one with @worker.handles(…)")
        return self._announced.model_copy(update={"task_types": frozenset(self._handlers)})

    def __str__(self) -> str:
        return f"worker {self._announced.worker_id}"

    def _known(self, name: str) -> TaskType:
        try:
            return TaskType(name)
        except ValueError:
            known = ", ".join(TaskType)
            raise Misconfigured(f"{self}: {name!r} is no ticket type; there are {known}") from None

    def _check(self, handler: Callable[..., object]) -> None:
        name = getattr(handler, "__qualname__", repr(handler))
        # An object that is called like a function is one as well.
        if not any(map(inspect.iscoroutinefunction, (handler, type(handler).__call__))):
            raise Misconfigured(f"{self}: {name} must be an `async def` function")
        try:
            inspect.signature(handler).bind("ticket", "context")
        except TypeError as error:
            raise Misconfigured(f"{self}: {name} must take (ticket, context): {error}") from None

    def _check_free(self, holder: Handler | None, what: str) -> None:
        if holder is not None:
            name = getattr(holder, "__qualname__", repr(holder))
            raise Misconfigured(f"{self}: {what} is already handled by {name}")
