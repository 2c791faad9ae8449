"""A schema registry in a list, which can be away."""

import json
from collections import deque

from orchestrator_dynamic.errors import OrchestratorError
from orchestrator_dynamic.wire.avro_schemas import Schema

GUID = "89791762-2336-4186-9674-299b90a802e2"


class ListedSchemas:
    """A `SchemaRegistry`: a schema's number is its place; the first is also known as `GUID`.

    Attributes:
        subjects: the subject and number of each schema that was asked to be registered.
        asked: how often a schema was looked for.
        faults: raised by the next calls, one each.
    """

    def __init__(self, *schemas: Schema) -> None:
        self.subjects: list[tuple[str, int]] = []
        self.asked = 0
        self.faults: deque[OrchestratorError] = deque()
        self._schemas = dict(enumerate(schemas, 1))

    async def by_id(self, schema_id: int) -> Schema | None:
        """As the port says."""
        self.asked += 1
        self._fail()
        return self._schemas.get(schema_id)

    async def by_guid(self, guid: str) -> Schema | None:
        """As the port says."""
        return await self.by_id(1 if guid == GUID else 0)

    async def id_for(self, subject: str, schema_text: str) -> int:
        """As the port says."""
        self._fail()
        schema: Schema = json.loads(schema_text)
        number = len(self._schemas) + 1
        self._schemas[number] = schema
        self.subjects.append((subject, number))
        return number

    def _fail(self) -> None:
        if self.faults:
            raise self.faults.popleft()
