"""Plans of every kind on a Temporal server: what happens to each, for histories to be recorded."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from orchestrator_dynamic.core.policy import FailurePolicy, Policy
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.orchestrator import Action
from orchestrator_dynamic.sdk import PermanentFailure, TicketContext
from tests.support.engines import a_chain, a_worker
from tests.support.messages import a_task
from tests.support.temporal_server import DevServer
from tests.support.temporal_world import HASTY, Process, a_new_message, a_process

Tell = Callable[[Process], Awaitable[tuple[WorkflowId, Outcome | None]]]


async def fails_when_asked(ticket: ExecutionTicket, context: TicketContext) -> dict[str, str]:
    """Fail what is called flaky once, and what is called broken for good."""
    if ticket.task_id == "broken":
        raise PermanentFailure("it is broken")
    if ticket.task_id.startswith("flaky") and context.attempt == 1:
        raise OSError("not this time")
    if ticket.task_id.startswith("slow"):
        await asyncio.sleep(0.2)
    return {"made": ticket.task_id}


async def _ended(process: Process, message: bytes) -> tuple[WorkflowId, Outcome | None]:
    workflow_id = await process.begin(message)
    return workflow_id, await process.outcome_of(workflow_id)


async def _chain(process: Process) -> tuple[WorkflowId, Outcome | None]:
    return await _ended(process, a_new_message(*a_chain("a", "b", "c")))


async def _wide(process: Process) -> tuple[WorkflowId, Outcome | None]:
    middle = [a_task(f"m{number}", dependencies=["a"]) for number in range(40)]
    last = a_task("z", dependencies=[task.task_id for task in middle])
    return await _ended(process, a_new_message(a_task("a"), *middle, last))


async def _retry(process: Process) -> tuple[WorkflowId, Outcome | None]:
    return await _ended(process, a_new_message(*a_chain("flaky", "b", "flaky-2")))


async def _undone(process: Process) -> tuple[WorkflowId, Outcome | None]:
    tasks = (
        a_task("made", task_type="BUILD"),
        a_task("also-made", dependencies=["made"], task_type="DEPLOY"),
        a_task("broken", dependencies=["also-made"], task_type="BUILD"),
    )
    return await _ended(process, a_new_message(*tasks))


async def _rejected(process: Process) -> tuple[WorkflowId, Outcome | None]:
    message = a_new_message().replace(b'"final_decision":"approve"', b'"final_decision":"reject"')
    return await _ended(process, message)


async def _approved(process: Process) -> tuple[WorkflowId, Outcome | None]:
    workflow_id = await process.begin(a_new_message(*a_chain("a", "b"), requires_approval=True))
    await process.until(workflow_id, lambda report: report.phase == "AWAITING_APPROVAL")
    await process.ask(Action.RESUME, workflow_id)  # Refused, so that it leaves no trace.
    await process.ask(Action.APPROVE, workflow_id, reason="looks good")
    return workflow_id, await process.outcome_of(workflow_id)


async def _refused(process: Process) -> tuple[WorkflowId, Outcome | None]:
    workflow_id = await process.begin(a_new_message(requires_approval=True))
    await process.until(workflow_id, lambda report: report.phase == "AWAITING_APPROVAL")
    await process.ask(Action.REJECT, workflow_id, reason="no")
    return workflow_id, await process.outcome_of(workflow_id)


async def _steps(process: Process) -> tuple[WorkflowId, Outcome | None]:
    tasks = (a_task("build"), a_task("drop", dependencies=["build"]), a_task("wipe"))
    message = a_new_message(*tasks, destructive_tasks=["drop", "wipe"])
    workflow_id = await process.begin(message)
    await process.until(workflow_id, lambda report: set(report.steps) == {"drop", "wipe"})
    await process.ask(Action.APPROVE, workflow_id, tasks=("drop",))
    await process.ask(Action.APPROVE, workflow_id, tasks=("wipe",))
    return workflow_id, await process.outcome_of(workflow_id)


async def _cancelled(process: Process) -> tuple[WorkflowId, Outcome | None]:
    workflow_id = await process.begin(a_new_message(*a_chain("slow", "b")))
    await process.until(workflow_id, lambda report: bool(report.under_way))
    await process.ask(Action.CANCEL, workflow_id, reason="enough")
    return workflow_id, await process.outcome_of(workflow_id)


async def _paused(process: Process) -> tuple[WorkflowId, Outcome | None]:
    workflow_id = await process.begin(a_new_message(*a_chain("slow", "b", "c")))
    await process.ask(Action.PAUSE, workflow_id)
    await process.until(workflow_id, lambda report: not report.under_way)
    await process.ask(Action.RESUME, workflow_id)
    return workflow_id, await process.outcome_of(workflow_id)


async def _long(process: Process) -> tuple[WorkflowId, Outcome | None]:
    return await _ended(process, a_new_message(*a_chain(*(f"t{n}" for n in range(40)))))


ISOLATE = replace(HASTY, failure_policy=FailurePolicy.ISOLATE)

# By name: what happens, by which numbers, and how it ends. `continued` is for a server that soon
# suggests to continue as a new run.
STORIES: dict[str, tuple[Tell, Policy, Outcome]] = {
    "chain": (_chain, HASTY, Outcome.SUCCESS),
    "wide": (_wide, HASTY, Outcome.SUCCESS),
    "retry": (_retry, HASTY, Outcome.SUCCESS),
    "compensation": (_undone, HASTY, Outcome.COMPENSATED),
    "isolation": (_undone, ISOLATE, Outcome.PARTIAL),
    "rejected": (_rejected, HASTY, Outcome.REJECTED),
    "approval": (_approved, HASTY, Outcome.SUCCESS),
    "refusal": (_refused, HASTY, Outcome.REJECTED),
    "step-approval": (_steps, HASTY, Outcome.SUCCESS),
    "cancellation": (_cancelled, HASTY, Outcome.CANCELLED),
    "pause": (_paused, HASTY, Outcome.SUCCESS),
    "continued": (_long, HASTY, Outcome.SUCCESS),
}


async def told(
    name: str, server: DevServer, directory: Path
) -> tuple[dict[str, str], Outcome | None]:
    """Tell a story, and return the histories of its runs by their names, and how it ended."""
    tell, policy, _ = STORIES[name]
    histories: dict[str, str] = {}
    async with a_process(
        directory, server.address, a_worker(fails_when_asked), policy=policy
    ) as process:
        workflow_id, outcome = await tell(process)
        run_id: str | None = await _first_run(process, workflow_id)
        while run_id:
            handle = process.client.get_workflow_handle(workflow_id, run_id=run_id)
            history = await handle.fetch_history()
            histories[f"{name}-{len(histories) + 1}"] = history.to_json()
            last = history.events[-1].workflow_execution_continued_as_new_event_attributes
            run_id = last.new_execution_run_id
    return histories, outcome


async def _first_run(process: Process, workflow_id: WorkflowId) -> str:
    history = await process.client.get_workflow_handle(workflow_id).fetch_history()
    return history.events[0].workflow_execution_started_event_attributes.first_execution_run_id
