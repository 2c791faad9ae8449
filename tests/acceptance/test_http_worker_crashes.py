"""kill -9 of the service, and of workers over HTTP: nothing is lost, nothing is done twice."""

import random
import re
import signal
import socket
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from orchestrator_dynamic.bootstrap.embedded import application
from orchestrator_dynamic.cli.event_loop import run_in_loop
from orchestrator_dynamic.config.loading import load_settings
from orchestrator_dynamic.simulation.bench_plans import Shape, decision, dependencies
from tests.acceptance.command import DEADLINE_S, Running, running

SEED = 11
KILLS = 5
TASKS = 300
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
RECORDER = "tests.acceptance.recording_worker:worker"
STUBBORN = "tests.acceptance.recording_worker:stubborn"


class Place:
    """A data directory with a plan, a port, and the list of executions."""

    def __init__(self, directory: Path, tasks: int) -> None:
        self.data, self.record = directory / "data", directory / "record"
        self.port = free_port()
        run_in_loop(self._prepare(tasks))

    async def _prepare(self, tasks: int) -> None:
        settings = load_settings({"DATA_DIR": str(self.data)}, None)
        message = decision("lent", dependencies(Shape.LAYERED, tasks))
        async with application(settings, workers=None, command="a test") as app:
            await app.engine.submit(message, source="test")

    @contextmanager
    def service(self) -> Iterator[Running]:
        """Run `orq serve`, from the moment at which it takes requests."""
        grace = {"HTTP_LEASE_GRACE_S": "5"}
        options = ("--port", str(self.port), "--data-dir", str(self.data))
        with running("serve", *options, env=grace) as serving:
            assert serving.process.stderr is not None
            assert ADDRESS.search(serving.process.stderr.readline().decode()), serving.ended()
            yield serving

    @contextmanager
    def worker(self, reference: str = RECORDER) -> Iterator[Running]:
        """Run a worker against the service."""
        url = f"http://127.0.0.1:{self.port}"
        env = {"RECORD": str(self.record)}
        with running("worker", reference, "--url", url, "--lease", "5", env=env) as working:
            yield working

    def executions(self) -> list[str]:
        """Return the ticket of every execution so far."""
        if not self.record.exists():
            return []
        return [line.split(" ")[0] for line in self.record.read_text().splitlines()]

    def await_executions(self, serving: Running, more: int) -> None:
        """Return after so many further executions."""
        enough = len(self.executions()) + more
        serving.until(lambda: len(self.executions()) >= enough)

    def outcome(self) -> str | None:
        """Return how the plan ended; None while it has not."""
        with closing(sqlite3.connect(self.data / "orchestrator.sqlite3")) as connection:
            [(outcome,)] = connection.execute("SELECT outcome FROM workflows").fetchall()
            return None if outcome is None else str(outcome)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what is on the record."""
        with closing(sqlite3.connect(self.data / "orchestrator.sqlite3")) as connection:
            return connection.execute(query).fetchall()


def free_port() -> int:
    """Return a port that nobody listens on, for services that come back under one address."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_kills_of_the_service_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    """Workers live on and go on; what they have done is heard when the service is back."""
    place, chance = Place(tmp_path, TASKS), random.Random(SEED)

    with place.worker():
        for _ in range(KILLS):
            with place.service() as serving:
                place.await_executions(serving, chance.randrange(5, 40))
                serving.process.send_signal(signal.SIGKILL)
                serving.process.wait(DEADLINE_S)
        with place.service() as serving:
            serving.until(lambda: place.outcome() is not None)

    times = Counter(place.executions())
    assert place.outcome() == "SUCCESS"
    assert len(times) == TASKS
    assert set(times.values()) == {1}


def test_a_killed_worker_is_found_and_its_tickets_go_to_others(tmp_path: Path) -> None:
    """The next attempt is another's; what was done already is not done again."""
    place = Place(tmp_path, 20)

    with place.service() as serving:
        with place.worker(STUBBORN) as dying:
            serving.until(lambda: bool(place.executions()))
            dying.process.send_signal(signal.SIGKILL)
            dying.process.wait(DEADLINE_S)
        [held] = place.executions()  # One lane, and nothing is known yet of how quick it is.
        with place.worker():
            serving.until(lambda: place.outcome() is not None)

    attempts = dict(place.rows("SELECT ticket_id, attempt FROM tickets"))
    assert place.outcome() == "SUCCESS"
    assert attempts[held] == 2
    assert Counter(place.executions()) == Counter({**dict.fromkeys(attempts, 1), held: 2})
    told = place.rows("SELECT error FROM results WHERE status = 'FAILED'")
    assert told == [("the lease of worker stubborn ran out without a sign of life",)]


def test_a_frozen_worker_wakes_up_and_changes_nothing(tmp_path: Path) -> None:
    """Its leases ran out; what it still says is about attempts that are over."""
    place = Place(tmp_path, TASKS)

    with place.service() as serving, place.worker() as frozen:
        place.await_executions(serving, 30)
        frozen.process.send_signal(signal.SIGSTOP)
        with place.worker():
            serving.until(lambda: place.outcome() is not None)
        before = place.executions()
        completed = place.rows("SELECT count(*) FROM results WHERE fate = 'accepted'")
        frozen.process.send_signal(signal.SIGCONT)
        stopped = frozen.stopped(signal.SIGTERM)

    again = place.executions()[len(before) :]
    assert (place.outcome(), stopped.exit_code) == ("SUCCESS", 0)
    assert set(Counter(before).values()) <= {1, 2}
    assert again == []
    assert completed == place.rows("SELECT count(*) FROM results WHERE fate = 'accepted'")
