"""C3: which ticket goes out next, and how many at a time."""

import pytest

from orchestrator_dynamic.core.policy import Policy, PriorityWeights
from orchestrator_dynamic.core.scheduling import order_key, priority_score, scores_of
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.core.ticket_factory import QOS
from orchestrator_dynamic.models.execution_ticket import QoS
from orchestrator_dynamic.models.vocabulary import (
    Consistency,
    DeliveryMode,
    Durability,
    RiskBand,
)
from tests.support.messages import NOON
from tests.support.plans import SECOND, a_task
from tests.support.story import begun

BEST = QoS(
    delivery_mode=DeliveryMode.EXACTLY_ONCE,
    consistency=Consistency.STRONG,
    durability=Durability.PERSISTENT,
)
ONLY_RISK = Policy(weights=PriorityWeights(risk=1, qos=0, urgency=0))
ONLY_QOS = Policy(weights=PriorityWeights(risk=0, qos=1, urgency=0))


def test_the_weights_are_those_of_the_rules() -> None:
    """0.4 risk + 0.3 QoS + 0.3 urgency."""
    assert PriorityWeights() == PriorityWeights(risk=0.4, qos=0.3, urgency=0.3)


@pytest.mark.parametrize(
    ("band", "part"),
    [
        (RiskBand.CRITICAL, 1.0),
        (RiskBand.HIGH, 0.7),
        (RiskBand.MEDIUM, 0.5),
        (RiskBand.LOW, 0.3),
    ],
)
def test_the_part_of_risk(band: RiskBand, part: float) -> None:
    """The more is at stake, the sooner."""
    assert priority_score(band, BEST, 0.3, ONLY_RISK) == pytest.approx(part)


@pytest.mark.parametrize(
    ("delivery", "by_delivery"),
    [
        (DeliveryMode.EXACTLY_ONCE, 1.0),
        (DeliveryMode.AT_LEAST_ONCE, 0.7),
        (DeliveryMode.AT_MOST_ONCE, 0.5),
    ],
)
@pytest.mark.parametrize(
    ("consistency", "by_consistency"), [(Consistency.STRONG, 1.0), (Consistency.EVENTUAL, 0.85)]
)
@pytest.mark.parametrize(
    ("durability", "by_durability"), [(Durability.PERSISTENT, 1.0), (Durability.TRANSIENT, 0.9)]
)
def test_the_part_of_quality_is_a_product(
    delivery: DeliveryMode,
    by_delivery: float,
    consistency: Consistency,
    by_consistency: float,
    durability: Durability,
    by_durability: float,
) -> None:
    """Delivery × consistency × durability."""
    qos = QoS(delivery_mode=delivery, consistency=consistency, durability=durability)

    score = priority_score(RiskBand.LOW, qos, 0.3, ONLY_QOS)

    assert score == pytest.approx(by_delivery * by_consistency * by_durability)


@pytest.mark.parametrize(
    ("band", "scores"),
    [
        (RiskBand.CRITICAL, (0.79, 0.91, 1.0)),
        (RiskBand.HIGH, (0.67, 0.79, 0.88)),
        (RiskBand.MEDIUM, (0.4685, 0.5885, 0.6785)),
        (RiskBand.LOW, (0.3885, 0.5085, 0.5985)),
    ],
)
def test_the_score_of_each_band_at_each_step_of_urgency(
    band: RiskBand, scores: tuple[float, float, float]
) -> None:
    """Urgency counts 0.3, 0.7 and 1.0; nothing is ever above 1."""
    assert scores_of(band, QOS[band], Policy()) == pytest.approx(scores)


@pytest.mark.parametrize(
    ("used", "score"),
    [
        (0.0, 0.4685),
        (0.4999, 0.4685),
        (0.5, 0.5885),
        (0.7999, 0.5885),
        (0.8, 0.6785),
        (0.9999, 0.6785),
        (1.0, 0.6785),
    ],
)
def test_urgency_rises_as_the_time_to_the_deadline_is_used(used: float, score: float) -> None:
    """Below 50 % it is low, below 80 % it is higher, then it is highest."""
    story = begun(a_task("a"))  # It has three minutes.

    story.wait(round(180_000 * used))

    assert story.ticket("a").score == pytest.approx(score)


