"""The loop that all topics share: what is in order, what is committed, what waits."""

import asyncio

import pytest

from orchestrator_dynamic.consumers.consumption import Consumption, ConsumptionLimits
from orchestrator_dynamic.consumers.dead_letters import TooManyDeadLetters
from orchestrator_dynamic.consumers.taker import Stream
from orchestrator_dynamic.errors import Misconfigured, Unavailable
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.message_sink import BrokerUnavailable
from orchestrator_dynamic.ports.record_source import Partition
from orchestrator_dynamic.wire.schema_registry import RegistryUnavailable
from tests.support.record_source import ListedRecords
from tests.support.takers import PATIENCE_S, QUICK, ListingTaker, consuming, until

ONE, TWO = Partition("results", 0), Partition("results", 1)
DECISIONS = Partition("decisions", 0)
VALUES = [b"%d" % number for number in range(500)]


def number_of(metrics: Metrics, line: str) -> float:
    """Return the value of the metric that is called `line`, labels included."""
    text = metrics.render().decode()
    return float(next(row.rpartition(" ")[2] for row in text.splitlines() if row.startswith(line)))


async def test_records_of_a_partition_are_taken_in_order_and_all_committed() -> None:
    """Results of one ticket must not overtake each other."""
    source, taker = ListedRecords(ONE), ListingTaker()
    source.add(ONE, *VALUES)

    async with consuming(source, taker):
        await until(lambda: source.committed.get(ONE) == len(VALUES))

    assert taker.taken == VALUES


async def test_a_stuck_partition_does_not_stop_another() -> None:
    """One slow plan's partition is no reason for the others to wait."""
    stuck, quick = ListingTaker("results"), ListingTaker("decisions", Stream.DECISIONS)
    source = ListedRecords(ONE, DECISIONS)
    stuck.open.clear()
    source.add(ONE, b"waits")
    source.add(DECISIONS, b"passes")

    async with consuming(source, stuck, quick):
        await until(lambda: source.committed.get(DECISIONS) == 1)
        assert stuck.given
        assert ONE not in source.committed
        stuck.open.set()


async def test_nothing_is_committed_before_it_is_taken() -> None:
    """A crash at any moment may repeat records, and may lose none."""
    source, taker = ListedRecords(ONE), ListingTaker()
    taker.open.clear()
    source.add(ONE, b"a", b"b")

    async with consuming(source, taker):
        await until(lambda: bool(taker.given))
        polled = source.polls
        await until(lambda: source.polls > polled + 2)
        assert source.committed == {}
        taker.open.set()
        await until(lambda: source.committed == {ONE: 2})


async def test_an_outage_has_the_same_records_taken_again() -> None:
    """The store being down says nothing about a message: it must come through, in its place."""
    source, taker = ListedRecords(ONE), ListingTaker()
    taker.faults = [Unavailable("the store is down")] * 20
    source.add(ONE, *VALUES[:3])

    async with consuming(source, taker):
        await until(lambda: bool(taker.taken))
        source.add(ONE, b"later")
        await until(lambda: source.committed == {ONE: 4})

    assert taker.taken == [*VALUES[:3], b"later"]
    assert taker.given[:21] == [(b"0", 3)] * 21
    assert source.paused == set()


async def test_a_partition_is_paused_through_an_outage_and_polling_goes_on() -> None:
    """Who does not poll is thrown out of the group, and the outage grows."""
    source, taker = ListedRecords(ONE, TWO), ListingTaker()
    metrics = Metrics()
    limits = ConsumptionLimits(poll_s=0.01, waits_s=(0.3,))
    taker.faults = [RegistryUnavailable("no answer")]
    source.add(ONE, b"a")

    async with consuming(source, taker, metrics=metrics, limits=limits):
        await until(lambda: ONE in source.paused)
        state = 'orchestration_breaker_state{service="results_intake"}'
        assert number_of(metrics, state) == 1
        source.add(TWO, b"b")
        await until(lambda: source.committed.get(TWO) == 1)
        assert ONE in source.paused
        await until(lambda: source.committed.get(ONE) == 1)

    assert number_of(metrics, state) == 0
    assert number_of(metrics, 'orchestration_kafka_errors_total{operation="schema"}') == 1


async def test_a_full_partition_is_paused_until_half_of_it_is_taken() -> None:
    """The broker keeps what we cannot hold; memory has a bound."""
    source, taker = ListedRecords(ONE), ListingTaker()
    limits = ConsumptionLimits(poll_s=0.01, batch_max=10, lane_records_max=100)
    taker.open.clear()
    source.add(ONE, *VALUES[:120])

    async with consuming(source, taker, limits=limits):
        await until(lambda: ONE in source.paused)
        source.add(ONE, *VALUES[120:])
        taker.open.set()
        await until(lambda: source.committed.get(ONE) == len(VALUES))

    assert taker.taken == VALUES
    assert source.paused == set()


