"""Who executes the tickets of a command, as its options say."""

import pytest

from orchestrator_dynamic.cli.workforce import WorkforceOptions, workforce


def test_without_options_there_are_as_many_workers_as_the_command_says() -> None:
    """One plan may have a hundred tickets out, and none of them should wait for a worker."""
    complaints: list[str] = []

    team = workforce(WorkforceOptions(), complaints, 100)

    assert complaints == []
    assert len(team) == 100
    assert len({worker.profile().worker_id for worker in team}) == 100


@pytest.mark.parametrize("speed", ["max", "MAX", "60", "0.5", "1e3"])
def test_a_speed_is_a_number_or_at_once(speed: str) -> None:
    """People write it as they think of it."""
    complaints: list[str] = []

    team = workforce(WorkforceOptions(speed=speed, workers="2"), complaints, 100)

    assert (len(team), complaints) == (2, [])


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (WorkforceOptions(speed="0"), "--speed 0"),
        (WorkforceOptions(speed="-1"), "--speed -1"),
        (WorkforceOptions(speed="inf"), "--speed inf"),
        (WorkforceOptions(speed="nan"), "--speed nan"),
        (WorkforceOptions(speed="quick"), "--speed quick"),
        (WorkforceOptions(workers="0"), "--workers 0"),
        (WorkforceOptions(workers="1.5"), "--workers 1.5"),
        (WorkforceOptions(fail_rate="1.1"), "--fail-rate 1.1"),
        (WorkforceOptions(fail_rate="nan"), "--fail-rate nan"),
        (WorkforceOptions(seed="x"), "--seed x"),
        (WorkforceOptions(references=["nothing"]), "--worker nothing"),
        (WorkforceOptions(references=["json:dumps"]), "--worker json:dumps"),
    ],
)
def test_what_makes_no_sense_is_complained_about_by_name(
    options: WorkforceOptions, name: str
) -> None:
    """Whoever typed it finds it again in the complaint."""
    complaints: list[str] = []

    workforce(options, complaints, 1)

    (complaint,) = complaints
    assert complaint.startswith(f"{name}: ")


def test_all_that_makes_no_sense_is_complained_about_at_once() -> None:
    """Mending a command line must not take a round for each of its slips."""
    complaints: list[str] = []
    options = WorkforceOptions(speed="quick", workers="0", fail_rate="2", seed="-1")

    workforce(options, complaints, 1)

    assert len(complaints) == 4


def test_options_of_simulated_workers_do_not_go_with_ones_own() -> None:
    """An option that would silently do nothing is a misunderstanding."""
    complaints: list[str] = []
    own = "examples.workers.builder:worker"

    team = workforce(WorkforceOptions(references=[own], speed="max", seed="1"), complaints, 1)

    assert [worker.profile().worker_id for worker in team] == ["builder-1"]
    assert [complaint.partition(" ")[0] for complaint in complaints] == ["--speed", "--seed"]
