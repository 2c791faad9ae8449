"""The journal is the plan: whoever folds the same facts stands where the first one stood."""

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator_dynamic.core import commands
from orchestrator_dynamic.core.explanation import why_plan, why_ticket
from orchestrator_dynamic.core.facts import DecisionAccepted
from orchestrator_dynamic.core.plan_execution import PlanExecution
from orchestrator_dynamic.core.plan_graph import PlanGraph
from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.core.ticket import Stage, Ticket
from orchestrator_dynamic.core.ticket_factory import message_of
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from tests.support.histories import History, histories
from tests.support.snapshots import snapshot
from tests.support.story import Story

# What of a ticket is stored and shown; how urgent it is moves by itself and is stored with it.
SHOWN = (
    "stage",
    "attempt",
    "error",
    "agent",
    "deadline_at",
    "published_at",
    "started_at",
    "ended_at",
    "undone_by",
    "violated",
)


def look_at(story: Story) -> None:
    """Ask for everything that can be asked, as status pages and drivers do at any time."""
    state = story.state
    why_plan(state)
    for ticket in state.tickets:
        why_ticket(state, ticket)
        message_of(state, ticket.number)
    for stage in Stage:
        story.execution.attempts_in(stage)


@settings(max_examples=60)
@given(histories(length_max=40))
def test_folding_the_journal_gives_the_live_state_at_every_prefix(history: History) -> None:
    """A restart anywhere goes on as if nothing had happened, the next alarm included.

    The live plan is looked at after every fact, the folded one never: looking changes nothing.
    """
    for live in history.retold():
        look_at(live)
        folded = Story(history.decision)

        for fact in live.journal:
            folded.tell(fact)

        assert folded.asked == live.asked
        assert snapshot(folded.execution) == snapshot(live.execution)


@settings(max_examples=60)
@given(histories(), st.sampled_from([None, Policy(), Policy(ticket_timeout_min_ms=5_000)]))
def test_what_is_prepared_beforehand_changes_nothing(
    history: History, other: Policy | None
) -> None:
    """A driver may draw the graph and make the tickets early; a restart does neither."""
    begin = history.facts[0]
    assert isinstance(begin, DecisionAccepted)
    early = Story(history.decision)
    graph = PlanGraph(history.decision.cognitive_plan.tasks, 60_000)
    early.execution = PlanExecution(early.state.workflow_id, history.decision, graph)
    early.execution.prepare(begin.policy if other is None else other)

    for late in history.retold():
        assert early.tell(late.journal[-1]) == late.latest

    assert snapshot(early.execution) == snapshot(history.story().execution)


@settings(max_examples=120)
@given(histories())
def test_the_message_of_a_ticket_follows_from_the_facts(history: History) -> None:
    """A second publish, by a second replica, must be the same message byte for byte."""
    folded = Story(history.decision)
    for live in history.retold():
        folded.tell(live.journal[-1])
        for number in range(len(live.state.tickets)):
            message = message_of(live.state, number)

            assert message_of(folded.state, number) == message


@settings(max_examples=60)
@given(histories())
def test_the_message_of_a_ticket_keeps_the_contract(history: History) -> None:
    """It is made without validation, for speed, so it must be valid by construction."""
    story = history.story()
    for number in range(len(story.state.tickets)):
        message = message_of(story.state, number)

        assert ExecutionTicket.model_validate(message.model_dump()) == message


def shown(ticket: Ticket) -> list[object]:
    """Return what of a ticket is stored and shown."""
    return [getattr(ticket, name) for name in SHOWN]


@settings(max_examples=120)
@given(histories())
def test_a_ticket_that_changes_is_recorded(history: History) -> None:
    """The store would go on showing what is no longer true."""
    before: dict[int, list[object]] = {}
    for story in history.retold():
        recorded = {
            number
            for command in story.latest
            if isinstance(command, commands.RecordTickets)
            for number in command.tickets
        }
        after = {ticket.number: shown(ticket) for ticket in story.state.tickets}

        changed = {number for number in after if after[number] != before.get(number)}

        assert changed <= recorded
        before = after


@settings(max_examples=120)
@given(histories())
def test_what_is_recorded_comes_before_what_is_published(history: History) -> None:
    """If the store is down tickets wait: nothing goes out that nobody has written down."""
    for story in history.retold():
        kinds = [command.kind for command in story.latest]
        if "publish_tickets" in kinds:
            assert kinds.index("record_tickets") < kinds.index("publish_tickets")
