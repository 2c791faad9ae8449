"""A real registry: what is remembered, what is refused, and what an outage means."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest

from orchestrator_dynamic.adapters.schema_registry.probe import probe
from orchestrator_dynamic.adapters.schema_registry.registry import HttpSchemaRegistry
from orchestrator_dynamic.adapters.schema_registry.rest_client import RegistryOptions
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.ports.probing import Verdict
from orchestrator_dynamic.wire import avro_schemas
from orchestrator_dynamic.wire.message_codec import MessageCodec
from orchestrator_dynamic.wire.schema_registry import RegistryUnavailable, SchemaRefused
from orchestrator_dynamic.wire.ticket_reader import read_ticket
from tests.services.registry.proxy import Door, door_to
from tests.support.messages import a_ticket
from tests.support.servers.ports import HOST, free_ports
from tests.support.servers.registry import Registry

pytestmark = pytest.mark.services


@pytest.fixture
def subject() -> str:
    """A subject that nobody else uses."""
    return f"topic-{uuid.uuid4().hex[:8]}-value"


@pytest.fixture
async def door(registry: Registry) -> AsyncIterator[Door]:
    """A door to the registry, open."""
    registry.start()
    async with door_to(registry.url) as opened:
        yield opened


def opened(url: str, **changes: Any) -> HttpSchemaRegistry:
    """Return a registry that gives up soon."""
    return HttpSchemaRegistry(RegistryOptions(url=url, timeout_s=3.0), **changes)


def a_schema(*names: str, name: str = "Note") -> str:
    """Return a record whose fields are texts."""
    fields = [{"name": field, "type": "string"} for field in names]
    return json.dumps({"type": "record", "name": name, "namespace": "test", "fields": fields})


@asynccontextmanager
async def without_rules(url: str) -> AsyncIterator[None]:
    """Have the registry compare nothing by itself, as Apicurio does unless it is told to."""
    async with httpx.AsyncClient() as client:
        (await client.put(f"{url}/config", json={"compatibility": "NONE"})).raise_for_status()
        try:
            yield
        finally:
            told = await client.put(f"{url}/config", json={"compatibility": "BACKWARD"})
            told.raise_for_status()


async def test_a_schema_that_was_registered_is_found_by_its_number(
    door: Door, subject: str
) -> None:
    """Registered once, found once: the rest is memory."""
    async with opened(door.url) as registry:
        number = await registry.id_for(subject, a_schema("a"))
        again = await registry.id_for(subject, a_schema("a"))
        asked = len(door.requests)
        first = await registry.by_id(number)
        second = await registry.by_id(number)

    assert again == number
    assert first == json.loads(a_schema("a"))
    assert second is first
    assert len(door.requests) == asked + 1


async def test_another_process_gets_the_same_number(door: Door, subject: str) -> None:
    """Replicas register the same schema at every start, also at the same time."""
    async with opened(door.url) as one, opened(door.url) as two:
        numbers = await asyncio.gather(
            *(registry.id_for(subject, a_schema("a")) for registry in (one, two, one, two))
        )

    assert len(set(numbers)) == 1


async def test_replicas_that_come_at_once_get_one_number(registry: Registry) -> None:
    """Whoever starts together meets a new subject together, and none of them is refused."""
    async with AsyncExitStack() as stack:
        replicas = [await stack.enter_async_context(opened(registry.url)) for _ in range(6)]
        for subject in (f"topic-{uuid.uuid4().hex[:8]}-value" for _ in range(10)):
            asked = [one.id_for(subject, a_schema("text")) for one in replicas]
            assert len(set(await asyncio.gather(*asked))) == 1


async def test_many_who_ask_at_once_are_one_request(door: Door, subject: str) -> None:
    """A thousand messages after a start must not be a thousand questions."""
    async with opened(door.url) as registry, opened(door.url) as other:
        number = await registry.id_for(subject, a_schema("a"))
        asked = len(door.requests)
        found = await asyncio.gather(*(other.by_id(number) for _ in range(200)))

    assert len(door.requests) == asked + 1
    assert all(schema is found[0] for schema in found)


async def test_one_who_is_stopped_takes_nothing_from_the_others(door: Door, subject: str) -> None:
    """The others ask again; nobody hangs."""
    async with opened(door.url) as registry:
        number = await registry.id_for(subject, a_schema("a"))
        door.silent = True
        async with asyncio.TaskGroup() as tasks:
            first = tasks.create_task(registry.by_id(number))
            await asyncio.sleep(0)
            second = tasks.create_task(_told(registry, number))
            await asyncio.sleep(0)
            first.cancel()
        door.silent = False
        found = await registry.by_id(number)

    assert "stopped" in await second
    assert found is not None


async def _told(registry: HttpSchemaRegistry, number: int) -> str:
    with pytest.raises(RegistryUnavailable) as caught:
        await registry.by_id(number)
    return str(caught.value)


async def test_an_unknown_number_is_asked_for_again_only_after_a_while(door: Door) -> None:
    """Poison comes in floods; a schema that is registered late must still be found."""
    async with opened(door.url, unknown_s=60) as patient, opened(door.url, unknown_s=0) as eager:
        assert [await patient.by_id(2_000_000_000) for _ in range(5)] == [None] * 5
        once = len(door.requests)
        assert [await eager.by_id(2_000_000_000) for _ in range(5)] == [None] * 5

    assert once == 1
    assert len(door.requests) == once + 5


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**32 - 1])
async def test_a_number_that_no_registry_gives_is_unknown_without_asking(
    door: Door, number: int
) -> None:
    """Registries answer it with an error, which would look like a wrong address."""
    async with opened(door.url) as registry:
        assert await registry.by_id(number) is None

    assert door.requests == []


async def test_memory_has_a_bound(door: Door, subject: str) -> None:
    """What was not used for longest is asked for again."""
    async with opened(door.url, schemas_max=2) as registry:
        texts = [a_schema("a", name=f"Note{n}") for n in range(3)]
        numbers = [await registry.id_for(f"{subject}-{n}", text) for n, text in enumerate(texts)]
        for number in numbers:
            await registry.by_id(number)
        asked = len(door.requests)
        await registry.by_id(numbers[2])
        assert len(door.requests) == asked
        await registry.by_id(numbers[0])

    assert len(door.requests) == asked + 1


async def test_a_guid_is_unknown_where_registries_have_none(door: Door) -> None:
    """Not an outage, and no fault of the operator's."""
    async with opened(door.url) as registry:
        assert await registry.by_guid("89791762-2336-4186-9674-299b90a802e2") is None


