"""Making topics, and what the doctor sees."""

import pytest

from orchestrator_dynamic.adapters.kafka.probe import probe
from orchestrator_dynamic.adapters.kafka.topics import TopicPlan, create_topics, describe_topics
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.ports.probing import Verdict
from tests.services.kafka.bench import Bench, Changes, polled_until

pytestmark = pytest.mark.services


async def test_topics_are_made_as_they_are_wanted_and_only_once(bench: Bench) -> None:
    """Setting up twice must change nothing, least of all what others have tuned."""
    name = f"{bench.group}.made"
    wanted = TopicPlan(
        name=name, partitions=6, replication=1, retention_ms=604_800_000, cleanup="compact"
    )

    first = await create_topics(bench.options, [wanted])
    again = await create_topics(bench.options, [wanted, TopicPlan(name=f"{name}.default")])
    states = await describe_topics(bench.options, [name, "no.such.topic"])

    assert (first.created, first.present) == ((name,), ())
    assert (again.created, again.present) == ((f"{name}.default",), (name,))
    state = states[name]
    assert state is not None
    assert (state.partitions, state.replication, state.leaderless) == (6, 1, 0)
    assert state.configuration["retention.ms"] == "604800000"
    assert state.configuration["cleanup.policy"] == "compact"
    assert states["no.such.topic"] is None


@pytest.mark.parametrize(
    ("plan", "word"),
    [
        (TopicPlan(name="a.b", replication=3), "replication"),
        (TopicPlan(name="no name of a topic"), "invalid"),
        (TopicPlan(name="a.b", cleanup="nonsense"), "nonsense"),
    ],
)
async def test_what_the_broker_will_not_make_is_told_with_its_reason(
    bench: Bench, plan: TopicPlan, word: str
) -> None:
    """One broker cannot keep three copies: the operator must see which number to change."""
    with pytest.raises(Misconfigured, match=f"(?i){plan.name}.*{word}"):
        await create_topics(bench.options, [plan])


async def test_the_doctor_looks_at_cluster_topics_and_group(bench: Bench) -> None:
    """Each with a finding, and with a remedy where it is not well."""
    topic = await bench.topic(partitions=2)
    wanted = [
        TopicPlan(name=topic, partitions=2),
        TopicPlan(name=topic, partitions=6),
        TopicPlan(name="no.such.topic"),
    ]

    async with bench.source(topic) as source:
        changes = Changes(source)
        await polled_until(source, lambda: bool(changes.held))
        cluster, good, small, missing, group = await probe(bench.options, wanted, bench.group)

    assert cluster.verdict is Verdict.OK
    assert "1 broker" in cluster.finding
    assert good.verdict is Verdict.OK
    assert "2 partitions, replication 1, min.insync.replicas 1, retention 7 days" in good.finding
    assert small.verdict is Verdict.WARNING
    assert "6" in small.remedy
    assert missing.verdict is Verdict.PROBLEM
    assert (group.verdict, group.finding) == (Verdict.OK, "1 member now")
