"""An embedded engine must be alone in its consumer group.

Its plans are in its data directory, so that an answer which another engine takes off the topic is
lost to it. Replicas that share partitions need plans that all of them can reach: Temporal.
"""

import asyncio

from orchestrator_dynamic.adapters.kafka.connection import KafkaOptions
from orchestrator_dynamic.adapters.kafka.groups import group_members
from orchestrator_dynamic.errors import Misconfigured, Unavailable
from orchestrator_dynamic.observability.logging import get_logger

log = get_logger(__name__)

_LOOK_S = 5.0


class GroupShared(Misconfigured):
    """Somebody else consumes in the group of this embedded engine."""


async def refuse_company(options: KafkaOptions, group: str) -> None:
    """Make sure that nobody but this engine is a member of `group`.

    Raises:
        GroupShared: somebody is; the message names them.
        BrokerUnavailable: the brokers cannot be reached now.
    """
    members = await group_members(options, group)
    others = sorted(
        {f"{m.client_id} on {m.host}" for m in members if _foreign(m.client_id, options)}
    )
    if others:
        raise GroupShared(
            f"the consumer group {group} is in use by {', '.join(others)}, and an embedded engine "
            "must be alone in its group: stop the other, set another KAFKA_CONSUMER_GROUP_ID, or "
            "set TEMPORAL_HOST to run several replicas"
        )


async def watch_company(options: KafkaOptions, group: str) -> None:
    """Look again and again, until cancelled; two that started at the same moment both end.

    Raises:
        GroupShared: somebody else has joined.
    """
    while True:
        await asyncio.sleep(_LOOK_S)
        try:
            await refuse_company(options, group)
        except Unavailable as error:
            log.debug("group_not_seen", group=group, why=str(error))


def _foreign(client_id: str, options: KafkaOptions) -> bool:
    return client_id != options.client_id
