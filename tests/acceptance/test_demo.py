"""`orq demo` as somebody meets this project for the first time."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.acceptance.command import Ended, orq, rows, running


class Shown(NamedTuple):
    """Two demonstrations that were started at once in one directory, in the order of theirs."""

    home: Path
    ended: Sequence[Ended]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """Run the demonstration twice."""
    home = tmp_path_factory.mktemp("home")
    with running("demo", cwd=home) as one, running("demo", cwd=home) as another:
        both = (one.ended(), another.ended())
    return Shown(home, sorted(both, key=lambda ended: "demo-2" in ended.out))


@pytest.mark.parametrize("number", [1, 2])
def test_both_plans_end_as_intended(shown: Shown, number: int) -> None:
    """Whoever likes it runs it again, and the first one does not stand in the way."""
    ended = shown.ended[number - 1]
    folder = shown.home / ".orchestrator-dynamic" / f"demo-{number}"

    assert (ended.exit_code, ended.err) == (0, "")
    assert rows(folder, "SELECT plan_id, outcome FROM workflows ORDER BY plan_id") == [
        ("release-train", "SUCCESS"),
        ("spring-sale", "COMPENSATED"),
    ]
    assert f"written to .orchestrator-dynamic/demo-{number}" in ended.out


def test_colours_in_a_pipe_make_nobody_be_there(tmp_path: Path) -> None:
    """Builds set FORCE_COLOR; waiting for a person would keep them for ever."""
    with running("demo", cwd=tmp_path, env={"FORCE_COLOR": "1"}) as colourful:
        ended = colourful.ended()

    assert (ended.exit_code, ended.err) == (0, "")


def test_it_tells_of_the_retry_and_of_the_person_who_approves(shown: Shown) -> None:
    """What a plan waits for, and what is done about it, is the product."""
    said = shown.ended[0].out

    assert "browser-tests: attempt 1 failed" in said
    assert said.index("drop-legacy-orders waits for a person") < said.index(
        "demo-operator approves drop-legacy-orders"
    )


def test_it_tells_of_the_failure_and_of_what_is_undone_the_last_first(shown: Shown) -> None:
    """Half a sale would be worse than none."""
    said = shown.ended[0].out

    undone = [line.split()[5] for line in said.splitlines() if "undoing of" in line]

    assert "charge-test-card failed for good" in said
    assert undone == [
        "test-purchase", "index-search", "create-vouchers", "set-prices", "reserve-stock"
    ]  # fmt: skip
    assert "incident WORKER_FAILURE" in said


def test_its_workers_take_what_they_are_able_to(shown: Shown) -> None:
    """Capabilities decide who does what, as in a real shop."""
    folder = shown.home / ".orchestrator-dynamic" / "demo-1"

    agents = dict(rows(folder, "SELECT task_id, agent FROM tickets WHERE agent IS NOT NULL"))

    assert agents["build-basket"] == "builder"
    assert agents["load-test"] == "tester"
    assert agents["deploy-staging"] == "deployer"
    assert agents["drop-legacy-orders"] == "database-keeper"
    assert agents["release-notes"] == "desk"


def test_the_commands_that_it_names_show_more(shown: Shown) -> None:
    """Whoever copies a command from the screen must not be disappointed."""
    said = shown.ended[0].out
    commands = [line.strip() for line in said.splitlines() if line.startswith("  orq ")]

    train, charge = [orq(*command.split()[1:], cwd=shown.home) for command in commands]

    assert (train.exit_code, charge.exit_code) == (0, 0)
    assert "release-train" in train.out
    assert "the payment provider refuses the card" in charge.out
