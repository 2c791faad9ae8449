"""A registry with a memory, so that messages do not wait for the network."""

import json
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote

from orchestrator_dynamic.adapters.schema_registry.one_at_a_time import OneAtATime
from orchestrator_dynamic.adapters.schema_registry.recent import Recent
from orchestrator_dynamic.adapters.schema_registry.registration import Registration
from orchestrator_dynamic.adapters.schema_registry.rest_client import (
    Answer,
    RegistryOptions,
    RestClient,
)
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.ports.standing import Standing
from orchestrator_dynamic.wire.avro_schemas import Schema

# A few kilobytes each; an ecosystem has dozens of schemas, in some versions.
_SCHEMAS_MAX = 1_000

# Numbers in forged messages are without end, and each costs a request.
_UNKNOWN_MAX = 10_000

# A schema may be registered a moment after its first message; until then the registry is spared.
_UNKNOWN_S = 5.0

# Registries count with Java's int, and take a greater number for a wrong address.
_NUMBER_MAX = 2**31 - 1

_KeyT = TypeVar("_KeyT", int, str)


class HttpSchemaRegistry:
    """A `SchemaRegistry` over HTTP; open it as a context."""

    def __init__(
        self,
        options: RegistryOptions,
        *,
        schemas_max: int = _SCHEMAS_MAX,
        unknown_s: float = _UNKNOWN_S,
    ) -> None:
        self._client = RestClient(options)
        self._registration = Registration(self._client)
        self._schemas: Recent[int | str, Schema] = Recent(schemas_max, None, time.monotonic)
        self._unknown: Recent[int | str, bool] = Recent(_UNKNOWN_MAX, unknown_s, time.monotonic)
        self._numbers: Recent[tuple[str, str], int] = Recent(schemas_max, None, time.monotonic)
        self._looking_up: OneAtATime[Schema | None] = OneAtATime()
        self._registering: OneAtATime[int] = OneAtATime()

    async def __aenter__(self) -> Self:
        """Return the registry; nothing is asked of it yet."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close its connections."""
        await self._client.__aexit__(kind, error, trace)

    @property
    def standing(self) -> Standing:
        """How the registry stands with us."""
        return self._client.standing

    async def by_id(self, schema_id: int) -> Schema | None:
        """As the port says; a number that is unknown is asked for again after some seconds."""
        if not 0 < schema_id <= _NUMBER_MAX:
            return None
        return await self._known(schema_id, lambda: self._fetch_by_id(schema_id))

    async def by_guid(self, guid: str) -> Schema | None:
        """As the port says."""
        return await self._known(guid, lambda: self._fetch_by_guid(guid))

    async def id_for(self, subject: str, schema_text: str) -> int:
        """As the port says."""
        key = (subject, schema_text)
        known = self._numbers.get(key)
        if known is not None:
            return known
        number = await self._registering.ask(
            key, lambda: self._registration.number_of(subject, schema_text)
        )
        self._numbers.put(key, number)
        return number

    async def _known(
        self, key: _KeyT, fetch: Callable[[], Awaitable[Schema | None]]
    ) -> Schema | None:
        known = self._schemas.get(key)
        if known is not None or self._unknown.get(key):
            return known

        async def fetch_and_remember() -> Schema | None:
            schema = await fetch()
            if schema is None:
                self._unknown.put(key, value=True)
            else:
                self._schemas.put(key, schema)
            return schema

        return await self._looking_up.ask(key, fetch_and_remember)

    async def _fetch_by_id(self, schema_id: int) -> Schema | None:
        path = f"/schemas/ids/{schema_id}"
        answer = await self._client.call("GET", path)
        if answer.not_found:
            return None
        if answer.status != 200:
            problem = f"{self._client.address} does not answer as a registry"
            raise Misconfigured(f"{problem}: GET {path} gave {answer.words}")
        return _schema_in(answer)

    async def _fetch_by_guid(self, guid: str) -> Schema | None:
        answer = await self._client.call("GET", f"/schemas/guids/{quote(guid, safe='')}")
        # Registries that know no GUIDs do not know the place either.
        return _schema_in(answer) if answer.status == 200 else None


def _schema_in(answer: Answer) -> Schema | None:
    """Return the Avro record in an answer; what is something else cannot be in our messages."""
    body = answer.body or {}
    if body.get("schemaType", "AVRO") != "AVRO" or body.get("references"):
        return None
    try:
        schema = json.loads(body.get("schema", ""))
    except (TypeError, ValueError, RecursionError):
        return None
    return schema if isinstance(schema, dict) else None