async def test_few_large_records_fill_a_partition_too() -> None:
    """A plan may have 64 MiB; a thousand of them are no queue but the end."""
    source, taker = ListedRecords(ONE), ListingTaker()
    limits = ConsumptionLimits(poll_s=0.01, batch_max=1, lane_bytes_max=1_000)
    taker.open.clear()
    source.add(ONE, b"small", b"x" * 2_000)

    async with consuming(source, taker, limits=limits):
        await until(lambda: ONE in source.paused)
        taker.open.set()
        await until(lambda: source.committed.get(ONE) == 2)


async def test_what_is_in_hand_is_finished_and_committed_before_a_partition_goes() -> None:
    """The next member must begin behind what we have done."""
    source, taker = ListedRecords(ONE), ListingTaker()
    limits = ConsumptionLimits(poll_s=0.01, batch_max=2)
    taker.open.clear()
    source.add(ONE, b"a", b"b", b"c")

    async with consuming(source, taker, limits=limits), asyncio.TaskGroup() as tasks:
        await until(lambda: taker.given == [(b"a", 2)])
        losing = tasks.create_task(source.lose(ONE))
        await asyncio.sleep(0)
        taker.open.set()
        await losing

        assert source.committed == {ONE: 2}
        assert taker.taken == [b"a", b"b"]


async def test_what_could_not_be_committed_yet_is_committed_before_a_partition_goes() -> None:
    """The moment is the last: nobody waits for the next attempt."""
    source, taker = ListedRecords(ONE), ListingTaker()
    source.commit_faults.append(BrokerUnavailable("no answer"))
    source.add(ONE, b"a")

    async with consuming(source, taker):
        await until(lambda: not source.commit_faults)
        await source.lose(ONE)

        assert source.committed == {ONE: 1}


async def test_an_offset_that_missed_its_moment_is_never_committed() -> None:
    """The next owner is further by then, and would be set back."""
    source, taker = ListedRecords(ONE, TWO), ListingTaker()
    source.commit_faults.extend([BrokerUnavailable("no answer")] * 2)
    source.add(ONE, b"a", b"b")

    async with consuming(source, taker):
        await until(lambda: len(source.commit_faults) == 1)
        await source.lose(ONE)
        source.add(ONE, b"done by the other")
        source.committed[ONE] = 3
        await source.gain(ONE)
        source.add(TWO, b"x")
        await until(lambda: source.committed.get(TWO) == 1)

        assert source.committed[ONE] == 3


async def test_a_partition_that_comes_back_goes_on_where_the_group_is() -> None:
    """Whoever had it meanwhile has committed more; an old offset must not take that back."""
    source, taker = ListedRecords(ONE), ListingTaker()
    source.add(ONE, b"a", b"b", b"c", b"d")
    source.committed[ONE] = 0

    async with consuming(source, taker):
        await until(lambda: source.committed == {ONE: 4})
        await source.lose(ONE)
        source.committed[ONE] = 3
        await source.gain(ONE)
        await until(lambda: taker.taken == [b"a", b"b", b"c", b"d", b"d"])


async def test_work_that_outlasts_its_bound_is_given_up_with_all_behind_it() -> None:
    """The group waits for us; what we might still do must not go on beside its new owner."""
    source, taker = ListedRecords(ONE), ListingTaker()
    limits = ConsumptionLimits(poll_s=0.01, losing_s=0.05)
    taker.open.clear()
    source.add(ONE, b"a")

    async with consuming(source, taker, limits=limits):
        await until(lambda: bool(taker.given))
        source.add(ONE, b"waits")
        polled = source.polls
        await until(lambda: source.polls > polled + 2)
        await source.lose(ONE)
        assert source.committed == {}
        taker.open.set()
        await source.gain(ONE)
        await until(lambda: source.committed == {ONE: 2})

    assert taker.taken == [b"a", b"waits"]


async def test_a_record_at_which_we_fail_is_put_aside_alone() -> None:
    """A mistake of ours must not stop a topic, nor take its neighbours along."""
    source, taker = ListedRecords(ONE), ListingTaker()
    source.add(ONE, b"a", b"bad", b"c", b"bad")

    async with consuming(source, taker):
        await until(lambda: source.committed == {ONE: 4})

    assert taker.taken == [b"a", b"c"]
    assert taker.aside == [(b"bad", "unprocessable")] * 2


