"""Whether a MongoDB is fit for use, for `doctor`."""

from uuid import uuid4

from orchestrator_dynamic.adapters.mongodb import layout
from orchestrator_dynamic.adapters.mongodb.database import Mongo, connected
from orchestrator_dynamic.errors import OrchestratorError
from orchestrator_dynamic.ports.probing import Check, ok, problem, warning

# Read concern majority is kept by every server from this one on.
_VERSION_MIN = (4, 2)

_ALONE = "Single"

# A person waits for the answer.
_DEADLINE_S = 3.0


async def probe(uri: str, database: str) -> list[Check]:
    """Return what was found about a MongoDB; only what can be found without an answer is left out.

    It writes one document and deletes it again.
    """
    try:
        async with connected(uri, database, deadline_s=_DEADLINE_S) as mongo:
            return await _looked_at(mongo)
    except OrchestratorError as error:
        remedy = "see that it runs, that MONGODB_URI names it, and that its login is right"
        return [problem("mongodb", str(error), remedy)]


async def _looked_at(mongo: Mongo) -> list[Check]:
    info = await mongo.asked("asking for its version", mongo.database.command("buildInfo"))
    kind = mongo.database.client.topology_description.topology_type_name
    version = str(info.get("version", "0"))
    checks = [ok("mongodb", f"answers: {mongo.database.name}, MongoDB {version}")]
    numbers = tuple(int(one) for one in version.split(".")[:2] if one.isdecimal())
    if numbers < _VERSION_MIN:
        least = ".".join(map(str, _VERSION_MIN))
        remedy = f"upgrade it to {least} or later"
        checks.append(problem("mongodb version", f"{version} is older than {least}", remedy))
    if kind == _ALONE:
        finding = "a single server: what is acknowledged can be lost with its disk"
        remedy = "run a replica set of three members"
        checks.append(warning("mongodb replica set", finding, remedy))
    else:
        checks.append(ok("mongodb replica set", kind))
    checks.append(await _written(mongo))
    checks.append(await _indexed(mongo))
    return checks


async def _written(mongo: Mongo) -> Check:
    name = f"probe-{uuid4()}"
    try:
        await mongo.insert("counters", [{"_id": name}])
        work = mongo.database["counters"].delete_one({"_id": name})
        await mongo.asked("deleting what the probe has written", work)
    except OrchestratorError as error:
        remedy = "give its login the role readWrite, and see that a majority of its members runs"
        return problem("mongodb write", str(error), remedy)
    return ok("mongodb write", "a majority has a write in its journals")


async def _indexed(mongo: Mongo) -> Check:
    try:
        missing = await layout.missing_indexes(mongo)
    except OrchestratorError as error:
        return problem("mongodb indexes", str(error), "give its login the role readWrite")
    if missing:
        finding = f"{len(missing)} are missing, {missing[0]} among them"
        return warning("mongodb indexes", finding, "the first start of an engine creates them")
    return ok("mongodb indexes", "all are there")
