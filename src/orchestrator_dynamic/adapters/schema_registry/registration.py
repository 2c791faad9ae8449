"""Giving a schema its number, so that what is registered after it stays compatible."""

from urllib.parse import quote

from orchestrator_dynamic.adapters.schema_registry.rest_client import Answer, RestClient
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.wire.schema_registry import RegistryUnavailable, SchemaRefused

_COMPATIBILITY = "BACKWARD"


class Registration:
    """Finds or registers schemas."""

    def __init__(self, client: RestClient) -> None:
        self._client = client

    async def number_of(self, subject: str, schema_text: str) -> int:
        """Return the number of a schema under `subject`, registering it where it is new there.

        Two replicas that register the same schema at once get the same number.

        Raises:
            SchemaRefused: it is not compatible with what is registered there, or no schema.
            RegistryUnavailable: try again.
            Misconfigured: the registry refuses us.
        """
        place, schema = f"/subjects/{quote(subject, safe='')}", {"schema": schema_text}
        found = await self._client.call("POST", place, schema)
        if found.status == 200:
            return self._number_in(found, subject)
        if not found.not_found:
            raise self._refused(subject, found)
        await self._demand_compatibility(subject)
        registered = await self._client.call("POST", f"{place}/versions", schema)
        if registered.status != 200:
            raise self._refused(subject, registered)
        return self._number_in(registered, subject)

    async def _demand_compatibility(self, subject: str) -> None:
        """Have the registry compare versions where nobody has told it to: Apicurio's default."""
        place = f"/config/{quote(subject, safe='')}"
        level = await self._client.call("GET", f"{place}?defaultToGlobal=true")
        if (level.body or {}).get("compatibilityLevel", "NONE") != "NONE":
            return
        try:
            told = await self._client.call("PUT", place, {"compatibility": _COMPATIBILITY})
        except SchemaRefused:
            # Apicurio makes a rule only once: another replica was quicker with the same one.
            return
        if told.status != 200:
            problem = f"{self._client.address} cannot be told to keep {subject} compatible"
            raise Misconfigured(f"{problem}: {told.words}")

    def _number_in(self, answer: Answer, subject: str) -> int:
        number = (answer.body or {}).get("id")
        if not isinstance(number, int):
            problem = f"{self._client.address} gave no number for {subject}"
            raise RegistryUnavailable(f"{problem}: {answer.words}")
        return number

    def _refused(self, subject: str, answer: Answer) -> Misconfigured:
        if answer.status == 422:
            return SchemaRefused(f"our schema for {subject} was refused: {answer.words}")
        problem = f"{self._client.address} does not answer as a registry"
        return Misconfigured(f"{problem}: asked for {subject}, it gave {answer.words}")
