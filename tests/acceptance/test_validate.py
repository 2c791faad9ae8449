"""`orq validate` as a person or a build pipeline uses it."""

import json
from pathlib import Path

import pytest

from tests.support.command_line import EXAMPLES, orq
from tests.support.engines import a_chain, a_message
from tests.support.messages import a_task

# What each bad example is bad for.
BAD = {
    "cycle": "dependency_cycle",
    "disagreement": "plan_id_disagrees",
    "duplicate-keys": "duplicate_key",
    "duplicate-task-id": "duplicate_task_id",
    "empty": "empty",
    "expired": "expired",
    "missing-dependency": "missing_dependency",
    "no-tasks": "no_tasks",
    "not-a-number": "not_a_number",
    "not-json": "not_json",
    "self-dependency": "self_dependency",
    "unknown-schema-version": "schema_version_unknown",
    "wrong-types": "wrong_type",
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_what_is_wrong_is_named_and_fails_the_build(tmp_path: Path, name: str) -> None:
    """A pipeline stops on the exit code, a person reads the reason."""
    done = orq("validate", str(EXAMPLES / "bad" / f"{name}.json"), "--json", at=tmp_path)

    assert done.code == 1
    assert BAD[name] in [finding["code"] for finding in done.object["findings"]]
    assert done.object["valid"] is False


def test_all_good_examples_are_valid(tmp_path: Path) -> None:
    """They are the first thing that a newcomer tries."""
    files = sorted((EXAMPLES / "decisions").glob("*.json"))
    done = [orq("validate", str(file), at=tmp_path) for file in files]

    assert files
    assert [one.code for one in done] == [0] * len(files)


def test_a_person_reads_the_order_the_path_and_the_end(tmp_path: Path) -> None:
    """What is asked before a plan is handed in: when will it be done, and what decides that?"""
    tasks = (
        a_task("fetch", estimated_duration_ms=10_000),
        a_task("build", dependencies=["fetch"], estimated_duration_ms=120_000),
        a_task("report", dependencies=["fetch"], estimated_duration_ms=5_000),
    )
    (tmp_path / "plan.json").write_bytes(a_message(*tasks))

    done = orq("validate", "plan.json", at=tmp_path)

    assert done.code == 0
    assert done.lines[0] == "plan plan-of-decision-1: valid; it would run"
    assert any(
        line.split()[2:] == ["2", "min", "10", "s:", "fetch", "→", "build"] for line in done.lines
    )
    assert any("2 min 10 s after it starts" in line for line in done.lines)
    table = [line.split()[:3] for line in done.lines[-3:]]
    assert table == [["1", "fetch", "*"], ["2", "build", "*"], ["3", "report", "EXECUTE"]]


def test_a_program_reads_everything(tmp_path: Path) -> None:
    """Tickets in order, each with the id that it would get and its score."""
    done = orq("validate", "-", "--json", at=tmp_path, stdin=a_message(*a_chain("a", "b")))

    told = done.object
    assert (told["valid"], told["verdict"], told["source"]) == (True, "run", "-")
    assert told["critical_path"] == ["a", "b"]
    assert told["first_out"] == ["a"]
    assert told["projected_duration_ms"] == 120_000
    first, second = told["tickets"]
    assert second["dependencies"] == [first["ticket_id"]]
    assert 0 < first["priority_score"] <= 1
    assert first["qos"]["durability"] == "PERSISTENT"


def test_every_finding_is_told_at_once(tmp_path: Path) -> None:
    """Mending one mistake to be told of the next wastes an afternoon."""
    tasks = (a_task("a", dependencies=["ghost"]), a_task("a"), a_task("c", dependencies=["c"]))

    done = orq("validate", "-", "--json", at=tmp_path, stdin=a_message(*tasks))

    codes = {finding["code"] for finding in done.object["findings"]}
    assert done.code == 1
    assert {"missing_dependency", "duplicate_task_id", "self_dependency"} <= codes


def test_a_warning_does_not_fail_a_build(tmp_path: Path) -> None:
    """The engine runs it too, in an order of its own."""
    message = a_message(*a_chain("a", "b"), execution_order=["b", "a"])

    done = orq("validate", "-", at=tmp_path, stdin=message)

    assert done.code == 0
    assert "valid (1 warning); it would run" in done.lines[0]


def test_a_plan_alone_is_checked_and_refused_as_the_engine_does(tmp_path: Path) -> None:
    """Its author learns of all mistakes, and that it needs a decision."""
    plan = json.dumps({"plan_id": "p", "intent_id": "i", "tasks": [{"task_id": "a"}]}).encode()

    refused = orq("validate", "-", "--json", at=tmp_path, stdin=plan)
    allowed = orq("validate", "-", at=tmp_path, stdin=plan, ALLOW_DIRECT_PLANS="true")

    assert refused.code == 1
    assert "direct_plan_refused" in [one["code"] for one in refused.object["findings"]]
    assert refused.object["critical_path"] == ["a"]
    assert allowed.code == 0


def test_a_bound_that_is_set_is_kept(tmp_path: Path) -> None:
    """The same file may pass here and fail there; the settings decide, as for the engine."""
    message = a_message(*a_chain("a", "b", "c"))

    done = orq("validate", "-", "--json", at=tmp_path, stdin=message, PLAN_TASKS_MAX="2")

    assert [finding["code"] for finding in done.object["findings"]] == ["too_many_tasks"]


def test_nothing_is_kept(tmp_path: Path) -> None:
    """Looking is free."""
    orq("validate", "-", at=tmp_path, stdin=a_message())

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("file", ["nowhere.json", "."])
def test_what_cannot_be_read_is_another_failure(tmp_path: Path, file: str) -> None:
    """A pipeline must tell a bad plan from a wrong path."""
    done = orq("validate", file, at=tmp_path)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"orq: {file}")


def test_a_text_cannot_command_the_terminal(tmp_path: Path) -> None:
    """Whoever writes a plan must not move the cursor of whoever reads it."""
    task = a_task("a", required_capabilities=["\x1b[2Jgpu\nroot"])

    done = orq("validate", "-", at=tmp_path, stdin=a_message(task))

    assert "\x1b" not in done.out
    assert "\\x1b[2Jgpu root" in done.out
