"""`orq run` as a person uses it: decisions in, outcomes out, whatever was asked before."""

import json
import os
import pty
import resource
from contextlib import suppress
from pathlib import Path

import pytest

from tests.acceptance.command import EXAMPLES, NIGHTLY, ROOT, Ended, orq, rows, running
from tests.support.messages import RECORDED_PLANS

DECISIONS = EXAMPLES / "decisions"
KEYS = [
    "decision_id", "plan_id", "workflow_id", "outcome", "tickets", "duration_ms",
    "critical_path_ms", "sla_violations", "incidents", "findings", "reason", "source",
]  # fmt: skip


def test_without_a_terminal_a_plan_is_a_line_when_it_begins_and_one_when_it_ends(
    tmp_path: Path,
) -> None:
    """What goes into a log must be worth its line."""
    ended = orq("run", NIGHTLY, "--speed", "max", "--data-dir", tmp_path)

    began, end = ended.out.splitlines()
    assert (ended.exit_code, ended.err) == (0, "")
    assert began == f"nightly-report ({NIGHTLY}): started, 4 tickets"
    assert end.startswith("nightly-report: SUCCESS after")


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ended, Path]:
    """Run all examples with one command, and return what it told and where it wrote."""
    data_dir = tmp_path_factory.mktemp("data")
    return orq("run", DECISIONS, "--speed", "max", "--json", "--data-dir", data_dir), data_dir


def test_for_programs_there_is_one_object_a_plan_and_nothing_else(
    decided: tuple[Ended, Path],
) -> None:
    """A pipeline reads stdout, and knows by the exit code that not all is well."""
    ended, _ = decided

    sale = next(one for one in ended.objects if one["plan_id"] == "spring-sale")
    assert ended.exit_code == 1
    assert all(list(one) == KEYS for one in ended.objects)
    assert ended.outcomes == {
        "nightly-report": "SUCCESS",
        "spring-sale": "COMPENSATED",
        "release-train": "AWAITING_APPROVAL",
        "forget-customer": "AWAITING_APPROVAL",
    }
    assert sale["tickets"] == {
        "total": 10, "completed": 2, "failed": 1, "compensated": 5, "retried": 0
    }  # fmt: skip
    assert sale["incidents"] == 1


def test_the_same_decisions_again_start_nothing_and_tell_what_was_recorded(
    decided: tuple[Ended, Path],
) -> None:
    """Whoever is not sure that a command got through gives it again."""
    first, data_dir = decided
    before = rows(data_dir, "SELECT count(*), max(workflow) FROM journal")

    second = orq("run", DECISIONS, "--speed", "max", "--json", "--data-dir", data_dir)

    assert second.outcomes == first.outcomes
    assert second.exit_code == first.exit_code
    assert rows(data_dir, "SELECT count(*), max(workflow) FROM journal") == before


def test_what_waits_for_people_is_named_with_the_command_that_helps(tmp_path: Path) -> None:
    """Copied into a shell, these commands let the same run come to its end."""
    told = orq("run", DECISIONS, "--speed", "max", "--data-dir", tmp_path)
    lines = [line.partition("with: orq ")[2] for line in told.out.splitlines()]
    commands = {line for line in lines if line.startswith("approve")}

    answers = [orq(*command.split()) for command in sorted(commands)]
    again = orq("run", DECISIONS, "--speed", "max", "--json", "--data-dir", tmp_path)

    assert commands == {
        f"approve orch-decision-forget-customer --data-dir {tmp_path}",
        f"approve orch-decision-release-train --task drop-legacy-orders --data-dir {tmp_path}",
    }
    assert [answer.exit_code for answer in answers] == [0, 0]
    assert again.outcomes["release-train"] == again.outcomes["forget-customer"] == "SUCCESS"


def test_a_worker_of_ones_own_executes_the_tickets(tmp_path: Path) -> None:
    """The ten lines of the example are a whole worker."""
    worker = ("--worker", "examples.workers.builder:worker")

    ended = orq("run", NIGHTLY, *worker, "--data-dir", tmp_path, cwd=ROOT)

    assert ended.exit_code == 0
    agents = rows(tmp_path, "SELECT DISTINCT agent, stage FROM tickets")
    assert agents == [("builder-1", "COMPLETED")]


def test_where_no_worker_can_do_the_rest_it_ends_and_says_what_is_missing(tmp_path: Path) -> None:
    """Waiting for a worker that nobody will start would be waiting for ever."""
    train = DECISIONS / "release-train.json"
    worker = ("--worker", "examples.workers.builder:worker")

    ended = orq("run", train, *worker, "--json", "--data-dir", tmp_path, cwd=ROOT)

    (plan,) = ended.objects
    assert (ended.exit_code, plan["outcome"]) == (1, "STARVED")
    assert "collect-changes waits for a worker that executes QUERY and has: read" in plan["reason"]


