"""`orq demo` as somebody meets this project for the first time."""

from pathlib import Path

from tests.acceptance.command import orq, rows, running

OUTCOMES = [("release-train", "SUCCESS"), ("spring-sale", "COMPENSATED")]


def test_it_shows_what_it_promises_and_twice_at_once_is_no_trouble(tmp_path: Path) -> None:
    """Whoever likes it runs it again, and finds the first one still there."""
    with running("demo", cwd=tmp_path) as first, running("demo", cwd=tmp_path) as second:
        both = first.ended(), second.ended()

    folders = sorted((tmp_path / ".orchestrator-dynamic").iterdir())
    assert [folder.name for folder in folders] == ["demo-1", "demo-2"]
    for ended, folder in zip(
        sorted(both, key=lambda one: "demo-2" in one.out), folders, strict=True
    ):
        assert (ended.exit_code, ended.err) == (0, "")
        assert rows(folder, "SELECT plan_id, outcome FROM workflows ORDER BY 1") == OUTCOMES
        _tells_the_story(ended.out)
        assert f"orq show release-train --data-dir .orchestrator-dynamic/{folder.name}" in ended.out


def _tells_the_story(said: str) -> None:
    assert "browser-tests: attempt 1 failed" in said
    assert "drop-legacy-orders waits for a person" in said
    assert "demo-operator approves drop-legacy-orders" in said
    assert "charge-test-card failed for good" in said
    undone = [line.split()[6] for line in said.splitlines() if "undoing of" in line]
    assert undone == [
        "test-purchase", "index-search", "create-vouchers", "set-prices", "reserve-stock"
    ]  # fmt: skip
    assert "↶ reserve-stock" in said
    assert "incident WORKER_FAILURE" in said


def test_the_commands_that_it_names_show_more(tmp_path: Path) -> None:
    """Whoever copies a command from the screen must not be disappointed."""
    said = orq("demo", "--data-dir", tmp_path / "here", cwd=tmp_path).out
    commands = [line.strip() for line in said.splitlines() if line.startswith("  orq ")]

    answers = [orq(*command.split()[1:], cwd=tmp_path) for command in commands]

    assert [answer.exit_code for answer in answers] == [0, 0]
    assert "release-train" in answers[0].out
    assert "the payment provider refuses the card" in answers[1].out
