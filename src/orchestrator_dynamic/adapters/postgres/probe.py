"""Trying out the PostgreSQL that Temporal keeps its state in; nothing is changed."""

import asyncio
from dataclasses import dataclass, field

import asyncpg  # type: ignore[import-untyped]

from orchestrator_dynamic.ports.probing import Check, ok, problem, warning

_NAME = "postgres"
_DEADLINE_S = 5.0

# What our deployments run, and the oldest that Temporal's own schema is made for.
_VERSION_MIN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresAddress:
    """Where the database is, and who we are there."""

    host: str
    port: int
    database: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


async def probe(address: PostgresAddress) -> list[Check]:
    """Return what was found: reach, version, and whether Temporal's schema is there."""
    place = f"{address.host}:{address.port}/{address.database}"
    try:
        async with asyncio.timeout(_DEADLINE_S):
            connection = await asyncpg.connect(
                host=address.host,
                port=address.port,
                database=address.database,
                user=address.user,
                password=address.password,
            )
            try:
                return await _looked_at(connection, place)
            finally:
                await connection.close(timeout=_DEADLINE_S)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        remedy = "see that it runs, and that POSTGRES_HOST, _PORT, _DATABASE, _USER and _PASSWORD"
        told = str(error) or type(error).__name__
        return [problem(_NAME, f"{place}: {told}", f"{remedy} are right")]


async def _looked_at(connection: asyncpg.Connection, place: str) -> list[Check]:
    version = await connection.fetchval("SHOW server_version")
    told = f"{place} runs {version}"
    if connection.get_server_version().major < _VERSION_MIN:
        checks = [problem(_NAME, told, f"use PostgreSQL {_VERSION_MIN} or newer")]
    else:
        checks = [ok(_NAME, told)]
    name = f"{_NAME} schema"
    try:
        schema = await connection.fetchval("SELECT curr_version FROM schema_version LIMIT 1")
    except asyncpg.UndefinedTableError:
        finding = "Temporal's tables are not there"
        remedy = "set up its schema with temporal-sql-tool, or correct POSTGRES_DATABASE"
        return [*checks, problem(name, finding, remedy)]
    except asyncpg.InsufficientPrivilegeError as error:
        remedy = "look as the user that Temporal uses, if this is to be known"
        return [*checks, warning(name, str(error), remedy)]
    return [*checks, ok(name, f"Temporal's schema has version {schema}")]
