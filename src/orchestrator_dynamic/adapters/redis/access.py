"""How a Redis Cluster is reached, and what redis-py raises where it is not."""

import asyncio
from dataclasses import dataclass, field

from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import OutOfMemoryError, RedisClusterException, RedisError, ResponseError

# Its own errors, of which those of a cluster are no `RedisError`, and the socket's. Besides, while
# nodes vanish, redis-py looks up slots and nodes that are gone (LookupError, AttributeError), reads
# what is no answer (TypeError, ValueError) and writes to a connection that another call has closed
# (RuntimeError, AttributeError).
FAILURES = (
    RedisError,
    RedisClusterException,
    OSError,
    LookupError,
    AttributeError,
    TypeError,
    ValueError,
    RuntimeError,
)

# A node that does not answer must not use up the time in which another would.
NODE_PATIENCE_S = 0.5
CLOSE_DEADLINE_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterAccess:
    """Where a cluster is and how it is spoken to.

    Attributes:
        nodes: `host:port` of some of its nodes, from which the others are learnt.
        password: None where it asks for none.
        tls: whether it speaks TLS; its certificates are always examined.
        ca_file: PEM file of the authority to trust; None for those of the system.
    """

    nodes: tuple[str, ...]
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    ca_file: str | None = None

    def hosts_and_ports(self) -> tuple[tuple[str, int], ...]:
        """Return the nodes, taken apart."""
        parts = (node.rpartition(":") for node in self.nodes)
        return tuple((host.strip("[]"), int(port)) for host, _, port in parts)


def cluster_client(access: ClusterAccess, connections_max: int) -> RedisCluster:
    """Return a client that has not connected yet; whoever has it closes it.

    It never repeats a call by itself: redis-py would sleep longer than a hint is worth. RESP 2 is
    all that is needed, and spares the notifications that come with RESP 3.
    """
    return RedisCluster(
        startup_nodes=[ClusterNode(host, port) for host, port in access.hosts_and_ports()],
        password=access.password,
        ssl=access.tls,
        ssl_ca_certs=access.ca_file,
        protocol=2,
        retry=Retry(NoBackoff(), 0),
        max_connections=connections_max,
        socket_timeout=NODE_PATIENCE_S,
        socket_connect_timeout=NODE_PATIENCE_S,
    )


async def close_client(client: RedisCluster) -> None:
    """Close every connection of `client`, within a time that is bounded; it raises nothing.

    After a failed call redis-py takes a client for one that has not connected, and its own
    `aclose` then leaves all connections open.
    """
    try:
        async with asyncio.timeout(CLOSE_DEADLINE_S):
            await client.aclose()
            await client.nodes_manager.aclose()
            await client.nodes_manager.aclose("startup_nodes")
    except FAILURES:
        # What cannot be closed was broken already; there is nothing else to let go of.
        return


def is_failure(result: object) -> bool:
    """Tell whether a result says that the cluster is not well, not only this one key.

    A value of another type is a plain `ResponseError`, and a full memory still answers readers.
    """
    if not isinstance(result, Exception):
        return False
    return type(result) is not ResponseError and not isinstance(result, OutOfMemoryError)
