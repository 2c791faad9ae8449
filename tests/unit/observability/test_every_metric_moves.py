"""Every metric moves in the code that runs, with every value that its labels can have."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.support.metric_samples import Moving, Samples, everything, moved
from tests.support.moving_breakers import everybody_away
from tests.support.moving_brokers import everything_consumed, everything_sent
from tests.support.moving_engine import any_worker, everything_once, isolated_failures
from tests.support.moving_service import (
    everything_asked,
    everything_lent,
    spans_lost,
    spans_taken,
)

# The library of MongoDB leaves a socket to the garbage collector where it is closed while it
# connects.
pytestmark = pytest.mark.filterwarnings(
    r"ignore:Exception ignored in. <socket\.socket:pytest.PytestUnraisableExceptionWarning"
)

Scene = Callable[[Path], Awaitable[list[Samples]]]

SCENES: tuple[Scene, ...] = (
    any_worker,
    everybody_away,
    everything_asked,
    everything_consumed,
    everything_lent,
    everything_once,
    everything_sent,
    isolated_failures,
    spans_lost,
    spans_taken,
)

# It stands still by its nature; that it is there is asserted by `test_metrics`.
STILL = {"orchestration_build_info"}


@pytest.fixture(scope="module")
def movement(tmp_path_factory: pytest.TempPathFactory) -> set[Moving]:
    """What has moved in any of the scenes."""
    found: set[Moving] = set()
    for scene in SCENES:
        directory = tmp_path_factory.mktemp(scene.__name__)
        found |= moved(*asyncio.run(_played(scene, directory)))
    gc.collect()
    return found


async def _played(scene: Scene, directory: Path) -> list[Samples]:
    return await scene(directory)


@pytest.mark.parametrize("what", [one for one in everything() if one[0] not in STILL], ids=" ".join)
def test_it_moves(movement: set[Moving], what: Moving) -> None:
    """A number that nobody records, or a label that never comes, is a dashboard that lies."""
    assert what in movement
