"""The contracts as Avro schemas, parsed once."""

import copy
import json
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import fastavro

from orchestrator_dynamic.errors import InvalidInput
from orchestrator_dynamic.wire.complaints import refusal, shown

Schema = dict[str, Any]

CONSOLIDATED_DECISION = "consolidated-decision"
COGNITIVE_PLAN = "cognitive-plan"
EXECUTION_TICKET = "execution-ticket"
EXECUTION_RESULT = "execution-result"
ORCHESTRATION_INCIDENT = "orchestration-incident"
TELEMETRY_FRAME = "telemetry-frame"
SLA_ALERT = "sla-alert"
SLA_VIOLATION = "sla-violation"
APPROVAL_RESPONSE = "approval-response"

NAMES = (
    CONSOLIDATED_DECISION,
    COGNITIVE_PLAN,
    EXECUTION_TICKET,
    EXECUTION_RESULT,
    ORCHESTRATION_INCIDENT,
    TELEMETRY_FRAME,
    SLA_ALERT,
    SLA_VIOLATION,
    APPROVAL_RESPONSE,
)


def text(name: str) -> str:
    """Return the schema called `name` as it is written, to be registered or shown.

    Raises:
        FileNotFoundError: there is no such schema.
    """
    packaged = resources.files("orchestrator_dynamic") / "schemas" / name / f"{name}.avsc"
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    # A checkout keeps the schemas beside `src`, where people of other services look for them.
    root = Path(__file__).resolve().parents[3]
    return (root / "schemas" / name / f"{name}.avsc").read_text(encoding="utf-8")


@cache
def schema(name: str) -> Schema:
    """Return the schema called `name`, parsed; it is shared, so it must not be changed."""
    return parsed(json.loads(text(name)))


@cache
def reading_schema(name: str) -> Schema:
    """Return the schema called `name` for reading: times stay the numbers that they are."""
    return for_reading(json.loads(text(name)))


def for_reading(writer_schema: Schema) -> Schema:
    """Return `writer_schema`, parsed, in which milliseconds are plain longs.

    Decoding them to datetimes and back would cost time, and lose those that no calendar reaches.

    Raises:
        InvalidInput: it is no Avro schema; reason `unreadable_avro`.
    """
    plain = copy.deepcopy(writer_schema)
    _strip_milliseconds(plain)
    return parsed(plain)


def parsed(raw: Schema) -> Schema:
    """Return `raw` as fastavro wants it.

    Raises:
        InvalidInput: it is no Avro schema; reason `unreadable_avro`.
    """
    try:
        result = fastavro.parse_schema(raw)
    except (
        fastavro.schema.SchemaParseException,
        fastavro.schema.UnknownType,
        AttributeError,
        KeyError,
        TypeError,
    ) as error:
        raise _no_schema(error) from error
    if not isinstance(result, dict):
        raise _no_schema(shown(result))
    return result


def _no_schema(problem: object) -> InvalidInput:
    message = f"the writer's schema is not an Avro schema of records: {problem}"
    return refusal("unreadable_avro", "schema", message)


def _strip_milliseconds(node: object) -> None:
    if isinstance(node, dict):
        # A schema that was parsed before would be taken as it is.
        node.pop("__fastavro_parsed__", None)
        node.pop("__named_schemas", None)
        if node.get("logicalType") in ("timestamp-millis", "local-timestamp-millis"):
            del node["logicalType"]
        for child in node.values():
            _strip_milliseconds(child)
    elif isinstance(node, list):
        for child in node:
            _strip_milliseconds(child)
