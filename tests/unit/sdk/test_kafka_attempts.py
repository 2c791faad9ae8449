"""No attempt runs twice in a process, and none is forgotten."""

from orchestrator_dynamic.models.ids import TicketId
from orchestrator_dynamic.models.worker import HeartbeatVerdict
from orchestrator_dynamic.sdk.kafka_attempts import Attempt, AttemptBook, Fate, Place
from orchestrator_dynamic.sdk.kafka_offsets import OffsetMark
from tests.unit.sdk.tickets import a_ticket

T1 = TicketId("t-1")


class Partition:
    """A partition that delivers attempts to a book."""

    def __init__(self, book: AttemptBook) -> None:
        self.book = book
        self.mark = OffsetMark()
        self._offset = 0

    def delivers(self, name: str = "t-1", attempt: int = 1) -> Fate:
        """Deliver an attempt, and return what became of it."""
        self.mark.deliver(self._offset)
        place = Place(self.mark, self._offset)
        self._offset += 1
        return self.book.deliver(Attempt(a_ticket(name, attempt=attempt)), place)


def begun(book: AttemptBook) -> Attempt:
    """Return the next attempt, which runs from now on."""
    attempt = book.begin_next(0.0)
    assert attempt is not None
    return attempt


async def test_an_attempt_is_done_when_its_answer_is_acknowledged_and_not_before() -> None:
    """Results before offsets: a crash between the two repeats the ticket."""
    book = AttemptBook(10)
    partition = Partition(book)
    partition.delivers()

    attempt = begun(book)
    book.answered(attempt)
    assert partition.mark.to_commit() is None
    book.over(attempt)

    assert partition.mark.to_commit() == 1


async def test_an_attempt_is_executed_once_however_often_it_is_delivered() -> None:
    """Rebalances and redeliveries happen while it waits, while it runs and after it ended."""
    book = AttemptBook(10)
    partition = Partition(book)

    assert partition.delivers() is Fate.QUEUED
    assert partition.delivers() is Fate.REPEATED
    attempt = begun(book)
    assert partition.delivers() is Fate.REPEATED
    book.answered(attempt)
    assert partition.delivers() is Fate.REPEATED
    book.over(attempt)
    assert partition.delivers() is Fate.REPEATED

    assert book.begin_next(0.0) is None
    assert partition.mark.to_commit() == 5


async def test_a_repeated_delivery_waits_for_the_answer_like_the_first_one() -> None:
    """After a rebalance only the repetition counts for the offset."""
    book = AttemptBook(10)
    before, after = Partition(book), Partition(book)
    before.delivers()
    attempt = begun(book)
    before.mark.live = False
    after.delivers()

    assert after.mark.to_commit() is None
    book.over(attempt)

    assert after.mark.to_commit() == 1


async def test_a_newer_attempt_interrupts_the_one_that_runs() -> None:
    """Nobody waits for the older one, and two at once must not do the same work."""
    book = AttemptBook(10)
    partition = Partition(book)
    told = list[HeartbeatVerdict]()
    partition.delivers(attempt=1)
    older = begun(book)
    older.watch(told.append)

    assert partition.delivers(attempt=2) is Fate.QUEUED

    assert told == [HeartbeatVerdict.SUPERSEDED]
    assert begun(book).number == 2
    assert book.superseded(T1, 1)


async def test_a_newer_attempt_takes_the_place_of_one_that_waits() -> None:
    """The older one is not executed any more, and its offset is done."""
    book = AttemptBook(10)
    partition = Partition(book)
    partition.delivers(attempt=1)
    partition.delivers(attempt=2)

    attempt = begun(book)

    assert attempt.number == 2
    assert partition.mark.to_commit() == 1


async def test_an_older_attempt_that_comes_late_is_passed_over() -> None:
    """Brokers deliver in order, but a partition that came back starts further behind."""
    book = AttemptBook(10)
    partition = Partition(book)
    partition.delivers(attempt=2)

    assert partition.delivers(attempt=1) is Fate.STALE


