"""What `orq bench` refuses, what it makes of its runs, and what it touches on servers."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from orchestrator_dynamic.bootstrap.floors import with_names_of_its_own
from orchestrator_dynamic.cli.bench_report import Comparison
from orchestrator_dynamic.cli.bench_servers import (
    Bus,
    names_in_environment,
    new_name,
    refuse_impossible,
)
from orchestrator_dynamic.cli.engine_choice import Engine
from orchestrator_dynamic.config.loading import load_settings
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.simulation.bench_plans import Shape
from tests.support.command_line import orq

SERVERS = {"KAFKA_BOOTSTRAP_SERVERS": "localhost:9092", "TEMPORAL_HOST": "localhost"}


@pytest.mark.parametrize(
    ("bus", "engine", "needed"),
    [
        (Bus.KAFKA, Engine.EMBEDDED, "needs KAFKA_BOOTSTRAP_SERVERS; `make services`"),
        (Bus.EMBEDDED, Engine.TEMPORAL, "needs TEMPORAL_HOST; `make services`"),
        (Bus.KAFKA, Engine.TEMPORAL, "give one of them"),
    ],
)
def test_a_missing_server_is_named_with_the_way_to_have_one(
    bus: Bus, engine: Engine, needed: str
) -> None:
    """Whoever measures for the first time has no servers yet."""
    with pytest.raises(Misconfigured, match=needed):
        refuse_impossible(load_settings({}, None), bus, engine)


def test_with_its_server_each_comparison_is_possible() -> None:
    """A refusal that cannot be met would be none of use."""
    settings = load_settings(SERVERS, None)

    refuse_impossible(settings, Bus.KAFKA, Engine.EMBEDDED)
    refuse_impossible(settings, Bus.EMBEDDED, Engine.TEMPORAL)
    refuse_impossible(load_settings({}, None), Bus.EMBEDDED, Engine.EMBEDDED)


def test_the_ratio_is_the_median_of_the_runs_own_ratios() -> None:
    """A run in a slow moment has a slow floor right beside it; medians apart would mix moments."""
    compared = Comparison(Shape.CHAIN, 100, "a floor")
    for wall, floor in ((1.0, 1.0), (9.0, 3.0), (4.0, 1.0)):
        compared.note(wall, 0.5, floor)

    told = asdict(compared.told())

    assert (told["ratio"], told["ms_per_task"], told["floor_ms_per_task"]) == (3.0, 40.0, 10.0)
    assert told["runs"] == 3
    assert told["load_average"] >= 0


def test_nothing_on_the_servers_is_shared_with_anybody() -> None:
    """A benchmark beside a deployment must not send it a single ticket."""
    settings = load_settings(SERVERS, None)

    ours = with_names_of_its_own(settings, new_name())
    other = with_names_of_its_own(settings, new_name())

    names = [set(names_in_environment(one).values()) for one in (settings, ours, other)]
    directory = {str(settings.data_dir)}
    assert names[0] & names[1] == names[0] & names[2] == names[1] & names[2] == directory
    assert not list(ours.conflicts())


def test_another_process_is_told_every_name() -> None:
    """A topic that it was not told of would be the deployment's."""
    ours = with_names_of_its_own(load_settings(SERVERS, None), new_name())

    there = load_settings({**SERVERS, **names_in_environment(ours)}, None)

    assert there.model_dump() == ours.model_dump()


def test_the_default_measures_within_the_process_whatever_servers_are_set(tmp_path: Path) -> None:
    """A person with a `.env` full of servers asks what the engine itself costs."""
    arguments = ("--shape", "many", "--tasks", "16", "--runs", "2", "--json")

    done = orq(
        "bench",
        *arguments,
        at=tmp_path,
        KAFKA_BOOTSTRAP_SERVERS="localhost:1",
        MONGODB_URI="mongodb://localhost:1",
    )

    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert (told["shape"], told["tasks"], told["runs"]) == ("many", 16, 2)
    assert told["ratio"] > 0
    assert list(tmp_path.iterdir()) == []
