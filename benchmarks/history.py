"""What a large plan leaves in a Temporal server's history: events of each run, largest payload.

Needs TEMPORAL_HOST. Workers are in this process, so that answers come as quickly as they can.
"""

from argparse import ArgumentParser
from pathlib import Path
from time import perf_counter

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.client import Client

from benchmarks.servers import needed
from orchestrator_dynamic.adapters.temporal.connection import connected
from orchestrator_dynamic.bootstrap.shared_addresses import temporal_address
from orchestrator_dynamic.bootstrap.temporal import shared_application
from orchestrator_dynamic.cli.bench_worker import worker
from orchestrator_dynamic.cli.event_loop import run_in_loop
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.simulation.bench_plans import Shape, decisions

EVENTS_MAX, PAYLOAD_BYTES_MAX = 10_240, 256 * 1024


def measure(directory: Path, arguments: list[str]) -> dict[str, object]:
    """Return how much history a plan has."""
    parser = ArgumentParser("python -m benchmarks history", description=__doc__)
    parser.add_argument("--shape", type=Shape, default=Shape.LAYERED, choices=list(Shape))
    parser.add_argument("--tasks", type=int, default=10_000)
    told = parser.parse_args(arguments)
    settings = needed("TEMPORAL_HOST", directory=directory)
    kafka = settings.kafka.model_copy(update={"bootstrap_servers": None})
    settings = settings.model_copy(update={"kafka": kafka})
    return run_in_loop(_measured(settings, told.shape, told.tasks))


async def _measured(settings: Settings, shape: Shape, tasks: int) -> dict[str, object]:
    async with shared_application(settings, takes_turns=True, workers=[worker]) as app:
        [message] = decisions(shape, tasks, settings.temporal.task_queue)
        began = perf_counter()
        receipt = await app.orchestrator.submit(message, source="bench")
        if receipt.workflow_id is None:
            raise RuntimeError(f"the plan was refused: {receipt.reason}")
        outcome = await app.workflows.outcome_of(receipt.workflow_id)
        seconds = perf_counter() - began
        client = await connected(temporal_address(settings))
        runs = await _runs_of(client, receipt.workflow_id)
    most, largest = max(events for events, _ in runs), max(size for _, size in runs)
    return {
        "history": f"{shape}, {tasks} tickets, {outcome}",
        "runs": len(runs),
        "events_each_run": [events for events, _ in runs],
        "events_most": most,
        "largest_payload_bytes": largest,
        "within_bounds": most <= EVENTS_MAX and largest <= PAYLOAD_BYTES_MAX,
        "seconds": round(seconds, 2),
    }


async def _runs_of(client: Client, workflow_id: str) -> list[tuple[int, int]]:
    """Return the events and the largest payload of every run, in their order."""
    run: str | None = (await client.get_workflow_handle(workflow_id).describe()).run_id
    found: list[tuple[int, int]] = []
    while run:
        history = await client.get_workflow_handle(workflow_id, run_id=run).fetch_history()
        largest = max(largest_payload(event) for event in history.events)
        found.append((len(history.events), largest))
        begin = history.events[0].workflow_execution_started_event_attributes
        run = begin.continued_execution_run_id or None
    return found[::-1]


def largest_payload(message: Message) -> int:
    """Return the bytes of the largest payload anywhere in `message`."""
    if isinstance(message, Payload):
        return len(message.data)
    sizes = [0]
    for _, value in message.ListFields():
        # One message, many of them, or a map whose values are messages.
        inner = value.values() if hasattr(value, "values") else value
        many = [inner] if isinstance(inner, Message) else inner
        if not isinstance(many, str | bytes | int | float):
            sizes += [largest_payload(one) for one in many if isinstance(one, Message)]
    return max(sizes)
