"""The port `Store`: what people and programs read, beside the engine that writes it."""

import pytest

from orchestrator_dynamic.errors import InvalidInput
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.filters import WorkflowFilter
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.store import PAGE_MAX, NotFound, Store
from orchestrator_dynamic.runtime.open_plan import OpenPlan
from orchestrator_dynamic.runtime.recovery import folded
from tests.support.kept import Kept
from tests.support.ledgers import a_workflow

EVERYTHING = WorkflowFilter()


async def test_workflows_come_newest_first(store: Store) -> None:
    """What has just happened is what people look for."""
    page = await store.workflows(EVERYTHING)

    assert [one.decision_id for one in page.workflows] == ["gamma", "beta", "alpha"]
    assert page.next is None


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (WorkflowFilter(outcome=Outcome.SUCCESS), ["alpha"]),
        (WorkflowFilter(outcome=Outcome.COMPENSATED), ["beta"]),
        (WorkflowFilter(open_only=True), ["gamma"]),
        (WorkflowFilter(phase="AWAITING_APPROVAL"), ["gamma"]),
        (WorkflowFilter(plan_id="plan-of-alpha"), ["alpha"]),
        (WorkflowFilter(intent_id="intent-1", outcome=Outcome.SUCCESS), ["alpha"]),
        (WorkflowFilter(intent_id="another"), []),
        (WorkflowFilter(outcome=Outcome.SUCCESS, open_only=True), []),
    ],
)
async def test_a_filter_keeps_what_it_describes(
    store: Store, wanted: WorkflowFilter, found: list[str]
) -> None:
    """All that is asked for must hold at once."""
    assert [one.decision_id for one in (await store.workflows(wanted)).workflows] == found


async def test_pages_follow_each_other_without_gap_or_repetition(store: Store) -> None:
    """New workflows that arrive meanwhile must not shift the pages."""
    first = await store.workflows(EVERYTHING, limit=2)
    second = await store.workflows(EVERYTHING, limit=2, after=first.next)

    names = [one.decision_id for one in (*first.workflows, *second.workflows)]
    assert names == ["gamma", "beta", "alpha"]
    assert second.next is None


@pytest.mark.parametrize("cursor", ["", "x", "-1", "9" * 40])
async def test_a_page_that_was_never_given_out_is_refused(store: Store, cursor: str) -> None:
    """An empty answer would look like the end."""
    with pytest.raises(InvalidInput, match="no page"):
        await store.workflows(EVERYTHING, after=cursor)
    with pytest.raises(InvalidInput, match="no page"):
        await store.dead_letters(after=cursor)


async def test_a_workflow_tells_how_it_ended(store: Store) -> None:
    """The numbers of an ended plan are final."""
    beta = await store.workflow("beta")

    assert beta.outcome is Outcome.COMPENSATED
    assert "it is broken" in beta.reason
    assert (beta.tasks, beta.completed, beta.failed, beta.compensated) == (3, 0, 1, 1)
    assert beta.ended_at is not None
    assert beta.incidents == 1


@pytest.mark.parametrize(
    ("name", "outcome"), [("orch-alpha", Outcome.SUCCESS), ("orch-gamma", None)]
)
async def test_an_ending_is_told_by_workflow_id(
    store: Store, name: str, outcome: Outcome | None
) -> None:
    """Whoever handed a decision in again wants to know what it came to."""
    ending = await store.ending(WorkflowId(name))

    assert ending is not None
    assert (ending.outcome, ending.pruned_at) == (outcome, None)


async def test_there_is_no_ending_of_what_never_was(store: Store) -> None:
    """It is not the same as one that is open."""
    assert await store.ending(WorkflowId("orch-delta")) is None


async def test_it_is_known_how_a_decision_came_in(store: Store) -> None:
    """The first question about a plan that nobody expected."""
    arrival = await store.arrival(await store.workflow("alpha"))

    assert (arrival.source, arrival.envelope) == ("test", "json")
    assert len(arrival.content_hash) == 64


