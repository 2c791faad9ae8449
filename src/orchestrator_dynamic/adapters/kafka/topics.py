"""Topics as they are, and as we would make them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # type: ignore[import-untyped]
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType  # type: ignore[import-untyped]
from aiokafka.errors import (  # type: ignore[import-untyped]
    InvalidTopicError,
    NoError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    for_code,
)
from aiokafka.protocol.metadata import MetadataRequest  # type: ignore[import-untyped]

from orchestrator_dynamic.adapters.kafka.administration import administrator
from orchestrator_dynamic.adapters.kafka.connection import KafkaOptions
from orchestrator_dynamic.adapters.kafka.failures import translated
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.ports.message_sink import BrokerUnavailable

_BROKERS_CHOICE = -1
_LOOKING = "looking for topics"

# What has just been made is not known to every broker at once.
_ANEW_AFTER_S = (0.1, 0.3, 0.6)

_LOOKED_AT = ("retention.ms", "cleanup.policy", "min.insync.replicas", "max.message.bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicPlan:
    """A topic as it should be; None means that the broker's own default will do.

    Attributes:
        retention_ms: -1 keeps messages for ever.
        cleanup: `delete` or `compact`.
    """

    name: str
    partitions: int | None = None
    replication: int | None = None
    retention_ms: int | None = None
    cleanup: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicState:
    """A topic as it is.

    Attributes:
        replication: of the partition that has the fewest replicas.
        leaderless: partitions that nobody serves now.
        configuration: what of it was looked at and may be seen.
    """

    name: str
    partitions: int
    replication: int
    leaderless: int
    configuration: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TopicReport:
    """What became of the topics that were wanted."""

    created: tuple[str, ...]
    present: tuple[str, ...]


async def create_topics(options: KafkaOptions, wanted: Sequence[TopicPlan]) -> TopicReport:
    """Make those of the topics that do not exist; those that do stay as they are.

    Raises:
        BrokerUnavailable: try again.
        Misconfigured: the brokers will not make one of them; others may have been made.
    """
    doing = "creating topics"
    created, present = list[str](), list[str]()
    answer = await _created(options, [_new(plan) for plan in wanted], doing)
    for name, code, *words in answer.topic_errors:
        error = for_code(code)
        if error is NoError:
            created.append(name)
        elif error is TopicAlreadyExistsError:
            present.append(name)
        elif error.retriable:
            raise translated(error(), f"{doing}: {name}")
        else:
            said = words[0] if words and words[0] else error.__name__
            raise Misconfigured(f"{doing}: {name}: {said}")
    return TopicReport(tuple(created), tuple(present))


async def _created(options: KafkaOptions, topics: Sequence[NewTopic], doing: str) -> Any:
    """Return the controller's answer; brokers that have just started do not know it at once."""
    for wait_s in (*_ANEW_AFTER_S, 0.0):
        async with administrator(options, doing) as client:
            try:
                return await client.create_topics(topics)
            except AttributeError:
                # The library asks a controller that nobody has named for its id; a new client
                # asks the brokers anew.
                await asyncio.sleep(wait_s)
    raise BrokerUnavailable(f"{doing}: no broker knows the controller")


async def missing_topics(options: KafkaOptions, names: Sequence[str]) -> Sequence[str]:
    """Return those of the topics that do not exist, after more than one look.

    Raises:
        BrokerUnavailable: try again.
        Misconfigured: the brokers refuse us, or do not show us one of them.
    """
    async with administrator(options, _LOOKING) as client:
        missing = await _missing(client, names)
        for wait_s in _ANEW_AFTER_S:
            if missing:
                await asyncio.sleep(wait_s)
                missing = await _missing(client, missing)
        return missing


async def _missing(client: AIOKafkaAdminClient, names: Sequence[str]) -> Sequence[str]:
    missing = []
    for topic in await _looked_up(client, names):
        name, error = topic["topic"], for_code(topic["error_code"])
        if error is TopicAuthorizationFailedError:
            raise Misconfigured(f"{_LOOKING}: we may not see {name}; grant us DESCRIBE on it")
        if error in (UnknownTopicOrPartitionError, InvalidTopicError):
            missing.append(name)
    return missing


async def describe_topics(
    options: KafkaOptions, names: Sequence[str]
) -> Mapping[str, TopicState | None]:
    """Return each of the topics as it is, None where it does not exist or may not be seen.

    Raises:
        BrokerUnavailable: try again.
        Misconfigured: the brokers refuse us.
    """
    async with administrator(options, "looking at topics") as client:
        return await states_of(client, names)


async def states_of(
    client: AIOKafkaAdminClient, names: Sequence[str]
) -> Mapping[str, TopicState | None]:
    """Return each of the topics as it is, for whoever has a client already."""
    found = {topic["topic"]: topic for topic in await _looked_up(client, names)}
    present = [name for name in names if name in found and found[name]["error_code"] == 0]
    configured = await _configurations(client, present)
    states: dict[str, TopicState | None] = dict.fromkeys(names)
    for name in present:
        partitions = found[name]["partitions"]
        states[name] = TopicState(
            name=name,
            partitions=len(partitions),
            replication=min((len(part["replicas"]) for part in partitions), default=0),
            leaderless=sum(part["leader"] < 0 for part in partitions),
            configuration=configured.get(name, {}),
        )
    return states


async def _looked_up(client: AIOKafkaAdminClient, names: Sequence[str]) -> list[Any]:
    """Return what the brokers say about topics; the library's own question would make them."""
    request = MetadataRequest(list(names), allow_auto_topic_creation=False)
    answer = await client._send_request(request)
    topics: list[Any] = answer.to_object()["topics"]
    return topics


async def _configurations(
    client: AIOKafkaAdminClient, names: Sequence[str]
) -> Mapping[str, Mapping[str, str]]:
    if not names:
        return {}
    wanted = dict.fromkeys(_LOOKED_AT, "")
    resources = [ConfigResource(ConfigResourceType.TOPIC, name, dict(wanted)) for name in names]
    configurations = {}
    for answer in await client.describe_configs(resources):
        for code, _, _, name, entries in answer.resources:
            if code == 0:
                configurations[name] = {entry[0]: entry[1] for entry in entries}
    return configurations


def _new(plan: TopicPlan) -> NewTopic:
    settings: dict[str, str] = {}
    if plan.retention_ms is not None:
        settings["retention.ms"] = str(plan.retention_ms)
    if plan.cleanup is not None:
        settings["cleanup.policy"] = plan.cleanup
    partitions = _BROKERS_CHOICE if plan.partitions is None else plan.partitions
    replication = _BROKERS_CHOICE if plan.replication is None else plan.replication
    # The library takes the broker's choice only beside an assignment, which may be empty.
    assignment: dict[int, list[int]] | None = (
        {} if _BROKERS_CHOICE in (partitions, replication) else None
    )
    return NewTopic(
        plan.name, partitions, replication, replica_assignments=assignment, topic_configs=settings
    )
