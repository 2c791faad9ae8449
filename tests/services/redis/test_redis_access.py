"""A cluster with a password, one that speaks TLS, and what `doctor` says of them."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from orchestrator_dynamic.adapters.redis.access import ClusterAccess
from orchestrator_dynamic.adapters.redis.cache import DEFAULT_PREFIX, RedisClusterCache
from orchestrator_dynamic.adapters.redis.probe import probe
from orchestrator_dynamic.ports.probing import Check, Verdict
from tests.contracts.test_cache import LONG_S
from tests.services.redis.nodes import client_of, configured, until
from tests.services.redis.ready import answers
from tests.support.servers.ports import HOST, free_ports
from tests.support.servers.redis_cluster import RedisCluster

pytestmark = pytest.mark.services

PASSWORD = "correct horse"


def verdicts(checks: list[Check]) -> dict[str, Verdict]:
    """Return what was said of each thing."""
    return {check.name: check.verdict for check in checks}


async def works(access: ClusterAccess) -> bool:
    """Tell whether a cache on this cluster comes to answer."""
    async with RedisClusterCache(access, deadline_s=5.0, pause_s=60, failures_max=2) as cache:

        async def has_answered_or_given_up() -> bool:
            return await answers(cache) or cache.breaker_state != 0

        await until(has_answered_or_given_up)
        await cache.put({"a": b"1"}, LONG_S)
        return await cache.get(["a"]) == {"a": b"1"}


async def test_a_password_is_used(cluster: RedisCluster) -> None:
    """A cluster that asks for a login is one like any other, and without it one that is away."""
    with configured(cluster, {"requirepass": PASSWORD}):
        assert await works(ClusterAccess(nodes=cluster.nodes, password=PASSWORD))
        assert not await works(ClusterAccess(nodes=cluster.nodes, password="wrong"))
        assert not await works(ClusterAccess(nodes=cluster.nodes))


def test_a_password_is_not_shown(cluster: RedisCluster) -> None:
    """What holds a secret is printed sooner or later."""
    assert PASSWORD not in repr(ClusterAccess(nodes=cluster.nodes, password=PASSWORD))


async def test_a_cluster_that_speaks_tls_is_trusted_by_its_authority(tmp_path: Path) -> None:
    """A certificate that nobody vouches for is refused, as if nobody were there."""
    certificate, key = self_signed(tmp_path)
    with one_node_with_tls(tmp_path, certificate, key) as address:
        trusting = ClusterAccess(nodes=(address,), tls=True, ca_file=str(certificate))

        async def is_formed() -> bool:
            return set(verdicts(await probe(trusting)).values()) == {Verdict.OK}

        await until(is_formed)
        assert await works(trusting)
        assert not await works(ClusterAccess(nodes=(address,), tls=True))
        assert not await works(ClusterAccess(nodes=(address,)))


@contextmanager
def one_node_with_tls(directory: Path, certificate: Path, key: Path) -> Iterator[str]:
    """Run a cluster of one node, which names its TLS port to others; give its address."""
    plain, secure, bus = free_ports(3)
    options = {
        "bind": HOST, "port": plain, "tls-port": secure, "cluster-port": bus, "dir": directory,
        "tls-cert-file": certificate, "tls-key-file": key, "tls-ca-cert-file": certificate,
        "tls-auth-clients": "no", "tls-cluster": "yes", "cluster-enabled": "yes",
        "logfile": "log", "save": "",
    }  # fmt: skip
    told = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    with subprocess.Popen(["redis-server", *told]) as server:
        try:
            # Only now has it all slots: with no others to meet, it is a cluster by itself.
            with Redis(port=plain, retry=Retry(ConstantBackoff(0.05), 200)) as client:
                client.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16_383)
            yield f"{HOST}:{secure}"
        finally:
            server.kill()


def self_signed(directory: Path) -> tuple[Path, Path]:
    """Return a certificate for loopback, and its key."""
    certificate, key = directory / "node.pem", directory / "node.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=redis", "-addext", f"subjectAltName=IP:{HOST}",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


async def test_doctor_finds_a_well_cluster_well_and_leaves_nothing_behind(
    cluster: RedisCluster,
) -> None:
    """Five looks, none of which disturbs anybody."""
    checks = await probe(ClusterAccess(nodes=cluster.nodes))

    assert verdicts(checks) == dict.fromkeys(
        ("redis nodes", "redis version", "redis cluster", "redis slots", "redis use"), Verdict.OK
    )
    for index in range(3):
        with client_of(cluster, index) as client:
            assert client.keys(f"{DEFAULT_PREFIX}*") == []


async def test_doctor_says_which_node_is_away(cluster: RedisCluster) -> None:
    """A cluster that has lost a part of its slots is a problem, whoever still answers."""
    cluster.kill_node(1)

    async def is_noticed() -> bool:
        checks = await probe(ClusterAccess(nodes=cluster.nodes))
        return verdicts(checks).get("redis cluster") is Verdict.PROBLEM

    await until(is_noticed)
    checks = await probe(ClusterAccess(nodes=cluster.nodes))

    assert verdicts(checks) == {
        "redis nodes": Verdict.WARNING,
        "redis version": Verdict.OK,
        "redis cluster": Verdict.PROBLEM,
        "redis slots": Verdict.PROBLEM,
        "redis use": Verdict.PROBLEM,
    }
    assert cluster.nodes[1] in checks[0].finding
    assert all(check.remedy for check in checks if check.verdict is not Verdict.OK)


async def test_doctor_says_that_nobody_is_there(cluster: RedisCluster) -> None:
    """Where nothing answers there is one thing to say."""
    absent = f"{HOST}:{free_ports(1)[0]}"

    checks = await probe(ClusterAccess(nodes=(absent,)))

    assert verdicts(checks) == {"redis nodes": Verdict.PROBLEM}
    assert absent in checks[0].finding


async def test_doctor_says_that_the_login_is_refused(cluster: RedisCluster) -> None:
    """A wrong password is the most frequent reason, and has a remedy of its own."""
    with configured(cluster, {"requirepass": PASSWORD}):
        checks = await probe(ClusterAccess(nodes=cluster.nodes, password="wrong"))

    assert verdicts(checks) == {"redis nodes": Verdict.PROBLEM}
    assert "refuses the login" in checks[0].finding
    assert "REDIS_PASSWORD" in checks[0].remedy
    assert PASSWORD not in repr(checks)
