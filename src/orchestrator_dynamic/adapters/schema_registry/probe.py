"""Whether a registry is fit for use, for `doctor`."""

from collections.abc import Sequence
from urllib.parse import quote

from orchestrator_dynamic.adapters.schema_registry.rest_client import RegistryOptions, RestClient
from orchestrator_dynamic.errors import Misconfigured, Unavailable
from orchestrator_dynamic.ports.probing import Check, ok, problem, warning

_REACH = "schema registry"


async def probe(options: RegistryOptions, subjects: Sequence[str] = ()) -> list[Check]:
    """Return what there is to say about the registry and these subjects; nothing is changed."""
    async with RestClient(options) as client:
        try:
            reached = await client.call("GET", "/subjects")
            if reached.status != 200:
                remedy = "set SCHEMA_REGISTRY_URL with its path, as in http://host/apis/ccompat/v7"
                return [
                    problem(_REACH, f"{client.address} is no registry: {reached.words}", remedy)
                ]
            checks = [ok(_REACH, f"{client.address} answers")]
            return checks + [await _about(client, subject) for subject in subjects]
        except Unavailable as error:
            return [problem(_REACH, str(error), "start it, or correct SCHEMA_REGISTRY_URL")]
        except Misconfigured as error:
            return [problem(_REACH, str(error), "correct the login in SCHEMA_REGISTRY_URL")]


async def _about(client: RestClient, subject: str) -> Check:
    name, place = f"schema {subject}", quote(subject, safe="")
    latest = await client.call("GET", f"/subjects/{place}/versions/latest")
    if latest.not_found:
        return ok(name, "not registered yet; the first message does that")
    level = await client.call("GET", f"/config/{place}?defaultToGlobal=true")
    compatibility = (level.body or {}).get("compatibilityLevel", "NONE")
    version = (latest.body or {}).get("version")
    if compatibility == "NONE":
        finding = f"version {version}, and nothing keeps the next one compatible"
        return warning(name, finding, f"set the compatibility of {subject} to BACKWARD")
    return ok(name, f"version {version}, compatibility {compatibility}")
