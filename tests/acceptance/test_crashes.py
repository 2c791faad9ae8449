"""kill -9 at dozens of moments: nothing is lost, nothing that was recorded as done is repeated."""

import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator_dynamic.simulation.bench_plans import Shape, decision, dependencies
from tests.support.messages import RECORDED_PLANS

SEED = 7
ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60


@dataclass(frozen=True, slots=True)
class Killed:
    """What was on the record when a process had been killed."""

    completed: frozenset[str]
    executions: int


class CrashTest:
    """One plan, one data directory, one list of executions, many processes."""

    def __init__(self, directory: Path, plan: Path) -> None:
        self._data, self._record, self._plan = directory / "data", directory / "record", plan

    def executions(self) -> list[tuple[str, str]]:
        """Return every execution so far, as ticket id and task id."""
        if not self._record.exists():
            return []
        lines = self._record.read_text().splitlines()
        return [(line.split(" ")[0], line.split(" ")[1]) for line in lines]

    def stages(self) -> dict[str, str]:
        """Return the recorded stage of each task."""
        return dict(self._rows("SELECT task_id, stage FROM tickets"))

    def after_kill(self) -> Killed:
        """Return what is on the record now that the process is dead."""
        done = self._rows("SELECT ticket_id, stage FROM tickets WHERE stage = 'COMPLETED'")
        return Killed(frozenset(ticket_id for ticket_id, _ in done), len(self.executions()))

    def _rows(self, query: str) -> list[tuple[str, str]]:
        path = self._data / "orchestrator.sqlite3"
        if not path.exists():
            return []
        with closing(sqlite3.connect(path)) as connection:
            known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'tickets'")
            return connection.execute(query).fetchall() if known.fetchone() else []

    @contextmanager
    def process(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run the command; whatever happens, it does not outlive the context."""
        command = [sys.executable, "-m", "orchestrator_dynamic.cli", "run", str(self._plan)]
        options = ["--data-dir", str(self._data), "--json"]
        worker = ["--worker", "tests.acceptance.recording_worker:worker"]
        running = subprocess.Popen(
            [*command, *options, *worker],
            cwd=ROOT,
            env={**os.environ, "RECORD": str(self._record)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            yield running
        finally:
            running.kill()
            running.communicate()

    def kill_after(self, more: int) -> bool:
        """Kill a process after `more` further executions; False where it ended before."""
        enough = len(self.executions()) + more
        with self.process() as running:
            for _ in range(PATIENCE_S * 1_000):
                if len(self.executions()) >= enough:
                    running.kill()
                    return True
                try:
                    running.wait(timeout=0.001)
                except subprocess.TimeoutExpired:
                    continue
                return False
        raise AssertionError(f"fewer than {more} executions in {PATIENCE_S} s")

    def finish(self) -> tuple[int, str]:
        """Let the command come to its end, and return its exit code and what it complained of."""
        with self.process() as running:
            _, complaints = running.communicate(timeout=PATIENCE_S)
            return running.returncode, complaints.decode()


def generated(directory: Path) -> Path:
    """Return a plan of 300 tasks in layers."""
    path = directory / "plan.json"
    path.write_bytes(decision("crash", dependencies(Shape.LAYERED, 300)))
    return path


def real(directory: Path) -> Path:
    """Return the recorded run of a real workflow of 301 tasks."""
    path = RECORDED_PLANS / "seismology-chameleon-300p-001.json"
    if not path.exists():
        pytest.skip("the recorded plans are not beside this checkout")
    return path


@pytest.mark.parametrize(
    ("plan_in", "most"), [(generated, 12), (real, 30)], ids=["generated", "real"]
)
def test_dozens_of_kills_lose_nothing_and_repeat_nothing_done(
    tmp_path: Path, plan_in: Callable[[Path], Path], most: int
) -> None:
    """The promise that everything else rests on, seen on real processes and a real disk."""
    crash, chance = CrashTest(tmp_path, plan_in(tmp_path)), random.Random(SEED)
    kills: list[Killed] = []

    while len(kills) < most and crash.kill_after(chance.randrange(0, 12)):
        kills.append(crash.after_kill())
    exit_code, complaints = crash.finish()

    executions, stages = crash.executions(), crash.stages()
    assert (exit_code, complaints) == (0, "")
    assert set(stages.values()) == {"COMPLETED"}
    assert {task_id for _, task_id in executions} == set(stages)
    assert len({ticket_id for ticket_id, _ in executions}) == len(stages)
    for killed in kills:
        later = {ticket_id for ticket_id, _ in executions[killed.executions :]}
        assert not later & killed.completed
    assert len(kills) >= most * 2 // 3
