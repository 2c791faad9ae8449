"""The servers that other tests stand on do what those tests take for granted."""

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.servers.kafka import Kafka
from tests.support.servers.mongo import Mongo
from tests.support.servers.notebooks import (
    KafkaNotebook,
    MongoNotebook,
    Notebook,
    PostgresNotebook,
    RedisNotebook,
    RegistryNotebook,
    SaslNotebook,
    TemporalNotebook,
)
from tests.support.servers.postgres import Postgres
from tests.support.servers.redis_cluster import RedisCluster
from tests.support.servers.registry import Registry
from tests.support.servers.server import Server, ServerFailed
from tests.support.servers.temporal import TemporalServer

ROOT = Path(__file__).parents[2]
SERVERS = ("kafka", "registry", "mongo", "postgres", "temporal_server", "redis_cluster")


@dataclass(frozen=True, slots=True)
class Subject:
    """A server, and the notes in it."""

    server: Server
    notebook: Notebook


@pytest.fixture(scope="module", params=SERVERS)
def subject(request: pytest.FixtureRequest) -> Subject:
    """Each of the servers in turn."""
    server = request.getfixturevalue(request.param)
    return Subject(server, _notebook(server))


def _notebook(server: Server) -> Notebook:
    match server:
        case Kafka():
            return KafkaNotebook(server)
        case Registry():
            return RegistryNotebook(server)
        case Mongo():
            return MongoNotebook(server)
        case Postgres():
            return PostgresNotebook(server)
        case TemporalServer():
            return TemporalNotebook(server)
        case RedisCluster():
            return RedisNotebook(server)
        case _:
            pytest.fail(f"nobody knows how to write into {server}")


def _state(pid: int) -> str:
    """Return the state of a process: R, S, T …; a zombie is as gone as one that is not there."""
    try:
        status = Path(f"/proc/{pid}/status").read_text("utf-8")
    except FileNotFoundError:
        return "gone"
    state = status.partition("State:\t")[2][:1]
    return "gone" if state in "ZX" else state


async def test_it_keeps_a_note(subject: Subject) -> None:
    """It answers a real client."""
    await subject.notebook.write("answers")

    assert await subject.notebook.read() == "answers"


async def test_what_it_acknowledged_survives_a_kill(subject: Subject) -> None:
    """Tests of crashes would blame us for what the server forgot."""
    await subject.notebook.write("acknowledged")
    pids = subject.server.pids()

    await asyncio.to_thread(subject.server.kill)
    left = [pid for pid in pids if _state(pid) != "gone"]
    await asyncio.to_thread(subject.server.start)

    assert pids
    assert left == []
    assert await subject.notebook.read() == "acknowledged"


async def test_a_restart_keeps_its_ports_and_data(subject: Subject) -> None:
    """Clients find it again where it was."""
    await subject.notebook.write("kept")

    await asyncio.to_thread(subject.server.restart)

    assert await subject.notebook.read() == "kept"


async def test_frozen_it_halts_and_thawed_it_goes_on(subject: Subject) -> None:
    """A server that hangs is another fault than one that is gone."""
    await subject.notebook.write("before the frost")

    subject.server.freeze()
    frozen = {_state(pid) for pid in subject.server.pids()}
    subject.server.thaw()

    assert frozen == {"T"}
    assert await subject.notebook.read() == "before the frost"


def test_a_stop_leaves_no_process_behind(subject: Subject) -> None:
    """A forgotten server takes memory and ports from everybody after it."""
    pids = subject.server.pids()

    subject.server.stop()
    left = [pid for pid in pids if _state(pid) != "gone"]
    listed = subject.server.pids()
    subject.server.start()

    assert pids
    assert left == []
    assert listed == ()


def test_starting_what_runs_changes_nothing(subject: Subject) -> None:
    """Whoever needs it may ask for it."""
    before = subject.server.pids()

    subject.server.start()

    assert before[0] == subject.server.pids()[0]


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
async def test_kafka_lets_in_who_can_log_in(kafka: Kafka, mechanism: str) -> None:
    """Our own SASL settings have something to be tested against."""
    login = kafka.plain_login if mechanism == "PLAIN" else kafka.scram_login
    notebook = SaslNotebook(kafka, mechanism, login)

    await notebook.write(mechanism)

    assert await notebook.read() == mechanism


def test_one_node_of_the_cluster_can_be_killed(redis_cluster: RedisCluster) -> None:
    """Losing one primary is the fault that a cache meets most."""
    before = set(redis_cluster.pids())

    redis_cluster.kill_node(1)
    left = before & set(redis_cluster.pids())
    redis_cluster.start()

    assert len(before) == 3
    assert len(left) == 2
    assert len(redis_cluster.pids()) == 3


def test_a_port_in_use_is_named(mongo: Mongo) -> None:
    """A start that cannot succeed says why, and leaves nothing behind."""
    rival = Mongo()
    rival.settings["MONGO_PORT"] = mongo.uri.rpartition(":")[2]

    with pytest.raises(ServerFailed, match="is in use by another program"):
        rival.start()

    assert rival.pids() == ()


def test_servers_do_not_outlive_killed_tests(redis_cluster: RedisCluster) -> None:
    """No `finally` runs in a process that is killed."""
    script = (
        "from tests.support.servers.redis_cluster import RedisCluster\n"
        "server = RedisCluster()\n"
        "server.start()\n"
        "print(*server.pids(), server.folder, flush=True)\n"
        "input()\n"
    )
    tests = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert tests.stdout is not None
    *pids, folder = tests.stdout.readline().split()
    alive = [_state(int(pid)) for pid in pids]

    os.kill(tests.pid, signal.SIGKILL)
    tests.communicate()  # Returns when the guardian, which has the same output, is gone too.

    assert len(pids) == 3
    assert "gone" not in alive
    assert {_state(int(pid)) for pid in pids} == {"gone"}
    assert not Path(folder).exists()
    assert redis_cluster.pids(), "somebody else's servers are left alone"


@pytest.mark.parametrize(("required", "verdict"), [("0", "1 skipped"), ("1", "1 error")])
def test_a_missing_server_is_named(tmp_path: Path, required: str, verdict: str) -> None:
    """Whoever has not installed it learns how; a build that should have it fails."""
    asked = "tests/services/test_servers.py::test_it_keeps_a_note[mongo]"
    environment = {"SERVICES_HOME": str(tmp_path), "SERVICES_REQUIRED": required}

    said = _pytest("-rs", asked, **environment)

    assert verdict in said
    assert "make services" in said


def test_nothing_here_is_collected_unasked() -> None:
    """The ordinary tests start no server and need none."""
    names = [path.name for path in (ROOT / "tests").iterdir() if path.name != "services"]
    others = [f"--ignore=tests/{name}" for name in names if (ROOT / "tests" / name).is_dir()]

    assert "test_servers.py" not in _pytest("--collect-only", *others, SERVICES_REQUIRED="0")


def _pytest(*arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout
