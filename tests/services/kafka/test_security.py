"""Logins and certificates: what gets in, and what is told of the rest."""

import dataclasses
from collections.abc import Callable

import pytest

from orchestrator_dynamic.adapters.kafka.connection import KafkaOptions
from orchestrator_dynamic.adapters.kafka.groups import group_members
from orchestrator_dynamic.adapters.kafka.message_sink import KafkaMessageSink
from orchestrator_dynamic.adapters.kafka.probe import probe
from orchestrator_dynamic.adapters.kafka.record_source import KafkaRecordSource
from orchestrator_dynamic.adapters.kafka.topics import TopicPlan
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.ports.message_sink import BrokerUnavailable
from orchestrator_dynamic.ports.outbox import Outgoing
from orchestrator_dynamic.ports.probing import Verdict
from tests.services.kafka.bench import Bench, drained
from tests.support.servers.kafka import Kafka
from tests.support.servers.ports import HOST, free_ports

pytestmark = pytest.mark.services


def secured(kafka: Kafka, mechanism: str = "PLAIN", **changes: str | None) -> KafkaOptions:
    """Return options for the SASL port, with the right login unless they are changed."""
    login = kafka.plain_login if mechanism == "PLAIN" else kafka.scram_login
    said: dict[str, str | None] = {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": mechanism,
        "sasl_username": login.username,
        "sasl_password": login.password,
        "ca_location": str(kafka.ca_file),
    }
    return KafkaOptions(
        bootstrap_servers=(kafka.sasl_bootstrap_servers,),
        **{**said, **changes},  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
async def test_a_login_over_tls_sends_and_reads(bench: Bench, mechanism: str) -> None:
    """The three mechanisms that the setting allows."""
    topic = await bench.topic()
    inside = Bench(bench.server, secured(bench.server, mechanism))

    await inside.send(topic, b"secret")
    async with inside.source(topic) as source:
        (record,) = await drained(source, 1)

    assert record.value == b"secret"


WRONG: dict[str, Callable[[Kafka], KafkaOptions]] = {
    "password": lambda kafka: secured(kafka, sasl_password="wrong"),
    "scram password": lambda kafka: secured(kafka, "SCRAM-SHA-512", sasl_password="wrong"),
    "authority": lambda kafka: secured(kafka, ca_location=None),
    "mechanism": lambda kafka: secured(kafka, "GSSAPI-NOT"),
    "protocol": lambda kafka: secured(kafka, security_protocol="TLS"),
    "no such file": lambda kafka: secured(kafka, ca_location="/no/such/file.pem"),
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_what_a_person_must_correct_is_told_from_an_outage(bench: Bench, wrong: str) -> None:
    """The library says "unable to bootstrap" for all of them, which one would wait out for ever."""
    topic = await bench.topic()
    options = WRONG[wrong](bench.server)

    async with (
        KafkaMessageSink(options) as sink,
        KafkaRecordSource(options, group="g", topics=[topic]) as source,
    ):
        with pytest.raises(Misconfigured):
            await sink.send([Outgoing(topic, None, b"a")])
        with pytest.raises(Misconfigured):
            await source.poll(0.1)
    with pytest.raises(Misconfigured):
        await group_members(options, "g")


@pytest.mark.parametrize("wrong", WRONG)
async def test_no_password_is_told(bench: Bench, wrong: str) -> None:
    """Errors end up in logs and in tickets."""
    options = WRONG[wrong](bench.server)
    password = options.sasl_password or "none"

    with pytest.raises(Misconfigured) as caught:
        await group_members(options, "g")

    assert password not in f"{caught.value} {caught.value.__cause__}"
    assert password not in repr(options)


async def test_a_broker_that_is_not_there_is_an_outage(bench: Bench) -> None:
    """It may come: we wait."""
    (port,) = free_ports(1)
    nobody = KafkaOptions(bootstrap_servers=(f"{HOST}:{port}",))

    async with (
        KafkaMessageSink(nobody) as sink,
        KafkaRecordSource(nobody, group="g", topics=["a"]) as source,
    ):
        with pytest.raises(BrokerUnavailable, match=str(port)):
            await sink.send([Outgoing("a", None, b"a")])
        with pytest.raises(BrokerUnavailable, match=str(port)):
            await source.poll(0.1)


@pytest.mark.parametrize("protocol", ["SSL", "SASL_SSL"])
async def test_a_port_without_tls_is_told_with_what_it_said(bench: Bench, protocol: str) -> None:
    """It hangs up like a broker that is ending, so that we wait; the words show the mistake."""
    plain = bench.server.bootstrap_servers
    options = secured(bench.server, security_protocol=protocol)
    mistaken = dataclasses.replace(options, bootstrap_servers=(plain,))

    with pytest.raises(BrokerUnavailable, match=r"(?i)ssl|tls|reset|closed|lost"):
        await group_members(mistaken, "g")


async def test_one_of_several_servers_is_enough(bench: Bench) -> None:
    """As long as one of them is up."""
    (port,) = free_ports(1)
    options = KafkaOptions(bootstrap_servers=(f"{HOST}:{port}", bench.server.bootstrap_servers))
    topic = await bench.topic()

    await Bench(bench.server, options).send(topic, b"a")

    assert await bench.values_on(topic, 1) == [b"a"]


@pytest.mark.parametrize("wrong", [*WRONG, "nobody there"])
async def test_the_doctor_says_what_is_wrong_instead_of_failing(bench: Bench, wrong: str) -> None:
    """It is run when things are wrong."""
    (port,) = free_ports(1)
    nobody = KafkaOptions(bootstrap_servers=(f"{HOST}:{port}",))
    options = WRONG[wrong](bench.server) if wrong in WRONG else nobody

    (check,) = await probe(options, [TopicPlan(name="a")], "g")

    assert check.verdict is Verdict.PROBLEM
    assert check.remedy
