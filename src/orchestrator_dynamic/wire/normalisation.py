"""Records as they are sent, brought to the names, words and units that the models know.

The shapes come from the Avro schemas: which fields a record has, in which of them a word, a time,
a map of text or another record is to be expected. The few things that no schema can say, older
names and the readers of odd values, stand in the tables below.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

from orchestrator_dynamic.models.base import ENTRIES_MAX
from orchestrator_dynamic.models.vocabulary import ExecutionStatus
from orchestrator_dynamic.wire import avro_schemas, values
from orchestrator_dynamic.wire.field_names import is_time

Reader = Callable[[object], object]
Record = dict[str, object]

# What producers still call a field, by record. Its own name goes first, then its camelCase.
_OLDER_NAMES: dict[tuple[str, str], tuple[str, ...]] = {
    ("TaskNode", "task_id"): ("id",),
    ("TaskNode", "task_type"): ("type",),
    ("TaskNode", "required_capabilities"): ("capabilities",),
    ("CognitivePlan", "original_priority"): ("priority",),
    ("CognitivePlan", "original_security_level"): ("security_level", "securityLevel"),
}

_status_word = values.word_of((*ExecutionStatus, "CANCELED"))


def _execution_status(value: object) -> object:
    word = _status_word(value)
    return ExecutionStatus.CANCELLED if word == "CANCELED" else word


_decision_word = values.word_of(("approved", "rejected", "approve", "reject"))


def _approval_decision(value: object) -> object:
    word = _decision_word(value)
    return {"approve": "approved", "reject": "rejected"}.get(str(word), word)


_READERS: dict[tuple[str, str], Reader] = {
    ("CognitivePlan", "original_priority"): values.priority,
    ("CognitivePlan", "original_security_level"): values.security_level,
    ("ExecutionResult", "status"): _execution_status,
    # A result must not be lost for a number among its log lines.
    ("ExecutionResultPayload", "logs"): values.text_list,
    ("ApprovalResponse", "decision"): _approval_decision,
}


class Field(NamedTuple):
    """A field of a record: its name, what else it is called, best first, and how it is read."""

    name: str
    other_names: tuple[str, ...]
    reader: Reader | None


Shape = tuple[Field, ...]


@cache
def shape_of(name: str) -> Shape:
    """Return the shape of the record that the contract called `name` describes."""
    return _shape(avro_schemas.schema(name))


@cache
def shape_of_tasks() -> Shape:
    """Return the shape of one task of a plan."""
    fields = avro_schemas.schema(avro_schemas.COGNITIVE_PLAN)["fields"]
    tasks = next(field for field in fields if field["name"] == "tasks")
    return _shape(tasks["type"]["items"])


def normalised(raw: Mapping[str, object], shape: Shape) -> Record:
    """Return `raw` under the names of `shape`, its values read, without what is null or unknown.

    Of several names of one field the first whose value is not null counts, our own before all.
    """
    record: Record = {}
    for name, other_names, reader in shape:
        value = raw.get(name)
        if value is None:
            for other in other_names:
                value = raw.get(other)
                if value is not None:
                    break
            else:
                continue
        record[name] = value if reader is None else reader(value)
    return record


def _shape(schema: Mapping[str, Any]) -> Shape:
    record = schema["name"].rpartition(".")[2]
    return tuple(
        Field(
            name=field["name"],
            other_names=_other_names(record, field["name"]),
            reader=_READERS.get((record, field["name"])) or _reader(field["name"], field["type"]),
        )
        for field in schema["fields"]
    )


def _other_names(record: str, name: str) -> tuple[str, ...]:
    first, *rest = name.split("_")
    camel = first + "".join(word.capitalize() for word in rest)
    names = (camel, *_OLDER_NAMES.get((record, name), ()))
    return tuple(other for other in names if other != name)


def _reader(name: str, schema: Any) -> Reader | None:
    kind = _without_null(schema)
    match kind:
        case _ if is_time(name):
            return values.epoch_ms
        case _ if name == "schema_version":
            return values.schema_version
        case {"type": "map", "values": "string"}:
            return values.text_map
        case {"type": "map"}:
            return values.short_map
        case {"type": "enum", "symbols": symbols}:
            return values.word_of(symbols)
        case {"type": "record"}:
            return _record_reader(_shape(kind))
        case {"type": "array", "items": {"type": "record"} as items}:
            return _list_reader(_record_reader(_shape(items)))
        case _:
            return None


def _without_null(schema: Any) -> Any:
    if isinstance(schema, list):
        return next(branch for branch in schema if branch != "null")
    return schema


def _record_reader(shape: Shape) -> Reader:
    def record(value: object) -> object:
        return normalised(value, shape) if isinstance(value, dict) else value

    return record


def _list_reader(item_reader: Reader) -> Reader:
    def items(value: object) -> object:
        if not isinstance(value, list):
            return value
        # One more than there may be shows the models that there are too many.
        return [item_reader(item) for item in value[: ENTRIES_MAX + 1]]

    return items
