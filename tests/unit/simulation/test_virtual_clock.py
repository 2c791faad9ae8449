"""Time that stands still until a test lets it pass."""

from orchestrator_dynamic.simulation.virtual_clock import NOON_MS, VirtualClock


def test_time_stands_still_until_it_is_told_to_move() -> None:
    """A test must not depend on how long it takes."""
    clock = VirtualClock()

    before = [clock.now_ms(), clock.now_ms()]
    clock.advance(1_500)

    assert before == [NOON_MS, NOON_MS]
    assert clock.now_ms() == NOON_MS + 1_500


def test_time_can_be_set_back() -> None:
    """Real clocks are corrected, and nothing may break by it."""
    clock = VirtualClock(start_ms=10_000)

    clock.advance(-1)

    assert clock.now_ms() == 9_999
