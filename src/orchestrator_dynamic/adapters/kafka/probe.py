"""Whether a cluster is fit for use, for `doctor`."""

from collections.abc import Sequence
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped]
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]

from orchestrator_dynamic.adapters.kafka.administration import administrator
from orchestrator_dynamic.adapters.kafka.connection import KafkaOptions
from orchestrator_dynamic.adapters.kafka.topics import TopicPlan, TopicState, states_of
from orchestrator_dynamic.errors import Misconfigured, Unavailable
from orchestrator_dynamic.ports.probing import Check, ok, problem, warning

_REACH = "kafka"


async def probe(
    options: KafkaOptions, wanted: Sequence[TopicPlan], group: str | None = None
) -> list[Check]:
    """Return what there is to say about the cluster, our topics and our group.

    Nothing is changed. Whether we may write to a topic shows only when we do; whether we may see
    it shows here.
    """
    try:
        async with administrator(options, "looking at the cluster") as client:
            cluster = await client.describe_cluster()
            brokers = len(cluster["brokers"])
            checks = [ok(_REACH, _identity(cluster, options))]
            states = await states_of(client, [plan.name for plan in wanted])
            checks += [_about_topic(plan, states[plan.name], brokers) for plan in wanted]
            if group is not None:
                checks.append(await _about_group(client, group))
            return checks
    except Unavailable as error:
        return [problem(_REACH, str(error), "start it, or correct KAFKA_BOOTSTRAP_SERVERS")]
    except Misconfigured as error:
        remedy = "correct the KAFKA_SASL_ and KAFKA_SSL_ settings, or grant the permission"
        return [problem(_REACH, str(error), remedy)]


def _identity(cluster: dict[str, Any], options: KafkaOptions) -> str:
    number = len(cluster["brokers"])
    plural = "broker" if number == 1 else "brokers"
    return f"{options.address}: cluster {cluster['cluster_id']}, {number} {plural}"


def _about_topic(plan: TopicPlan, state: TopicState | None, brokers: int) -> Check:
    name = f"topic {plan.name}"
    if state is None:
        remedy = "create it, or grant us DESCRIBE on it"
        return problem(name, "it does not exist, or we may not see it", remedy)
    finding = _described(state)
    if state.leaderless:
        remedy = "start the brokers that hold them"
        return problem(name, f"{finding}; {state.leaderless} partitions have no leader", remedy)
    if plan.partitions is not None and state.partitions < plan.partitions:
        remedy = f"raise it to {plan.partitions}, for no more replicas than that share the work"
        return warning(name, f"{finding}; {plan.partitions} partitions are wanted", remedy)
    if state.replication == 1 and brokers > 1:
        remedy = "raise its replication to 3, for one lost disk loses messages"
        return warning(name, finding, remedy)
    insync = state.configuration.get("min.insync.replicas", "1")
    if state.replication > 2 and insync == "1":
        remedy = "set min.insync.replicas to 2, for an acknowledgement may come from one disk"
        return warning(name, finding, remedy)
    return ok(name, finding)


def _described(state: TopicState) -> str:
    partitions = "1 partition" if state.partitions == 1 else f"{state.partitions} partitions"
    kept = state.configuration.get("retention.ms")
    retention = "unknown" if kept is None else _span(int(kept))
    insync = state.configuration.get("min.insync.replicas", "unknown")
    parts = (
        partitions,
        f"replication {state.replication}",
        f"min.insync.replicas {insync}",
        f"retention {retention}",
    )
    return ", ".join(parts)


def _span(milliseconds: int) -> str:
    if milliseconds < 0:
        return "for ever"
    hours = milliseconds / 3_600_000
    return f"{hours / 24:g} days" if hours >= 48 else f"{hours:g} hours"


async def _about_group(client: AIOKafkaAdminClient, group: str) -> Check:
    name = f"consumer group {group}"
    try:
        coordinator = await client.find_coordinator(group)
        answers = await client.describe_consumer_groups([group], coordinator)
    except KafkaError as error:
        finding = f"it cannot be looked at: {type(error).__name__}"
        return problem(name, finding, "grant us READ and DESCRIBE on it")
    members = sum(len(described[5]) for answer in answers for described in answer.groups)
    return ok(name, f"{members} {'member' if members == 1 else 'members'} now")