async def test_a_failing_poll_is_repeated() -> None:
    """Brokers come and go; we stay."""
    source, taker, metrics = ListedRecords(ONE), ListingTaker(), Metrics()
    source.poll_faults.extend([BrokerUnavailable("gone")] * 5)
    source.add(ONE, b"a")

    async with consuming(source, taker, metrics=metrics):
        await until(lambda: source.committed == {ONE: 1})

    assert number_of(metrics, 'orchestration_kafka_errors_total{operation="consume"}') == 5


async def test_a_failing_commit_is_repeated_with_what_was_done_meanwhile() -> None:
    """What is durable with us is not asked for again for want of one answer."""
    source, taker, metrics = ListedRecords(ONE, TWO), ListingTaker(), Metrics()
    source.commit_faults.append(BrokerUnavailable("no answer"))
    source.add(ONE, b"a")

    async with consuming(source, taker, metrics=metrics):
        await until(lambda: not source.commit_faults)
        source.add(TWO, b"b")
        await until(lambda: source.committed == {ONE: 1, TWO: 1})

    assert number_of(metrics, 'orchestration_kafka_errors_total{operation="commit"}') == 1


async def test_stopping_finishes_what_is_in_hand_and_commits_it() -> None:
    """A rolling restart costs no repetition."""
    source, taker = ListedRecords(ONE), ListingTaker()
    limits = ConsumptionLimits(poll_s=0.01, batch_max=1)
    taker.open.clear()
    source.add(ONE, b"a", b"b")
    consumption = Consumption(source, [taker], Metrics(), limits)

    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        tasks.create_task(consumption.run())
        await until(lambda: bool(taker.given))
        consumption.stop()
        await asyncio.sleep(0)
        taker.open.set()

    assert taker.taken == [b"a"]
    assert source.committed == {ONE: 1}


async def test_stopping_takes_no_longer_than_its_bound() -> None:
    """Whoever deploys us kills us after half a minute."""
    source, taker = ListedRecords(ONE), ListingTaker()
    taker.open.clear()
    source.add(ONE, b"a")
    consumption = Consumption(source, [taker], Metrics(), ConsumptionLimits(stop_s=0.05))

    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        tasks.create_task(consumption.run())
        await until(lambda: bool(taker.given))
        consumption.stop()

    assert source.committed == {}


async def test_stopping_does_not_wait_for_an_outage_to_end() -> None:
    """Records that cannot be taken now are taken by whoever comes next."""
    source, taker = ListedRecords(ONE), ListingTaker()
    taker.faults = [Unavailable("down")] * 1_000
    source.add(ONE, b"a")
    limits = ConsumptionLimits(waits_s=(60.0,))

    async with asyncio.timeout(PATIENCE_S), consuming(source, taker, limits=limits):
        await until(lambda: ONE in source.paused)

    assert source.committed == {}


async def test_a_refusal_ends_consumption_with_the_refusal_itself() -> None:
    """A wrong password is for a person, who reads the message and not a tree of groups."""
    source, taker = ListedRecords(ONE), ListingTaker()
    taker.faults = [Misconfigured("the registry does not let us in")]
    source.add(ONE, b"a")

    with pytest.raises(Misconfigured, match="does not let us in"):
        await Consumption(source, [taker], Metrics(), QUICK).run()


async def test_too_many_dead_letters_stop_a_topic_for_everybody_to_see() -> None:
    """An operator finds it on the dashboard before somebody misses a plan."""
    source, taker, metrics = ListedRecords(ONE), ListingTaker(), Metrics()
    taker.faults = [TooManyDeadLetters("100 within 60 s")]
    source.add(ONE, b"a")
    limits = ConsumptionLimits(poll_s=0.01, waits_s=(0.2,))

    async with consuming(source, taker, metrics=metrics, limits=limits):
        await until(lambda: ONE in source.paused)
        state = 'orchestration_breaker_state{service="results_intake"}'
        assert number_of(metrics, state) == 2
        await until(lambda: source.committed == {ONE: 1})
        assert number_of(metrics, state) == 0


async def test_messages_and_lag_are_counted_by_stream() -> None:
    """Two numbers say whether we keep up."""
    source, taker, metrics = ListedRecords(ONE), ListingTaker(), Metrics()
    taker.open.clear()
    source.add(ONE, b"a", b"b", b"c")

    async with consuming(source, taker, metrics=metrics):
        await until(lambda: bool(taker.given))
        lag = 'orchestration_kafka_consumer_lag{stream="results"}'
        assert number_of(metrics, lag) == 3
        taker.open.set()
        await until(lambda: source.committed == {ONE: 3})
        assert number_of(metrics, lag) == 0

    consumed = 'orchestration_kafka_messages_consumed_total{stream="results"}'
    assert number_of(metrics, consumed) == 3
