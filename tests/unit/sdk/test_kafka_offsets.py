"""How far a partition counts as done: what is committed too early is lost in a crash."""

from hypothesis import given
from hypothesis import strategies as st

from orchestrator_dynamic.sdk.kafka_offsets import OffsetMark


def delivered(*offsets: int) -> OffsetMark:
    """Return the mark of a partition whose messages at `offsets` have come."""
    mark = OffsetMark()
    for offset in offsets:
        mark.deliver(offset)
    return mark


def test_nothing_is_committed_while_the_oldest_message_is_open() -> None:
    """A crash must deliver it again, whatever came after it."""
    mark = delivered(5, 6, 7)

    mark.done(6)
    mark.done(7)

    assert mark.to_commit() is None


def test_the_mark_moves_to_the_oldest_open_message() -> None:
    """What is done below it need not be repeated."""
    mark = delivered(5, 6, 7)

    mark.done(6)
    mark.done(5)

    assert mark.to_commit() == 7


def test_where_all_is_done_the_mark_is_behind_the_last_message() -> None:
    """Kafka is told the next offset, not the last one; offsets may have gaps."""
    mark = delivered(5, 9)

    mark.done(5)
    mark.done(9)

    assert mark.to_commit() == 10


def test_what_the_broker_knows_is_not_told_again() -> None:
    """An idle worker must not commit ten times a second."""
    mark = delivered(5)
    mark.done(5)

    mark.committed(6)

    assert mark.to_commit() is None


def test_a_partition_without_messages_has_nothing_to_commit() -> None:
    """Committing an offset that was never read would skip what is there."""
    assert OffsetMark().to_commit() is None


@given(st.sets(st.integers(0, 200), min_size=1), st.data())
def test_everything_below_the_mark_is_done(offsets: set[int], data: st.DataObject) -> None:
    """Whatever the order in which tickets end: that is all that at-least-once needs."""
    mark = delivered(*sorted(offsets))
    ended = data.draw(st.lists(st.sampled_from(sorted(offsets)), unique=True))

    for count, offset in enumerate(ended, start=1):
        mark.done(offset)
        still_open = offsets - set(ended[:count])
        told = mark.to_commit()

        assert told is None or all(one >= told for one in still_open)
        assert bool(still_open) or told == max(offsets) + 1
