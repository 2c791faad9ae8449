"""How connections are made, and which refusals are for good."""

import pytest
from aiokafka import errors as kafka  # type: ignore[import-untyped]

from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.sdk.kafka_connection import KafkaConnection, refuse_for_good
from orchestrator_dynamic.sdk.kafka_diagnosis import refuse_at_the_door
from tests.support.servers.ports import HOST, free_ports


def test_a_plain_connection_needs_nothing_but_addresses() -> None:
    """The library refuses options that do not belong together."""
    options = KafkaConnection(bootstrap_servers="a:1,b:2").client_options()

    assert options == {"bootstrap_servers": ["a:1", "b:2"], "security_protocol": "PLAINTEXT"}


def test_a_login_is_passed_on_and_never_shown() -> None:
    """Representations end up in logs."""
    connection = KafkaConnection(
        bootstrap_servers="a:1",
        security_protocol="SASL_SSL",
        sasl_mechanism="SCRAM-SHA-256",
        sasl_username="user",
        sasl_password="secret",
    )

    options = connection.client_options()

    assert options["sasl_mechanism"] == "SCRAM-SHA-256"
    assert options["sasl_plain_password"] == "secret"
    assert options["ssl_context"].check_hostname
    assert "secret" not in f"{connection} {connection!r}"


def test_a_certificate_that_is_not_there_is_named() -> None:
    """The message is all that an operator has."""
    connection = KafkaConnection(
        bootstrap_servers="a:1", security_protocol="SSL", ssl_ca_file="/nowhere/ca.pem"
    )

    with pytest.raises(Misconfigured, match=r"/nowhere/ca\.pem"):
        connection.client_options()


@pytest.mark.parametrize("servers", ["", "a", "a:1,", "a:1,b:x"])
def test_an_address_that_is_none_is_named(servers: str) -> None:
    """The library would end with a number that it cannot read, or try another port."""
    with pytest.raises(Misconfigured, match="is no address of a broker; write host:port"):
        KafkaConnection(bootstrap_servers=servers).client_options()


def test_what_passes_by_itself_is_no_refusal() -> None:
    """An outage must not end a worker."""
    for error in (kafka.KafkaConnectionError("gone"), kafka.NotLeaderForPartitionError()):
        refuse_for_good(error, "sending")


def test_a_refusal_is_found_inside_what_wraps_it() -> None:
    """The library's tasks wrap what broke them."""
    try:
        try:
            raise kafka.GroupAuthorizationFailedError("g-1")
        except kafka.KafkaError as inner:
            raise kafka.KafkaError("unexpected error during coordination") from inner
    except kafka.KafkaError as error:
        with pytest.raises(Misconfigured, match="joining g-1: GroupAuthorizationFailedError"):
            refuse_for_good(error, "joining g-1")


async def test_brokers_that_are_away_are_no_refusal() -> None:
    """Whoever knocks at a door behind which nobody is has learnt nothing."""
    (port,) = free_ports(1)
    nobody = KafkaConnection(bootstrap_servers=f"{HOST}:{port}")

    await refuse_at_the_door(nobody, kafka.KafkaConnectionError("gone"), "sending")
