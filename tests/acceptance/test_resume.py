"""Stopped in the middle, the same command goes on, and nothing that was done is done again."""

import signal
from pathlib import Path

import pytest

from orchestrator_dynamic.simulation.bench_plans import Shape, decision, dependencies
from tests.acceptance.command import NIGHTLY, ROOT, orq, rows, running

TASKS = 300
RECORDER = ("--worker", "tests.acceptance.recording_worker:worker")


def executed(record: Path) -> list[str]:
    """Return the task of every execution so far, in their order."""
    return (
        [line.split(" ")[1] for line in record.read_text().splitlines()] if record.exists() else []
    )


def completed(data_dir: Path) -> set[str]:
    """Return the tasks that are on the record as done."""
    return {
        row[0] for row in rows(data_dir, "SELECT task_id FROM tickets WHERE stage = 'COMPLETED'")
    }


@pytest.mark.parametrize(("by", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_command_goes_on_where_it_was(
    tmp_path: Path, by: signal.Signals, exit_code: int
) -> None:
    """A machine is shut down, a person changes their mind: neither costs work that was done."""
    plan, record, data_dir = tmp_path / "plan.json", tmp_path / "record", tmp_path / "data"
    plan.write_bytes(decision("stopped", dependencies(Shape.LAYERED, TASKS)))
    command = ("run", plan, *RECORDER, "--json", "--data-dir", data_dir)
    env = {"RECORD": str(record)}

    with running(*command, cwd=ROOT, env=env) as process:
        process.until(lambda: len(executed(record)) >= TASKS // 3)
        stopped = process.stopped(by)
    done, before = completed(data_dir), len(executed(record))
    again = orq(*command, cwd=ROOT, env=env)

    assert (stopped.exit_code, stopped.out) == (exit_code, "")
    assert f"stopped by {by.name}" in stopped.err
    assert "the same command goes on" in stopped.err
    assert 0 < len(done) < TASKS
    assert again.outcomes == {"stopped": "SUCCESS"}
    assert completed(data_dir) == set(executed(record))
    assert not done & set(executed(record)[before:])


def test_plans_that_were_begun_are_ended_by_any_later_command(tmp_path: Path) -> None:
    """Nobody must remember which file it was; the journal does."""
    plan, record, data_dir = tmp_path / "plan.json", tmp_path / "record", tmp_path / "data"
    plan.write_bytes(decision("begun", dependencies(Shape.CHAIN, TASKS)))
    env = {"RECORD": str(record)}
    with running("run", plan, *RECORDER, "--data-dir", data_dir, cwd=ROOT, env=env) as process:
        process.until(lambda: len(executed(record)) >= TASKS // 10)
        process.process.kill()

    ended = orq("run", NIGHTLY, "--speed", "max", "--json", "--data-dir", data_dir)

    sources = {one["plan_id"]: one["source"] for one in ended.objects}
    assert ended.exit_code == 0
    assert ended.outcomes == {"begun": "SUCCESS", "nightly-report": "SUCCESS"}
    assert sources == {"begun": "journal", "nightly-report": str(NIGHTLY)}


def test_work_that_does_not_let_go_cannot_hold_up_a_stop(tmp_path: Path) -> None:
    """Handlers are anybody's code; a stop keeps its time all the same."""
    record = tmp_path / "record"
    worker = ("--worker", "tests.acceptance.recording_worker:stubborn")
    env = {"RECORD": str(record), "SHUTDOWN_TIMEOUT_S": "1"}

    with running("run", NIGHTLY, *worker, "--data-dir", tmp_path, cwd=ROOT, env=env) as process:
        process.until(lambda: len(executed(record)) > 0)
        stopped = process.stopped(signal.SIGTERM)

    assert stopped.exit_code == 143
    assert "ended at once" in stopped.err


def test_a_directory_that_is_in_use_is_refused_by_name(tmp_path: Path) -> None:
    """Two engines on one journal would each believe to be the only one."""
    record = tmp_path / "record"
    worker = ("--worker", "tests.acceptance.recording_worker:stubborn")
    with running(
        "run", NIGHTLY, *worker, "--data-dir", tmp_path, cwd=ROOT, env={"RECORD": str(record)}
    ) as process:
        process.until(lambda: len(executed(record)) > 0)

        second = orq("run", NIGHTLY, "--data-dir", tmp_path)

        assert (second.exit_code, second.out) == (2, "")
        assert f"is in use by process {process.process.pid}" in second.err
