"""`orq run` with either engine; the other commands find what it left."""

import json
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest

from tests.acceptance.command import NIGHTLY, Ended, orq, rows, running
from tests.support.engines import a_chain, a_message
from tests.support.messages import a_task
from tests.support.servers.ports import HOST
from tests.support.temporal_server import DevServer

NOBODY = {"TEMPORAL_HOST": HOST, "TEMPORAL_PORT": "1"}


@pytest.fixture(scope="module")
def server() -> Iterator[DevServer]:
    """A Temporal server for all tests here; each has decisions and a queue of its own."""
    with DevServer() as running_server:
        yield running_server


class Shared:
    """A directory with one decision, beside a Temporal server."""

    def __init__(self, server: DevServer, at: Path) -> None:
        self.at = at
        self.decision_id = f"decision-{uuid4().hex}"
        self.workflow_id = f"orch-{self.decision_id}"
        self.data_dir = at / "data"
        self.file = at / "decision.json"
        self.env = {
            "TEMPORAL_HOST": HOST,
            "TEMPORAL_PORT": str(server.port),
            "TEMPORAL_TASK_QUEUE": self.decision_id,
            "DATA_DIR": str(self.data_dir),
            "TEMPORAL_VERSION_CHECK_DISABLED": "1",
        }

    def decides(self, *names: str, final_decision: str = "approve") -> None:
        """Write the decision, about a chain of these tasks."""
        tasks = a_chain(*names) or (a_task(),)
        message = json.loads(a_message(*tasks, decision_id=self.decision_id))
        message["final_decision"] = final_decision
        self.file.write_text(json.dumps(message))

    def run(self, *options: str) -> Ended:
        """Run the decision."""
        return orq("run", self.file, "--speed", "max", *options, env=self.env)

    def orq(self, *arguments: str) -> Ended:
        """Run another command."""
        return orq(*arguments, env=self.env)


@pytest.fixture
def shared(server: DevServer, tmp_path: Path) -> Shared:
    """Return a directory with nothing in it yet."""
    return Shared(server, tmp_path)


def test_a_server_that_is_not_set_is_asked_for() -> None:
    """One line, and nothing is begun."""
    ended = orq("run", NIGHTLY, "--engine", "temporal")

    assert ended.exit_code == 2
    assert ended.err == "orq: --engine temporal: there is no Temporal server; set TEMPORAL_HOST\n"


def test_the_embedded_engine_leaves_the_server_be(tmp_path: Path) -> None:
    """A laptop whose `.env` names a server can run a plan without it."""
    ended = orq(
        *("run", NIGHTLY, "--engine", "embedded", "--speed", "max", "--json"),
        *("--data-dir", tmp_path),
        env=NOBODY,
    )

    assert ended.exit_code == 0, ended.err
    assert set(ended.outcomes.values()) == {"SUCCESS"}
    assert rows(tmp_path, "SELECT outcome FROM workflows") == [("SUCCESS",)]


def test_what_the_embedded_engine_left_is_not_asked_of_the_server(tmp_path: Path) -> None:
    """The remedy that was printed works as it stands."""
    file = tmp_path / "decision.json"
    parked = {**json.loads(a_message(*a_chain("a", "b"))), "final_decision": "review_required"}
    file.write_text(json.dumps(parked))
    env = {**NOBODY, "DATA_DIR": str(tmp_path / "data")}
    left = orq("run", file, "--engine", "embedded", env=env)
    approved = orq("approve", f"orch-{parked['decision_id']}", env=env)
    ended = orq("run", file, "--engine", "embedded", "--speed", "max", env=env)

    assert left.exit_code == 1, left.err
    assert (approved.exit_code, ended.exit_code) == (0, 0), approved.err + ended.err
    assert rows(tmp_path / "data", "SELECT outcome FROM workflows") == [("SUCCESS",)]


def test_a_plan_succeeds_on_a_server_and_is_never_begun_twice(shared: Shared) -> None:
    """The same command again tells the recorded outcome."""
    shared.decides("a", "b", "c")
    first = shared.run("--json")
    facts = rows(shared.data_dir, "SELECT count(*) FROM journal")
    again = shared.run("--json", "--engine", "temporal")

    assert (first.exit_code, again.exit_code) == (0, 0), (first, again)
    assert [one["outcome"] for one in first.objects] == ["SUCCESS"]
    assert [one["outcome"] for one in again.objects] == ["SUCCESS"]
    assert rows(shared.data_dir, "SELECT count(*) FROM journal") == facts
    assert [one["workflow_id"] for one in again.objects] == [shared.workflow_id]


def test_what_waits_for_a_person_is_left_with_the_remedy(shared: Shared) -> None:
    """And the remedy works: it is approved, and the same command brings it to its end."""
    shared.decides("a", final_decision="review_required")
    left = shared.run()
    listed = shared.orq("workflows", "--json")
    shown = shared.orq("show", shared.workflow_id)
    approved = shared.orq("approve", shared.workflow_id, "--by", "ana")
    ended = shared.run("--json")

    assert left.exit_code == 1
    assert f"orq approve {shared.workflow_id}" in left.out + left.err
    assert shared.workflow_id in listed.out
    assert "AWAITING_APPROVAL" in shown.out.upper().replace(" ", "_")
    assert approved.exit_code == 0, approved.err
    assert ended.exit_code == 0, ended.err
    assert [one["outcome"] for one in ended.objects] == ["SUCCESS"]


def test_a_parked_plan_can_be_cancelled(shared: Shared) -> None:
    """An operator's word is carried out though nothing else runs at that moment."""
    shared.decides("a", final_decision="review_required")
    shared.run()
    cancelled = shared.orq("cancel", shared.workflow_id, "--by", "ana")

    assert cancelled.exit_code == 0, cancelled.err
    assert rows(shared.data_dir, "SELECT outcome FROM workflows") == [("CANCELLED",)]


def test_a_killed_command_goes_on_where_it_was(shared: Shared) -> None:
    """What was done is not done again by a plan, and what was not is done."""
    names = [f"task-{number}" for number in range(12)]
    shared.decides(*names)
    done = "SELECT count(*) FROM tickets WHERE stage = 'COMPLETED'"

    def some_are_done() -> bool:
        with suppress(sqlite3.OperationalError):
            return bool(rows(shared.data_dir, done)[0][0] >= 2)
        return False  # The file is not made yet.

    with running("run", shared.file, "--speed", "50", env=shared.env) as command:
        command.until(some_are_done)
        killed = command.stopped(signal.SIGKILL)
    before = rows(shared.data_dir, "SELECT count(*), outcome FROM workflows")
    ended = shared.run("--json")

    assert killed.exit_code == -signal.SIGKILL
    assert before == [(1, None)], "it was in the middle"
    assert ended.exit_code == 0, ended.err
    assert [one["outcome"] for one in ended.objects] == ["SUCCESS"]
    assert rows(shared.data_dir, done) == [(12,)]
