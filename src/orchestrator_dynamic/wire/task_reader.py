"""The tasks of a plan, of which there may be a hundred thousand.

Tasks that are spelt as the contract spells them go straight to the models, a chunk at a time, so
that no Python runs for a single one. A chunk in which anything else is found is brought to the
contract's spelling first, and tried again.
"""

from collections.abc import Iterator
from functools import cache

from pydantic import TypeAdapter, ValidationError

from orchestrator_dynamic.models.cognitive_plan import TaskNode
from orchestrator_dynamic.models.vocabulary import TaskType
from orchestrator_dynamic.wire.complaints import Complaints, member, shown
from orchestrator_dynamic.wire.normalisation import Shape, normalised, shape_of_tasks
from orchestrator_dynamic.wire.values import known_task_type

_CHUNK = 1_024

# What a plan may have is for the plan rules to judge; this only keeps a list of millions of tiny
# tasks, which fits into a message, from filling the memory. No setting allows more.
TASKS_READ_MAX = 500_000
_FIELDS = frozenset(TaskNode.model_fields)
_TASKS = TypeAdapter(list[TaskNode])

# One set for all tasks: pydantic keeps one for each, which costs more than the task itself.
_FIELDS_SET = set(_FIELDS)


def read_tasks(raw: list[object], where: str, complaints: Complaints) -> tuple[TaskNode, ...]:
    """Return the tasks that `raw` describes, in its order, without those complained about.

    Args:
        raw: emptied on the way, so that it does not use memory beside what is made of it.
        where: the path of `raw`.
        complaints: takes what is wrong with the tasks, and what is odd about them.
    """
    if len(raw) > TASKS_READ_MAX:
        many = f"{where} has {len(raw):,} tasks; at most {TASKS_READ_MAX:,} are read"
        complaints.error("too_many_tasks", where, many)
        raw.clear()
        return ()
    tasks: list[TaskNode] = []
    ids: dict[str, str] = {}
    as_the_contract = True
    for first, chunk in _chunks(raw):
        _share_ids(chunk, ids)
        read = _read_canonical(chunk) if as_the_contract else None
        if read is None:
            as_the_contract = False
            read = _read_odd(chunk, first, where, complaints)
        for task in read:
            object.__setattr__(task, "__pydantic_fields_set__", _FIELDS_SET)
        tasks += read
        if complaints.exhausted:
            break
    return tuple(tasks)


def _chunks(raw: list[object]) -> Iterator[tuple[int, list[object]]]:
    for first in range(0, len(raw), _CHUNK):
        chunk = raw[first : first + _CHUNK]
        raw[first : first + _CHUNK] = [None] * len(chunk)
        yield first, chunk
    raw.clear()


def _share_ids(chunk: list[object], ids: dict[str, str]) -> None:
    """Let dependencies be the very texts that the tasks' ids are, rather than copies of them."""
    for raw in chunk:
        if type(raw) is not dict:
            continue
        # What is no text may not even be hashable; the models will complain about it.
        task_id, dependencies = raw.get("task_id"), raw.get("dependencies")
        if type(task_id) is str:
            ids[task_id] = task_id
        if type(dependencies) is list:
            raw["dependencies"] = [
                ids.get(item, item) if type(item) is str else item for item in dependencies
            ]


def _read_canonical(chunk: list[object]) -> list[TaskNode] | None:
    """Return the tasks in `chunk`, or None where anything is not as the contract spells it."""
    for raw in chunk:
        # A type must be given: where it is not, somebody should be told what is assumed.
        if type(raw) is not dict or not _FIELDS.issuperset(raw) or "task_type" not in raw:
            return None
    try:
        return _TASKS.validate_python(chunk)
    except ValidationError:
        return None


def _read_odd(
    chunk: list[object], first: int, where: str, complaints: Complaints
) -> list[TaskNode]:
    tidy = [
        _tidy(raw, member(where, index), complaints) if isinstance(raw, dict) else raw
        for index, raw in enumerate(chunk, first)
    ]
    try:
        return _TASKS.validate_python(tidy)
    except ValidationError as error:
        complaints.invalid(error, where, first)
        return []


def _tidy(raw: dict[str, object], where: str, complaints: Complaints) -> dict[str, object]:
    record = normalised(raw, _shape())
    sent = record.get("task_type")
    kind = known_task_type(sent)
    if kind is not None:
        record["task_type"] = kind
    elif sent is None:
        complaints.warning(
            "missing_task_type",
            member(where, "task_type"),
            f"{where} has no task_type; it is taken as EXECUTE",
        )
    elif isinstance(sent, str):
        complaints.warning(
            "unknown_task_type",
            member(where, "task_type"),
            f"nobody knows the task_type {shown(sent)} of {where}; it is taken as EXECUTE",
        )
        record["task_type"] = TaskType.EXECUTE
    return record


@cache
def _shape() -> Shape:
    return shape_of_tasks()