def test_everything_that_is_wrong_with_the_arguments_is_said_at_once(tmp_path: Path) -> None:
    """Nobody wants to mend a command line in six rounds; and nothing must have begun."""
    ended = orq(
        "run", "absent.json", tmp_path / "empty", "--speed", "quick", "--workers", "0",
        "--fail-rate", "2", "--seed", "-1", "--data-dir", tmp_path / "data",
        env={"SLA_WARNING_SHARE": "7"}, before=(tmp_path / "empty").mkdir,
    )  # fmt: skip

    assert (ended.exit_code, ended.out) == (2, "")
    wrong = (
        "absent.json", "empty", "--speed", "--workers", "--fail-rate", "--seed", "SLA_WARNING_SHARE"
    )  # fmt: skip
    assert all(any(name in line for line in ended.err.splitlines()) for name in wrong)
    assert len(ended.err.splitlines()) == len(wrong)
    assert not (tmp_path / "data").exists()


def test_a_worker_that_cannot_be_found_is_refused_in_words(tmp_path: Path) -> None:
    """A slip in a module's name is the operator's, and no traceback."""
    ended = orq("run", NIGHTLY, "--worker", "examples.nowhere:worker", "--data-dir", tmp_path)

    assert (ended.exit_code, ended.out) == (2, "")
    assert "there is no module examples.nowhere" in ended.err
    assert "Traceback" not in ended.err


def test_the_same_seed_fails_the_same_attempts(tmp_path: Path) -> None:
    """What went wrong by chance can be looked at again."""
    train = DECISIONS / "spring-sale.json"
    chance = ("--speed", "max", "--fail-rate", "0.4", "--seed", "3", "--json")
    quick = {"RETRY_BACKOFF_INITIAL_MS": "1"}

    runs = [
        orq("run", train, *chance, "--data-dir", tmp_path / name, env=quick) for name in ("a", "b")
    ]

    (first,), (second,) = (run.objects for run in runs)
    assert first["tickets"]["retried"] > 0
    assert first["tickets"] == second["tickets"]


def test_a_decision_can_come_by_standard_input(tmp_path: Path) -> None:
    """Commands are put together with pipes."""
    ended = orq(
        "run", "-", "--json", "--speed", "max", "--data-dir", tmp_path, stdin=NIGHTLY.read_bytes()
    )

    assert ended.outcomes == {"nightly-report": "SUCCESS"}
    assert ended.objects[0]["source"] == "standard input"


def test_a_full_disk_is_one_clear_line_and_the_same_command_goes_on(tmp_path: Path) -> None:
    """What was told is kept, what was not is done again."""
    plan = tmp_path / "plan.json"
    tasks = [{"task_id": f"t{number}", "description": "x" * 60_000} for number in range(200)]
    ids = {"plan_id": "large", "intent_id": "i"}
    decision = {"decision_id": "d", **ids, "final_decision": "approve"}
    plan.write_text(json.dumps({**decision, "cognitive_plan": {**ids, "tasks": tasks}}))
    data = ("--data-dir", tmp_path / "data", "--speed", "max", "--json")

    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (9_000_000, 9_000_000))

    full = orq("run", NIGHTLY, plan, *data, before=small_disk)
    again = orq("run", NIGHTLY, plan, *data)

    assert full.exit_code == 1
    assert full.err.splitlines()[0].startswith("orq: writing the journal failed")
    assert "Traceback" not in full.err
    assert full.outcomes == {"nightly-report": "SUCCESS"}
    assert again.outcomes == {"nightly-report": "SUCCESS", "large": "SUCCESS"}


def test_at_a_terminal_there_is_a_display_that_leaves_the_terminal_as_it_was(
    tmp_path: Path,
) -> None:
    """A person sees progress and outcome, and then has the cursor back."""
    ours, theirs = pty.openpty()
    command = ("run", NIGHTLY, "--speed", "200", "--data-dir", tmp_path)

    with running(*command, env={"TERM": "xterm-256color"}, stdout=theirs) as process:
        os.close(theirs)
        seen = _screen(ours)
        exit_code = process.ended().exit_code

    assert exit_code == 0
    assert "SLA left" in seen
    assert "SUCCESS after" in seen
    assert seen.rpartition("\x1b[?25")[2].startswith("h")


def _screen(terminal: int) -> str:
    """Return everything that is written to a terminal until its other end is closed."""
    seen = bytearray()
    with open(terminal, "rb", buffering=0) as reader, suppress(OSError):
        while chunk := reader.read(65_536):
            seen += chunk
    return seen.decode()


@pytest.mark.skipif(not RECORDED_PLANS.exists(), reason="the recorded plans are not here")
def test_recorded_runs_of_real_workflows_all_succeed_and_start_only_once(tmp_path: Path) -> None:
    """4,132 tasks that somebody really ran, from chains to fans of hundreds."""
    command = ("run", RECORDED_PLANS, "--speed", "max", "--json", "--data-dir", tmp_path)

    first = orq(*command)
    before = rows(tmp_path, "SELECT count(*) FROM journal")
    second = orq(*command)

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert len(first.objects) == len(list(RECORDED_PLANS.glob("*.json")))
    assert sum(one["tickets"]["completed"] for one in first.objects) == 4_132
    assert second.outcomes == first.outcomes
    assert rows(tmp_path, "SELECT count(*) FROM journal") == before


@pytest.mark.parametrize("command", ["run", "demo"])
def test_help_shows_an_example(command: str) -> None:
    """An example says more than a list of options."""
    ended = orq(command, "--help")

    assert ended.exit_code == 0
    assert f"orq {command}" in ended.out.partition("Example")[2]
