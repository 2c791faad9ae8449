"""The garbage collector is paused for large messages, and always comes back."""

import gc
from collections.abc import Iterator

import pytest

from orchestrator_dynamic.wire.collection_pause import LARGE_BYTES, collection_paused


@pytest.fixture(autouse=True)
def collecting() -> Iterator[None]:
    """Leave the collector as it should be, whatever a test does to it."""
    gc.enable()
    yield
    gc.enable()


def test_a_large_message_pauses_it() -> None:
    """Reading makes millions of objects, none of them garbage."""
    with collection_paused(LARGE_BYTES):
        assert not gc.isenabled()

    assert gc.isenabled()


def test_a_small_message_does_not() -> None:
    """There is nothing to win."""
    with collection_paused(LARGE_BYTES - 1):
        assert gc.isenabled()


def test_it_comes_back_after_a_failure() -> None:
    """A refused message must not cost memory for ever."""
    with pytest.raises(ZeroDivisionError), collection_paused(LARGE_BYTES):
        1 / 0  # noqa: B018 - It is there to fail.

    assert gc.isenabled()


def test_whoever_has_switched_it_off_finds_it_off() -> None:
    """It is not ours to switch on."""
    gc.disable()

    with collection_paused(LARGE_BYTES):
        assert not gc.isenabled()

    assert not gc.isenabled()
