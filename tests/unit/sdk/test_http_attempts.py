"""How much a worker over HTTP has in hand: one ticket a lane, and more only of what is quick."""

from orchestrator_dynamic.models.worker import HeartbeatVerdict
from orchestrator_dynamic.sdk.http_attempts import AHEAD_PER_LANE_MAX, AttemptsOnLease
from tests.unit.sdk.tickets import a_ticket

LONG = float("inf")


async def test_nothing_is_fetched_ahead_before_it_is_known_how_long_it_takes() -> None:
    """A ticket that waits behind an hour's work is one that another worker could have done."""
    attempts = AttemptsOnLease(4)

    assert (attempts.capacity, attempts.room) == (4, 4)


async def test_quick_work_is_fetched_ahead_and_slow_work_is_not() -> None:
    """Quick work would wait for the network otherwise."""
    quick, slow = AttemptsOnLease(2), AttemptsOnLease(2)
    for attempts, took in ((quick, 0.0), (slow, 0.12)):
        attempts.add(a_ticket("a"), 1, LONG)
        attempt = attempts.begin()
        assert attempt is not None
        assert attempt.begun_at is not None
        attempt.begun_at -= took
        attempts.over(attempt)

    assert quick.capacity == 2 + 2 * AHEAD_PER_LANE_MAX
    assert slow.capacity == 2


async def test_an_idle_lane_is_served_at_once_and_a_full_hand_waits() -> None:
    """One question for each ticket would cost more than the ticket."""
    attempts = AttemptsOnLease(2)
    attempts.add(a_ticket("a"), 1, LONG)
    attempts.add(a_ticket("b"), 1, LONG)
    full = attempts.room
    first = attempts.begin()
    attempts.begin()
    assert first is not None
    assert first.begun_at is not None
    first.begun_at -= 1
    attempts.over(first)

    assert (full, attempts.room) == (0, 1)


async def test_a_newer_attempt_takes_the_place_of_an_older_one() -> None:
    """Whoever works on the older one is told to stop, once."""
    attempts, heard = AttemptsOnLease(2), list[HeartbeatVerdict]()
    attempts.add(a_ticket("a"), 1, LONG)
    older = attempts.begin()
    assert older is not None
    older.watch(heard.append)

    attempts.add(a_ticket("a", attempt=2), 2, LONG)
    older.stop(HeartbeatVerdict.CANCELLED)

    assert heard == [HeartbeatVerdict.SUPERSEDED]
    assert attempts.find("a", 1) is None
    assert attempts.find("a", 2) is not None
    assert (len(attempts), attempts.running) == (1, 0)


async def test_what_is_not_begun_can_be_given_back() -> None:
    """A worker that stops keeps only what runs."""
    attempts = AttemptsOnLease(1)
    for name in ("a", "b", "c"):
        attempts.add(a_ticket(name), 1, LONG)
    attempts.begin()

    unbegun = attempts.unbegun()

    assert [one.ticket.ticket_id for one in unbegun] == ["b", "c"]
    assert (len(attempts), attempts.running) == (1, 1)
    assert attempts.begin() is None


async def test_what_may_be_anothers_by_now_is_not_begun() -> None:
    """A worker that was frozen wakes up with tickets that others may have executed."""
    attempts = AttemptsOnLease(2)
    attempts.add(a_ticket("lapsed"), 1, 0.0)
    attempts.add(a_ticket("fresh"), 1, LONG)

    begun = [attempts.begin(), attempts.begin()]
    lapsed = attempts.find("lapsed", 1)
    assert lapsed is not None
    lapsed.lent_until = LONG
    later = attempts.begin()

    assert [one and one.ticket.ticket_id for one in begun] == ["fresh", None]
    assert later is lapsed
