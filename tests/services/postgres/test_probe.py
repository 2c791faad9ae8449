"""What doctor finds out about the database that Temporal keeps its state in."""

from orchestrator_dynamic.adapters.postgres.probe import PostgresAddress, probe
from orchestrator_dynamic.ports.probing import Verdict
from tests.support.servers.postgres import Postgres
from tests.support.servers.temporal import TemporalServer


def at(server: Postgres, database: str, password: str | None = None) -> PostgresAddress:
    """Return the address of a database of `server`."""
    return PostgresAddress(
        host=server.host,
        port=server.port,
        database=database,
        user=server.user,
        password=server.password if password is None else password,
    )


async def test_temporals_schema_is_found(
    temporal_server: TemporalServer, postgres: Postgres
) -> None:
    """A database without it would let Temporal start and fail at its first workflow."""
    found = await probe(at(postgres, "temporal"))

    assert [one.verdict for one in found] == [Verdict.OK, Verdict.OK]


async def test_another_database_is_told_apart(postgres: Postgres) -> None:
    """The name is the setting that is wrong most easily."""
    found = await probe(at(postgres, "postgres"))

    assert [one.verdict for one in found] == [Verdict.OK, Verdict.PROBLEM]
    assert "POSTGRES_DATABASE" in found[1].remedy


async def test_a_wrong_password_is_told_without_it(postgres: Postgres) -> None:
    """What doctor prints ends up in tickets and chats."""
    found = await probe(at(postgres, "postgres", "hunter2"))

    assert [one.verdict for one in found] == [Verdict.PROBLEM]
    assert "hunter2" not in str(found)