async def test_the_answer_of_a_superseded_attempt_does_not_end_the_newer_one() -> None:
    """They have the same ticket, and the older one's answer may be on its way."""
    book = AttemptBook(10)
    partition = Partition(book)
    partition.delivers(attempt=1)
    older = begun(book)
    partition.delivers(attempt=2)
    newer = begun(book)

    book.answered(older)
    book.over(older)

    assert list(book.running()) == [newer]
    assert partition.mark.to_commit() == 1


async def test_cancelling_an_attempt_that_runs_interrupts_it() -> None:
    """Its worker answers by itself."""
    book = AttemptBook(10)
    told = list[HeartbeatVerdict]()
    Partition(book).delivers()
    begun(book).watch(told.append)

    assert book.cancel(T1, 1) is None

    assert told == [HeartbeatVerdict.CANCELLED]


async def test_an_attempt_that_was_cancelled_before_it_is_watched_is_stopped_at_once() -> None:
    """The word may come between taking a ticket and beginning with it."""
    book = AttemptBook(10)
    told = list[HeartbeatVerdict]()
    Partition(book).delivers()
    attempt = begun(book)
    book.cancel(T1, 1)

    attempt.watch(told.append)

    assert told == [HeartbeatVerdict.CANCELLED]


async def test_cancelling_an_attempt_that_waits_asks_for_an_answer() -> None:
    """Nobody executes it, so nobody else answers."""
    book = AttemptBook(10)
    partition = Partition(book)
    partition.delivers()

    attempt = book.cancel(T1, 1)

    assert attempt is not None
    assert book.begin_next(0.0) is None
    assert partition.mark.to_commit() is None
    book.over(attempt)
    assert partition.mark.to_commit() == 1


async def test_a_cancellation_that_comes_before_its_ticket_is_remembered() -> None:
    """Looking ahead finds it first."""
    book = AttemptBook(10)
    partition = Partition(book)
    book.cancel(T1, 1)

    assert partition.delivers(attempt=1) is Fate.CANCELLED
    assert book.begin_next(0.0) is None


async def test_cancelling_an_older_attempt_leaves_a_newer_one_alone() -> None:
    """Redelivered words about the past must not touch the present."""
    book = AttemptBook(10)
    partition = Partition(book)
    partition.delivers(attempt=2)

    assert book.cancel(T1, 1) is None

    assert begun(book).verdict is HeartbeatVerdict.GO_ON


async def test_what_waits_on_a_partition_that_was_lost_is_left_to_others() -> None:
    """What runs goes on: its work is half done, and its answer is as good as another's."""
    book = AttemptBook(10)
    lost, kept = Partition(book), Partition(book)
    lost.delivers("running")
    running = begun(book)
    lost.delivers("waiting")
    kept.delivers("other")

    lost.mark.live = False
    book.forget_lost()

    assert list(book.running()) == [running]
    assert begun(book).ticket.ticket_id == "other"
    assert book.begin_next(0.0) is None
    assert kept.delivers("waiting") is Fate.QUEUED


async def test_memory_of_what_has_ended_is_bounded() -> None:
    """A worker runs for months."""
    book = AttemptBook(remembered_max=2)
    partition = Partition(book)
    for name in ("a", "b", "c"):
        partition.delivers(name)
        book.over(begun(book))

    assert partition.delivers("b") is Fate.REPEATED
    assert partition.delivers("a") is Fate.QUEUED


async def test_the_book_is_at_rest_when_nothing_runs_that_somebody_waits_for() -> None:
    """A worker that stops waits for that, and for no longer."""
    book = AttemptBook(10)
    partition = Partition(book)
    assert book.at_rest.is_set()
    partition.delivers("a")
    partition.delivers("b")
    first, second = begun(book), begun(book)

    book.answered(first)
    assert not book.at_rest.is_set()
    partition.delivers("b", attempt=2)

    assert second.verdict is HeartbeatVerdict.SUPERSEDED
    assert book.at_rest.is_set()
