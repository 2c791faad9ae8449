"""Who is a member of a consumer group."""

from collections.abc import Sequence
from typing import NamedTuple

from aiokafka.errors import NoError, for_code  # type: ignore[import-untyped]
from aiokafka.protocol.api import Request, RequestStruct, Response  # type: ignore[import-untyped]
from aiokafka.protocol.types import Array, Boolean, Bytes, Int16, Int32, Schema, String  # type: ignore[import-untyped]

from orchestrator_dynamic.adapters.kafka.administration import administrator
from orchestrator_dynamic.adapters.kafka.connection import KafkaOptions
from orchestrator_dynamic.adapters.kafka.failures import translated


class GroupMember(NamedTuple):
    """A member; `instance_id` is None where it is not a static one."""

    client_id: str
    host: str
    instance_id: str | None


async def group_members(options: KafkaOptions, group: str) -> Sequence[GroupMember]:
    """Return the members of `group` now, none where there is no such group.

    Raises:
        BrokerUnavailable: try again.
        Misconfigured: the brokers refuse us.
    """
    doing = f"looking at the group {group}"
    async with administrator(options, doing) as client:
        coordinator = await client.find_coordinator(group)
        answer = await client._send_request(_DescribeGroups(group), coordinator)
        members = list[GroupMember]()
        for code, _, _, _, _, found, _ in answer.groups:
            if for_code(code) is not NoError:
                raise translated(for_code(code)(group), doing)
            members += [
                GroupMember(client_id, host.removeprefix("/"), instance_id)
                for _, instance_id, client_id, host, _, _ in found
            ]
        return members


# The library speaks this up to version 3, which does not tell the instance ids (KIP-345).


class _DescribedGroups(Response):  # type: ignore[misc]
    API_KEY = 15
    API_VERSION = 4
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "groups",
            Array(
                ("error_code", Int16),
                ("group", String("utf-8")),
                ("state", String("utf-8")),
                ("protocol_type", String("utf-8")),
                ("protocol", String("utf-8")),
                (
                    "members",
                    Array(
                        ("member_id", String("utf-8")),
                        ("group_instance_id", String("utf-8")),
                        ("client_id", String("utf-8")),
                        ("client_host", String("utf-8")),
                        ("member_metadata", Bytes),
                        ("member_assignment", Bytes),
                    ),
                ),
                ("authorized_operations", Int32),
            ),
        ),
    )


class _DescribeGroupsV4(RequestStruct):  # type: ignore[misc]
    API_KEY = 15
    API_VERSION = 4
    RESPONSE_TYPE = _DescribedGroups
    SCHEMA = Schema(("groups", Array(String("utf-8"))), ("include_authorized_operations", Boolean))


class _DescribeGroups(Request[_DescribeGroupsV4]):  # type: ignore[misc]
    API_KEY = 15

    def __init__(self, group: str) -> None:
        self._group = group

    def build(self, request_struct_class: type[_DescribeGroupsV4]) -> _DescribeGroupsV4:
        return request_struct_class([self._group], False)
