"""Where that is which only replicas use. Apart, for its libraries take half a second to import."""

from orchestrator_dynamic.adapters.redis.access import ClusterAccess
from orchestrator_dynamic.adapters.temporal.connection import TemporalAddress
from orchestrator_dynamic.bootstrap.addresses import path_text
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.errors import Misconfigured


def redis_access(settings: Settings) -> ClusterAccess | None:
    """Return how the Redis cluster is reached; None where none is set."""
    redis = settings.redis
    if not redis.cluster_nodes:
        return None
    return ClusterAccess(
        nodes=tuple(redis.cluster_nodes),
        password=None if redis.password is None else redis.password.get_secret_value(),
        tls=redis.ssl_enabled,
        ca_file=path_text(redis.ssl_ca_location),
    )


def temporal_address(settings: Settings) -> TemporalAddress:
    """Return how the Temporal server is reached.

    Raises:
        Misconfigured: none is set.
    """
    temporal = settings.temporal
    if temporal.host is None:
        raise Misconfigured("there is no Temporal server; set TEMPORAL_HOST")
    return TemporalAddress(
        target=f"{temporal.host}:{temporal.port}",
        namespace=temporal.namespace,
        tls=temporal.tls_enabled,
    )
