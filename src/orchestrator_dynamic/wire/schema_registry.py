"""What messages need of a registry of Avro schemas; each docstring is the contract."""

from typing import Protocol

from orchestrator_dynamic.errors import Misconfigured, Unavailable
from orchestrator_dynamic.wire.avro_schemas import Schema


class RegistryUnavailable(Unavailable):
    """The registry did not answer: an outage, never a reason to judge a message."""


class SchemaRefused(Misconfigured):
    """The registry will not have our schema, as it is incompatible with one that it has."""


class SchemaRegistry(Protocol):
    """Schemas by their numbers, remembered within bounds.

    Raises:
        RegistryUnavailable: try again.
        Misconfigured: it refuses us.
    """

    async def by_id(self, schema_id: int) -> Schema | None:
        """Return the schema with this number, None where there is none.

        The same number gives the same object while it is remembered.
        """
        ...

    async def by_guid(self, guid: str) -> Schema | None:
        """Return the schema with this GUID (lower case, hyphens), None where there is none.

        None also from a registry that knows no GUIDs.
        """
        ...

    async def id_for(self, subject: str, schema_text: str) -> int:
        """Return the number of our schema under `subject`, registering it where that is needed.

        Raises:
            SchemaRefused: it is not compatible with what is registered there.
        """
        ...
