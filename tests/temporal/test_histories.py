"""What a server keeps of a plan stays small; nothing is lost where it continues as a new run."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent

from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.ids import TicketId, WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.orchestrator import Action
from orchestrator_dynamic.ports.ticket_bus import Dispatch
from orchestrator_dynamic.ports.ticket_publisher import Refusal
from orchestrator_dynamic.sdk import TicketContext
from orchestrator_dynamic.simulation.bench_plans import Shape, decisions
from tests.support.engines import a_chain, a_worker, rows
from tests.support.messages import a_result, a_task
from tests.support.temporal_server import DevServer
from tests.support.temporal_world import HASTY, Process, a_new_message, a_process

EVENTS_MAX = 10_240
PAYLOAD_MAX = 256 * 1024

# Answers are brought by the tests themselves; all tickets of a plan may be out.
ALL_OUT = Policy(retry=HASTY.retry, parallel_tickets_max=100_000)


@pytest.fixture(scope="module")
def impatient() -> Iterator[DevServer]:
    """A server that suggests soon to continue as a new run."""
    with DevServer("limit.historyCount.suggestContinueAsNew=100") as running:
        yield running


class ListedTickets:
    """A broker that has everything, and whose tickets the test answers."""

    def __init__(self) -> None:
        self.tickets: list[ExecutionTicket] = []

    async def publish(self, dispatches: Sequence[Dispatch]) -> Sequence[Refusal]:
        """As the port says."""
        self.tickets += [one.ticket for one in dispatches]
        return []

    async def cancel(self, dispatches: Sequence[Dispatch]) -> Sequence[TicketId]:
        """As the port says."""
        return []

    def forget(self, ticket_id: TicketId, attempt: int) -> None:
        """As the port says."""


async def runs_of(process: Process, workflow_id: WorkflowId) -> list[list[HistoryEvent]]:
    """Return the events of each run of a workflow, oldest run first."""
    found: list[list[HistoryEvent]] = []
    history = await process.client.get_workflow_handle(workflow_id).fetch_history()
    first = history.events[0].workflow_execution_started_event_attributes.first_execution_run_id
    while first:
        handle = process.client.get_workflow_handle(workflow_id, run_id=first)
        found.append([event async for event in handle.fetch_history_events()])
        last = found[-1][-1].workflow_execution_continued_as_new_event_attributes
        first = last.new_execution_run_id
    return found


def payloads_in(message: Message) -> Iterator[Payload]:
    """Yield every payload that is somewhere in a message."""
    if isinstance(message, Payload):
        yield message
        return
    for descriptor, value in message.ListFields():
        if descriptor.message_type is None:
            continue
        inner = value.values() if hasattr(value, "values") else value
        for one in [inner] if isinstance(inner, Message) else inner:
            if isinstance(one, Message):
                yield from payloads_in(one)


def largest_payload(runs: list[list[HistoryEvent]]) -> int:
    """Return how many bytes the largest payload of these events has."""
    return max(len(one.data) for run in runs for event in run for one in payloads_in(event))


async def test_a_burst_of_answers_arrives_in_few_signals(server: DevServer, tmp_path: Path) -> None:
    """Five thousand workers that answer at once are ten signals or so, in their order."""
    broker = ListedTickets()
    tasks = [a_task(f"t{number}") for number in range(5_000)]
    async with a_process(
        tmp_path, server.address, policy=ALL_OUT, publisher=lambda queue: broker
    ) as process:
        workflow_id = await process.begin(a_new_message(*tasks))
        await process.until(workflow_id, lambda report: report.stages.get("RUNNING") == 5_000)
        answers = [a_result(one.ticket_id) for one in broker.tickets]
        await asyncio.gather(*(process.orchestrator.report(answer) for answer in answers))
        outcome = await process.outcome_of(workflow_id)
        runs = await runs_of(process, workflow_id)

    signals = [
        event for event in runs[0] if event.HasField("workflow_execution_signaled_event_attributes")
    ]
    told = rows(
        tmp_path,
        "SELECT t.ticket_id FROM journal j JOIN tickets t ON t.number = j.body ->> 'ticket' "
        "WHERE j.kind = 'ticket_succeeded' ORDER BY j.seq",
    )
    assert outcome is Outcome.SUCCESS
    assert len(signals) <= 25
    assert [row[0] for row in told] == [answer.ticket_id for answer in answers]
    assert largest_payload(runs) <= PAYLOAD_MAX


async def test_ten_thousand_tickets_fit_into_a_history(server: DevServer, tmp_path: Path) -> None:
    """The server warns at 10,240 events, and at payloads of 256 KiB."""
    [message] = decisions(Shape.FAN, 10_000, tmp_path.name)
    async with a_process(tmp_path, server.address, a_worker(), patience_s=120) as process:
        outcome = await process.run_to_end(message)
        [(name,)] = rows(tmp_path, "SELECT workflow_id FROM workflows")
        runs = await runs_of(process, WorkflowId(str(name)))

    events, payload = max(len(run) for run in runs), largest_payload(runs)
    measured = f"{len(runs)} run(s), {events:,} events, largest payload {payload:,} bytes"
    sys.stdout.write(f"10,000 tickets: {measured}\n")
    assert outcome is Outcome.SUCCESS
    assert events <= 4_000 <= EVENTS_MAX
    assert payload <= PAYLOAD_MAX


async def test_a_large_answer_never_enters_a_history(server: DevServer, tmp_path: Path) -> None:
    """It is kept where it arrives; the workflow hears how the attempt ended."""
    output = "x" * 1_000_000

    async def work(ticket: ExecutionTicket, context: TicketContext) -> dict[str, str]:
        return {"report": output}

    async with a_process(tmp_path, server.address, a_worker(work)) as process:
        workflow_id = await process.begin(a_new_message())
        outcome = await process.outcome_of(workflow_id)
        runs = await runs_of(process, workflow_id)

    kept = rows(tmp_path, "SELECT payload ->> '$.output.report' FROM results ORDER BY id")
    assert outcome is Outcome.SUCCESS
    assert (output,) in kept
    assert largest_payload(runs) < 20_000


async def test_names_as_long_as_a_plan_may_have_them_stay_out_of_a_history(
    server: DevServer, tmp_path: Path
) -> None:
    """Reports name some tickets, and a refusal some steps, however many and long they are."""
    tasks = [a_task(f"{number}-".ljust(500, "x")) for number in range(2_000)]
    gated = [task.task_id for task in tasks[:1_000]]
    async with a_process(
        tmp_path, server.address, policy=ALL_OUT, publisher=lambda queue: ListedTickets()
    ) as process:
        workflow_id = await process.begin(a_new_message(*tasks, destructive_tasks=gated))
        report = await process.until(workflow_id, lambda report: "RUNNING" in report.stages)
        odd = await process.ask(Action.APPROVE, workflow_id, tasks=("nothing",))
        approved = await process.ask(Action.APPROVE, workflow_id)
        runs = await runs_of(process, workflow_id)
        await process.client.get_workflow_handle(workflow_id).terminate()

    assert (odd.accepted, approved.accepted) == (False, True)
    assert report.stages == {"AWAITING_APPROVAL": 1_000, "RUNNING": 1_000}
    assert largest_payload(runs) <= 100_000


async def test_nothing_is_lost_where_a_plan_continues_as_a_new_run(
    impatient: DevServer, tmp_path: Path
) -> None:
    """Answers and requests come at any moment, also in that one."""
    tasks = [a_task(f"t{number}", dependencies=_before(number)) for number in range(120)]
    async with a_process(tmp_path, impatient.address, a_worker()) as process:
        workflow_id = await process.begin(a_new_message(*tasks))
        replies = 0
        while (await process.report(workflow_id)).outcome is None:
            paused = await process.ask(Action.PAUSE, workflow_id)
            resumed = await process.ask(Action.RESUME, workflow_id)
            replies += paused.accepted + resumed.accepted
        outcome = await process.outcome_of(workflow_id)
        runs = await runs_of(process, workflow_id)

    [(paused_rows,), (resumed_rows,)] = (
        rows(tmp_path, f"SELECT count(*) FROM journal WHERE kind = '{kind}_requested'")[0]
        for kind in ("pause", "resume")
    )
    assert outcome is Outcome.SUCCESS
    assert len(runs) >= 3
    assert max(len(run) for run in runs) <= 250
    assert replies == int(str(paused_rows)) + int(str(resumed_rows)) > 0
    assert rows(tmp_path, "SELECT count(*) FROM results WHERE fate <> 'accepted'") == [(0,)]
    assert rows(tmp_path, "SELECT count(DISTINCT ticket_id) FROM results") == [(120,)]


def _before(number: int) -> list[str]:
    return [f"t{number - 2}"] if number > 1 else []


async def test_a_chain_of_a_hundred_costs_few_events_a_ticket(
    server: DevServer, tmp_path: Path
) -> None:
    """The shape that gathers nothing: each ticket is a signal and a turn of its own."""
    async with a_process(tmp_path, server.address, a_worker()) as process:
        workflow_id = await process.begin(a_new_message(*a_chain(*(f"t{n}" for n in range(100)))))
        outcome = await process.outcome_of(workflow_id)
        runs = await runs_of(process, workflow_id)

    assert outcome is Outcome.SUCCESS
    assert len(runs[0]) <= 100 * 6 + 30