def test_a_retry_is_as_urgent_as_a_beginning() -> None:
    """Each attempt has a deadline of its own."""
    story = begun(a_task("a"))
    story.wait(150_000)
    story.fail("a")

    story.wait(SECOND)

    assert story.ticket("a").attempt == 2
    assert story.ticket("a").score == pytest.approx(0.4685)


def test_a_retry_becomes_urgent_like_a_beginning() -> None:
    """However far the attempt before it had come."""
    story = begun(a_task("a"))
    story.wait(150 * SECOND)
    story.fail("a")
    story.wait(SECOND)

    story.wait(90 * SECOND)

    assert story.ticket("a").score == pytest.approx(0.5885)


def test_the_key_sorts_by_score_then_way_then_age_then_number() -> None:
    """The smallest key goes first; the last part makes the order total."""
    story = begun(a_task("a"), a_task("b"), policy=Policy(parallel_tickets_max=1))
    ticket = story.ticket("b")

    assert order_key(ticket, 60_000) == (-ticket.score, -60_000, NOON, 1)


def test_the_longest_way_goes_first() -> None:
    """Of equal scores, what holds up the most."""
    story = begun(
        a_task("short"),
        a_task("long"),
        a_task("after", after="long"),
        policy=Policy(parallel_tickets_max=1),
    )

    story.succeed("long")

    assert story.released()[:2] == ["long", "short"]


def test_of_equal_ways_the_older_goes_first() -> None:
    """It has waited longer."""
    story = begun(
        a_task("a"),
        a_task("b", after="a"),
        a_task("gate"),
        a_task("c", after="gate"),
        policy=Policy(parallel_tickets_max=2),
    )
    story.pause()
    story.succeed("gate")
    story.wait(SECOND)
    story.succeed("a")

    story.resume()

    assert story.released(story.latest) == ["c", "b"]


def test_of_equals_the_first_in_the_plan_goes_first() -> None:
    """So that every replica releases the same."""
    story = begun(a_task("b"), a_task("a"), a_task("c"))

    assert story.released() == ["b", "a", "c"]


def test_a_ticket_that_has_become_urgent_overtakes() -> None:
    """A higher score comes before a longer way."""
    story = begun(
        a_task("busy", estimated_duration_ms=900_000),
        a_task("short", estimated_duration_ms=20_000),
        a_task("long", estimated_duration_ms=500_000),
        policy=Policy(parallel_tickets_max=1),
    )
    assert story.released() == ["busy"]
    story.wait(31 * SECOND)  # Half of the minute of `short`, next to nothing for `long`.

    story.succeed("busy")

    assert story.released() == ["busy", "short"]


def test_a_plan_has_at_most_a_hundred_tickets_out() -> None:
    """By default; the rest wait for their turn and go as others end."""
    story = begun(*(a_task(f"t{n}") for n in range(102)))
    assert Policy().parallel_tickets_max == 100
    assert len(story.released()) == 100
    assert story.stage("t100") is Stage.READY

    story.succeed("t0")

    assert story.released(story.latest) == ["t100"]


def test_a_failed_attempt_makes_room() -> None:
    """While it waits for its next turn it occupies nobody."""
    story = begun(a_task("a"), a_task("b"), policy=Policy(parallel_tickets_max=1))

    story.fail("a")

    assert story.released(story.latest) == ["b"]


def test_an_attempt_that_begins_does_not_make_room() -> None:
    """Confirmed and started tickets are still out."""
    story = begun(a_task("a"), a_task("b"), policy=Policy(parallel_tickets_max=1))

    story.confirm("a")
    story.start("a")

    assert story.stage("b") is Stage.READY