async def test_an_incompatible_schema_is_refused(door: Door, subject: str) -> None:
    """Its readers could not read what they have."""
    async with opened(door.url) as registry:
        await registry.id_for(subject, a_schema("a"))
        with pytest.raises(SchemaRefused, match=subject):
            await registry.id_for(subject, a_schema("a", "b"))


async def test_a_registry_that_compares_nothing_is_told_to(door: Door, subject: str) -> None:
    """Apicurio's default would take anything, and break every consumer."""
    async with without_rules(door.url), opened(door.url) as registry:
        await registry.id_for(subject, a_schema("a"))
        with pytest.raises(SchemaRefused):
            await registry.id_for(subject, a_schema("a", "b"))


async def test_what_is_no_schema_is_refused(door: Door, subject: str) -> None:
    """By the registry's own words."""
    async with opened(door.url) as registry:
        with pytest.raises(SchemaRefused):
            await registry.id_for(subject, "no schema")


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_trouble_of_its_own_is_an_outage(door: Door, subject: str, status: int) -> None:
    """And over as soon as it is over."""
    async with opened(door.url) as registry:
        door.status = status
        with pytest.raises(RegistryUnavailable, match=str(status)):
            await registry.by_id(1)
        with pytest.raises(RegistryUnavailable, match=str(status)):
            await registry.id_for(subject, a_schema("a"))
        door.status = None
        assert await registry.id_for(subject, a_schema("a"))


