"""Everything that a plan's state holds, as plain values that can be compared.

Attributes are found, not listed, so that a field that is added tomorrow is compared tomorrow.
"""

from collections.abc import Iterator, Mapping
from copy import copy, deepcopy
from dataclasses import is_dataclass
from enum import Enum

from pydantic import BaseModel

from orchestrator_dynamic.core.due_queue import DueQueue
from orchestrator_dynamic.core.execution_state import ExecutionState
from orchestrator_dynamic.core.plan_execution import PlanExecution
from orchestrator_dynamic.core.ready_queue import ReadyQueue
from orchestrator_dynamic.core.supply import Supply

# Later than every moment of a test.
FAR = 2**62


def snapshot(execution: PlanExecution) -> dict[str, object]:
    """Return what `execution` is in, its alarm included; two that are equal behave alike."""
    state = execution.state
    seen = {name: _plain(value, state) for name, value in _attributes(state)}
    return {**seen, "alarm": execution.alarm}


def _plain(value: object, state: ExecutionState) -> object:
    match value:
        case DueQueue():
            # Entries that are out of date may be kept or dropped: what comes up is what counts.
            tickets = [copy(ticket) for ticket in state.tickets]
            return [ticket.number for ticket in deepcopy(value).take_until(FAR, tickets)]
        case ReadyQueue():
            return _drained(deepcopy(value), state)
        case Supply():
            return value.workers  # The rest remembers answers that follow from them.
        case None | str() | int() | float() | Enum() | BaseModel():
            return value
        case Mapping():
            return {_plain(key, state): _plain(inner, state) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(inner, state) for inner in value]
        case _ if isinstance(value, frozenset) or is_dataclass(value):
            return value
        case _:
            return {name: _plain(inner, state) for name, inner in _attributes(value)}


def _drained(queue: ReadyQueue, state: ExecutionState) -> list[int]:
    numbers: dict[int, None] = {}
    while (ticket := queue.take(state.tickets)) is not None:
        numbers[ticket.number] = None  # Whatever stands in it twice goes out once.
    return list(numbers)


def _attributes(value: object) -> Iterator[tuple[str, object]]:
    slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    for name in (*slots, *getattr(value, "__dict__", ())):
        yield name, getattr(value, name)