async def test_the_audit_says_who_did_what(store: Store) -> None:
    """Oldest first, each with its detail."""
    audit = await store.audit(await store.workflow("beta"))

    assert [one.action for one in audit] == [
        "decision_accepted",
        "plan_started",
        "plan_draining",
        "compensation_began",
        "plan_ended",
    ]
    assert {one.actor for one in audit} == {"orchestrator"}
    assert audit[-1].detail["outcome"] == "COMPENSATED"


async def test_incidents_are_kept_as_they_were_sent(store: Store) -> None:
    """Whoever remedies one must find all of it, its hash included."""
    [incident] = await store.incidents(await store.workflow("beta"))

    assert incident.incident_type == "WORKER_FAILURE"
    assert incident.affected_tickets == (
        (await store.ticket(await store.workflow("beta"), "broken")).ticket_id,
    )
    assert len(incident.hash) == 64
    assert await store.incidents(await store.workflow("alpha")) == ()


async def test_an_ended_plan_has_its_frame(store: Store) -> None:
    """One each, and none before the end."""
    frame = await store.telemetry(await store.workflow("alpha"))

    assert frame is not None
    assert frame.correlation.workflow_id == "orch-alpha"
    assert (frame.outcome, frame.metrics.tickets_retried) == (Outcome.SUCCESS, 1)
    assert await store.telemetry(await store.workflow("gamma")) is None


async def test_messages_can_be_looked_at_by_topic(store: Store) -> None:
    """Newest first; the embedded bus has taken all of them."""
    frames = await store.messages(topic="telemetry.orchestration")

    assert [one.key for one in frames] == ["plan-of-beta", "plan-of-alpha"]
    assert len(await store.messages()) == 3
    assert await store.messages(buffered_only=True) == ()


async def test_an_open_plan_can_be_folded_from_what_is_stored(store: Store) -> None:
    """From its state follows what each ticket waits for."""
    plan = folded(await store.stored_plan(await store.workflow("gamma")))

    assert isinstance(plan, OpenPlan)
    assert plan.state.phase == "AWAITING_APPROVAL"
    assert [ticket.task_id for ticket in plan.state.tickets] == ["x", "y"]


async def test_no_page_is_longer_than_somebody_reads(kept: Kept) -> None:
    """Whatever is asked for, an answer must fit into memory; and it says that there is more."""
    many = Batch(workflows={key: a_workflow(key) for key in range(1, PAGE_MAX + 2)})
    store = await kept.committed(many)

    page = await store.workflows(EVERYTHING, limit=10 * PAGE_MAX)
    rest = await store.workflows(EVERYTHING, after=page.next)

    assert len(page.workflows) == PAGE_MAX
    assert [one.key for one in rest.workflows] == [1]


async def test_dead_letters_come_newest_first_without_their_bodies(store: Store) -> None:
    """Bodies may be large, and a list is not where anybody reads them."""
    page = await store.dead_letters(limit=1)
    rest = await store.dead_letters(limit=1, after=page.next)

    assert [one.reason for one in (*page.letters, *rest.letters)] == [
        "unknown_envelope",
        "not_json",
    ]
    assert rest.next is None
    assert (page.letters[0].source, page.letters[0].size) == ("a stranger", 2)


async def test_a_dead_letter_in_full_has_its_bytes_and_every_reason(store: Store) -> None:
    """Both are needed to mend it."""
    oldest = (await store.dead_letters()).letters[-1].id

    letter, body = await store.dead_letter(oldest)

    assert letter.id == oldest
    assert body == b"not a decision"
    assert [finding.code for finding in letter.findings] == ["not_json"]
    assert not letter.truncated


@pytest.mark.parametrize("number", [0, 999, -1, 10**30])
async def test_a_dead_letter_that_there_is_not_is_not_found(store: Store, number: int) -> None:
    """Also where the number is none that a database could hold."""
    with pytest.raises(NotFound, match=f"no dead letter {number}"):
        await store.dead_letter(number)
