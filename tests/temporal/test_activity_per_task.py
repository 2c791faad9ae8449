"""The workflow that ours is measured beside."""

import uuid

from orchestrator_dynamic.adapters.temporal.connection import connected
from orchestrator_dynamic.simulation.bench_plans import Shape, plans_of
from orchestrator_dynamic.workflows.activity_per_task import ActivityPerTask
from tests.support.temporal_server import DevServer


async def test_it_executes_every_task_of_every_plan(server: DevServer) -> None:
    """A comparison with a workflow that leaves tasks out would be worth nothing."""
    client = await connected(server.address)
    name = uuid.uuid4().hex

    async with ActivityPerTask(client, f"queue-{name}") as floor:
        executed = await floor.run(plans_of(Shape.MANY, 24), name)
        layered = await floor.run(plans_of(Shape.LAYERED, 16), f"{name}-layered")

    assert (executed, layered) == (24, 16)
    handle = client.get_workflow_handle(f"activity-per-task-{name}-layered-0")
    history = await handle.fetch_history()
    scheduled = [
        event.activity_task_scheduled_event_attributes
        for event in history.events
        if event.HasField("activity_task_scheduled_event_attributes")
    ]
    assert len(scheduled) == 16
