"""A process that carries out plans' workflows for a Temporal server."""

from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from orchestrator_dynamic.activities.plan_turn import PlanTurns
from orchestrator_dynamic.workflows.orchestration_workflow import OrchestrationWorkflow

# A killed worker's plans wait so long before another one takes them; the default is 10 s.
_STICKY_TIMEOUT = timedelta(seconds=1)

_WORKFLOW_TASKS_MAX = 100
_TURNS_MAX = 100
_WORKFLOWS_CACHED_MAX = 2_000


def temporal_worker(client: Client, task_queue: str, turns: PlanTurns, stop_s: float) -> Worker:
    """Return a worker, to be run with `run`; any number of them share a task queue.

    Args:
        stop_s: how long turns that have begun may take when it is stopped.
    """
    return Worker(
        client,
        task_queue=task_queue,
        workflows=[OrchestrationWorkflow],
        activities=[turns.take_turn],
        # The sandbox costs a third of a hop and imports modules anew for each plan. The workflow is
        # small and decides nothing; the replays of the tests run it inside the sandbox.
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_concurrent_workflow_tasks=_WORKFLOW_TASKS_MAX,
        max_concurrent_local_activities=_TURNS_MAX,
        max_cached_workflows=_WORKFLOWS_CACHED_MAX,
        sticky_queue_schedule_to_start_timeout=_STICKY_TIMEOUT,
        graceful_shutdown_timeout=timedelta(seconds=stop_s),
    )