@pytest.mark.parametrize("status", [401, 403])
async def test_a_closed_door_is_for_a_person(door: Door, status: int) -> None:
    """Waiting opens it for nobody; the password is not told."""
    url = door.url.replace("http://", "http://ana:top-secret%40@")
    door.status = status
    async with opened(url) as registry:
        with pytest.raises(Misconfigured, match=str(status)) as caught:
            await registry.by_id(1)

    assert "top-secret" not in str(caught.value)
    assert "top-secret" not in repr(RegistryOptions(url=url))
    (login,) = door.logins
    assert login.partition(": ")[2] == "Basic YW5hOnRvcC1zZWNyZXRA"


async def test_a_registry_that_hangs_is_given_up_in_time(door: Door) -> None:
    """By everybody who asked, together."""
    door.silent = True
    async with opened(door.url) as registry:
        begun = time.monotonic()
        told = await asyncio.gather(*(registry.by_id(1) for _ in range(20)), return_exceptions=True)
        waited = time.monotonic() - begun

    assert all(isinstance(one, RegistryUnavailable) for one in told)
    assert waited < 6


async def test_a_registry_that_is_not_there_is_an_outage() -> None:
    """It may come."""
    (port,) = free_ports(1)
    async with opened(f"http://{HOST}:{port}") as registry:
        with pytest.raises(RegistryUnavailable, match=str(port)):
            await registry.by_id(1)


async def test_a_wrong_address_is_told_from_an_unknown_number(door: Door, subject: str) -> None:
    """Else every message would be poison for want of a path in a setting."""
    wrong = door.url.replace("/apis/ccompat/v7", "/apis/nothing")
    async with opened(wrong) as registry:
        with pytest.raises(Misconfigured, match="registry"):
            await registry.by_id(1)
        with pytest.raises(Misconfigured, match="registry"):
            await registry.id_for(subject, a_schema("a"))


CONTRACTS = (
    avro_schemas.CONSOLIDATED_DECISION,
    avro_schemas.EXECUTION_TICKET,
    avro_schemas.EXECUTION_RESULT,
    avro_schemas.ORCHESTRATION_INCIDENT,
    avro_schemas.APPROVAL_RESPONSE,
)


@pytest.mark.parametrize("contract", CONTRACTS)
async def test_our_own_contracts_can_be_registered(door: Door, subject: str, contract: str) -> None:
    """And come back as what they were."""
    async with opened(door.url) as registry:
        number = await registry.id_for(subject, avro_schemas.text(contract))
        assert await registry.by_id(number) == json.loads(avro_schemas.text(contract))


async def test_a_killed_registry_is_waited_for_and_messages_are_read_after_it(
    registry: Registry, subject: str
) -> None:
    """The whole way: our ticket under the number that it gave."""
    registry.start()
    topic = subject.removesuffix("-value")
    async with opened(registry.url) as before:
        value = await MessageCodec(before).encode(a_ticket(), topic)
    async with opened(registry.url) as after:
        codec = MessageCodec(after)
        await asyncio.to_thread(registry.kill)
        with pytest.raises(RegistryUnavailable):
            await codec.writer_schema(value, {})
        await asyncio.to_thread(registry.start)
        schema = await codec.writer_schema(value, {})

    assert schema is not None
    assert read_ticket(value, writer_schema=schema) == a_ticket()


async def test_the_doctor_says_what_it_found(door: Door, subject: str) -> None:
    """Well, wrong and away: each with what to do."""
    async with opened(door.url) as registry:
        await registry.id_for(subject, a_schema("a"))
    options = RegistryOptions(url=door.url, timeout_s=3)
    well = await probe(options, [subject, f"{subject}-other"])
    door.status = 401
    (refused,) = await probe(options)
    (port,) = free_ports(1)
    (away,) = await probe(RegistryOptions(url=f"http://{HOST}:{port}"))

    assert [check.verdict for check in well] == [Verdict.OK] * 3
    assert "version 1, compatibility BACKWARD" in well[1].finding
    assert (refused.verdict, away.verdict) == (Verdict.PROBLEM, Verdict.PROBLEM)
    assert refused.remedy
    assert away.remedy
