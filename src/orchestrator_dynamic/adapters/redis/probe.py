"""Whether a Redis Cluster is fit for use, for `doctor`."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from uuid import uuid4

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, ResponseError

from orchestrator_dynamic.adapters.redis.access import (
    FAILURES,
    ClusterAccess,
    close_client,
    cluster_client,
)
from orchestrator_dynamic.adapters.redis.cache import DEFAULT_PREFIX
from orchestrator_dynamic.ports.probing import Check, ok, problem, warning

SLOTS = 16_384

# The oldest version that its makers still mend.
VERSION_MIN = (6, 2)

_CLUSTER_REMEDY = "look at CLUSTER NODES on any of its nodes; until then nothing is cached"

Facts = Mapping[str, object]


async def probe(
    access: ClusterAccess, *, prefix: str = DEFAULT_PREFIX, deadline_s: float = 2.0
) -> list[Check]:
    """Return what was found; nothing is raised, and nothing is left behind.

    Args:
        deadline_s: for each node, and for writing and reading back.
    """
    checks: list[Check] = []
    silent: list[str] = []
    facts: Facts = {}
    for name, (host, port) in zip(access.nodes, access.hosts_and_ports(), strict=True):
        try:
            async with asyncio.timeout(deadline_s):
                facts = await _facts_of(access, host, port) or facts
        except FAILURES as error:
            silent.append(f"{name} ({_why(error)})")
    checks.append(_check_of_reach(access, silent))
    if not facts:
        return checks
    checks += _checks_of_facts(facts)
    if facts.get("cluster_enabled") == 1:
        checks.append(await _check_of_use(access, prefix, deadline_s))
    return checks


async def _facts_of(access: ClusterAccess, host: str, port: int) -> Facts:
    """Return what a node says of itself and of its cluster."""
    client = Redis(
        host=host,
        port=port,
        password=access.password,
        ssl=access.tls,
        ssl_ca_certs=access.ca_file,
        protocol=2,
        retry=Retry(NoBackoff(), 0),
    )
    async with client:
        facts: dict[str, object] = dict(await client.info())
        try:
            told = await client.execute_command("CLUSTER INFO")  # type: ignore[no-untyped-call]
        except ResponseError:
            # It is no cluster, as `cluster_enabled` says too.
            return facts
        return facts | dict(told)


def _check_of_reach(access: ClusterAccess, silent: Sequence[str]) -> Check:
    name, count = "redis nodes", len(access.nodes)
    if not silent:
        return ok(name, f"{count} of {count} answer")
    remedy = "look at REDIS_CLUSTER_NODES, REDIS_PASSWORD and REDIS_SSL_ENABLED, and at the nodes"
    finding = f"{count - len(silent)} of {count} answer; not {', '.join(silent)}"
    return (problem if len(silent) == count else warning)(name, finding, remedy)


def _checks_of_facts(facts: Facts) -> Iterator[Check]:
    version = str(facts.get("redis_version", "unknown"))
    if tuple(int(part) for part in version.split(".")[:2] if part.isdigit()) < VERSION_MIN:
        yield warning("redis version", version, "use Redis 6.2 or newer")
    else:
        yield ok("redis version", version)
    if facts.get("cluster_enabled") != 1:
        finding = "this is a single server, not a cluster"
        yield problem("redis cluster", finding, "start it with cluster-enabled yes")
        return
    state, covered = str(facts.get("cluster_state")), str(facts.get("cluster_slots_ok"))
    if state == "ok":
        yield ok("redis cluster", f"state {state}")
    else:
        yield problem("redis cluster", f"state {state}", _CLUSTER_REMEDY)
    finding = f"{covered} of {SLOTS} slots are served"
    if covered == str(SLOTS):
        yield ok("redis slots", finding)
    else:
        yield problem("redis slots", finding, _CLUSTER_REMEDY)


async def _check_of_use(access: ClusterAccess, prefix: str, deadline_s: float) -> Check:
    """Look at whether what is written can be read back, under a name that nobody else uses."""
    name, key, value = "redis use", f"{prefix}doctor:{uuid4()}", uuid4().bytes
    client = cluster_client(access, connections_max=4)
    try:
        async with asyncio.timeout(deadline_s):
            await client.set(key, value, ex=60)
            read = await client.get(key)
            await client.delete(key)
    except FAILURES as error:
        remedy = "see that its user may SET, GET and DEL, and that there is memory left"
        return problem(name, _why(error), remedy)
    finally:
        await close_client(client)
    if read != value:
        return problem(name, "what was written is not what was read", _CLUSTER_REMEDY)
    return ok(name, "a key was written, read and deleted")


def _why(error: Exception) -> str:
    if isinstance(error, AuthenticationError):
        return f"it refuses the login: {error}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error) or type(error).__name__
