"""Every process of ours by way of TLS and a login."""

import pytest

from tests.support.flow_plans import made
from tests.support.flow_world import Servers, a_world

pytestmark = pytest.mark.services


async def test_plans_run_over_tls_with_a_login(servers: Servers) -> None:
    """The settings that a production cluster needs, for consumers, turns and workers alike."""
    kafka = servers.kafka
    secured = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka.sasl_bootstrap_servers,
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
        "KAFKA_SASL_USERNAME": kafka.scram_login.username,
        "KAFKA_SASL_PASSWORD": kafka.scram_login.password,
        "KAFKA_SSL_CA_LOCATION": str(kafka.ca_file),
    }
    async with a_world(servers, **secured) as world:
        await world.staff()
        await world.send(made(world.tag, number) for number in range(5))

        await world.ended()
        await world.until_no_lag()

        world.tell("all ended")
        await world.check()
        for process in world.processes.all:
            assert kafka.scram_login.password not in process.said()


async def test_a_wrong_password_ends_every_process_with_a_clear_word(embedded: Servers) -> None:
    """A person must correct it: waiting would look like an outage for ever."""
    kafka = embedded.kafka
    wrong = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka.sasl_bootstrap_servers,
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
        "KAFKA_SASL_USERNAME": kafka.scram_login.username,
        "KAFKA_SASL_PASSWORD": "not-the-password",
        "KAFKA_SSL_CA_LOCATION": str(kafka.ca_file),
    }
    async with a_world(embedded, **wrong) as world:
        consume = await world.processes.start("consume", "consume")
        worker = await world.processes.start("worker", "worker", "examples.workers.builder:worker")

        codes = [await consume.ended(), await worker.ended()]

        world.tell(f"{consume.said()[-300:]}{worker.said()[-300:]}")
        assert codes == [2, 2]
        assert "uthenticat" in consume.said()
        assert "uthenticat" in worker.said()
        assert "not-the-password" not in consume.said() + worker.said()
