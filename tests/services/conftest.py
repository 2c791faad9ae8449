"""Real servers, each started when the first test asks for it, and what happens where there is none.

These tests take minutes. They are collected only when SERVICES_REQUIRED=1 is set, as by `make
test-services`, or when the command line names this folder or something in it. A server that is not
installed skips its tests; with SERVICES_REQUIRED=1 it fails them.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.servers.jaeger import Jaeger
from tests.support.servers.kafka import Kafka
from tests.support.servers.mongo import Mongo
from tests.support.servers.postgres import Postgres
from tests.support.servers.redis_cluster import RedisCluster
from tests.support.servers.registry import Registry
from tests.support.servers.server import Server
from tests.support.servers.temporal import TemporalServer

HERE = Path(__file__).parent
REQUIRED = os.environ.get("SERVICES_REQUIRED") == "1"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave this folder alone unless somebody has asked for it."""
    named = (config.invocation_params.dir / arg.split("::")[0] for arg in config.args)
    if REQUIRED or any(path.resolve().is_relative_to(HERE) for path in named):
        return None  # Others may have an opinion.
    return collection_path.is_relative_to(HERE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is in this folder, so that `-m 'not services'` leaves it out."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.services)


def require(server: type[Server]) -> None:
    """Go on only where `server` is installed."""
    if missing := server.missing():
        reason = f"not installed: {', '.join(missing)}; `make services` installs and starts it"
        if REQUIRED:
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


@pytest.fixture(scope="session")
def kafka() -> Iterator[Kafka]:
    """A broker without topics."""
    require(Kafka)
    with Kafka() as server:
        yield server


@pytest.fixture(scope="session")
def registry() -> Iterator[Registry]:
    """A schema registry without schemas."""
    require(Registry)
    with Registry() as server:
        yield server


@pytest.fixture(scope="session")
def mongo() -> Iterator[Mongo]:
    """A server of MongoDB's protocol without databases."""
    require(Mongo)
    with Mongo() as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server for Temporal."""
    require(Postgres)
    with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def temporal_server(postgres: Postgres) -> Iterator[TemporalServer]:
    """A Temporal server with our namespace, and without workflows."""
    require(TemporalServer)
    with TemporalServer(postgres) as server:
        yield server


@pytest.fixture(scope="session")
def redis_cluster() -> Iterator[RedisCluster]:
    """An empty Redis Cluster."""
    require(RedisCluster)
    with RedisCluster() as server:
        yield server


@pytest.fixture(scope="session")
def jaeger() -> Iterator[Jaeger]:
    """A receiver of traces that has none."""
    require(Jaeger)
    with Jaeger() as server:
        yield server
