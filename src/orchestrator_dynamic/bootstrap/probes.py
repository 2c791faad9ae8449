"""Trying out every backing service that is set, and who is let in, for `doctor`."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from orchestrator_dynamic.adapters.memory.system_clock import SystemClock
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.ports.probing import Check, Verdict, warning


async def probes(settings: Settings) -> AsyncIterator[Sequence[Check]]:
    """Yield what was found about each service that `settings` name, one after the other.

    Nothing is changed, but for a document and a key that are written, read back and deleted.
    """
    if settings.kafka.bootstrap_servers:
        yield await _kafka(settings)
    if settings.schema_registry.url:
        yield await _registry(settings)
    if settings.temporal.host:
        yield await _temporal(settings)
    if settings.postgres.host:
        yield await _postgres(settings)
    if settings.mongodb.uri:
        yield await _mongodb(settings)
    if settings.redis.cluster_nodes:
        yield await _redis(settings)


async def identity_checks(settings: Settings) -> Sequence[Check]:
    """Return what was found about those who say who asks, where `settings` name any."""
    from orchestrator_dynamic.bootstrap.identity import issuer_options

    identity, found = settings.identity, list[Check]()
    if identity.tokens_file is not None:
        from orchestrator_dynamic.adapters.static_tokens.probe import probe as probe_tokens

        found += await asyncio.to_thread(probe_tokens, identity.tokens_file, SystemClock().now_ms())
    options = issuer_options(identity)
    if options is not None:
        from orchestrator_dynamic.adapters.oidc.probe import probe as probe_issuer

        found += await probe_issuer(options)
    return found


async def _kafka(settings: Settings) -> Sequence[Check]:
    from orchestrator_dynamic.adapters.kafka.probe import probe
    from orchestrator_dynamic.bootstrap.addresses import kafka_options, topic_plans

    kafka = settings.kafka
    return await probe(kafka_options(settings), topic_plans(settings), kafka.consumer_group_id)


async def _registry(settings: Settings) -> Sequence[Check]:
    from orchestrator_dynamic.adapters.schema_registry.probe import probe
    from orchestrator_dynamic.bootstrap.addresses import registry_options

    options, kafka = registry_options(settings), settings.kafka
    if options is None:
        return ()
    subjects = [f"{topic}-value" for topic in (kafka.tickets_topic, kafka.incidents_topic)]
    unused = [] if kafka.bootstrap_servers else [_unused_registry()]
    return [*await probe(options, subjects), *unused]


def _unused_registry() -> Check:
    finding = "a registry is set, but no brokers for its messages"
    return warning("schema registry", finding, "set KAFKA_BOOTSTRAP_SERVERS, or unset the registry")


async def _temporal(settings: Settings) -> Sequence[Check]:
    from orchestrator_dynamic.adapters.temporal.probe import probe
    from orchestrator_dynamic.bootstrap.shared_addresses import temporal_address

    return await probe(temporal_address(settings), settings.temporal.task_queue)


async def _postgres(settings: Settings) -> Sequence[Check]:
    from orchestrator_dynamic.adapters.postgres.probe import PostgresAddress, probe

    postgres = settings.postgres
    password = postgres.password
    address = PostgresAddress(
        host=postgres.host or "",
        port=postgres.port,
        database=postgres.database,
        user=postgres.user,
        password=None if password is None else password.get_secret_value(),
    )
    return await probe(address)


async def _mongodb(settings: Settings) -> Sequence[Check]:
    from orchestrator_dynamic.adapters.mongodb.probe import probe

    mongodb = settings.mongodb
    return await probe(mongodb.uri.get_secret_value() if mongodb.uri else "", mongodb.database)


async def _redis(settings: Settings) -> Sequence[Check]:
    from orchestrator_dynamic.adapters.redis.probe import probe
    from orchestrator_dynamic.bootstrap.shared_addresses import redis_access

    access = redis_access(settings)
    if access is None:
        return ()
    # A cache that is away costs speed and nothing else.
    return [
        replace(check, verdict=Verdict.WARNING) if check.verdict is Verdict.PROBLEM else check
        for check in await probe(access)
    ]
