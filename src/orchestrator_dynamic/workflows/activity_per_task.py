"""What a workflow engine is usually asked to do: one activity for each task. To measure beside us.

It keeps no journal and no records, checks nothing and publishes nothing: a task is an activity that
does nothing, and the plan is the workflow's argument.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from types import TracebackType
from typing import Self

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

_LIMIT = timedelta(minutes=1)

# As our own worker has them, and as many activities at once as ours executes tickets.
_WORKFLOW_TASKS_MAX = 100
_ACTIVITIES_MAX = 100


@activity.defn(name="task_that_does_nothing")
async def do_nothing(task: int) -> int:
    """Return the number of the task: the least that an activity can do."""
    return task


@workflow.defn(name="ActivityPerTaskWorkflow")
class ActivityPerTaskWorkflow:
    """Runs a plan by one activity for each task, each as soon as it may."""

    @workflow.run
    async def run(self, dependencies: list[list[int]]) -> int:
        """Return how many tasks were executed.

        Args:
            dependencies: for each task, the tasks it depends on.
        """
        waiting = [len(before) for before in dependencies]
        children: list[list[int]] = [[] for _ in dependencies]
        for task, before in enumerate(dependencies):
            for other in before:
                children[other].append(task)
        done = 0
        async with asyncio.TaskGroup() as tasks:

            async def execute(task: int) -> None:
                nonlocal done
                await workflow.execute_activity(do_nothing, task, start_to_close_timeout=_LIMIT)
                done += 1
                for child in children[task]:
                    waiting[child] -= 1
                    if waiting[child] == 0:
                        tasks.create_task(execute(child))

            for task, count in enumerate(waiting):
                if count == 0:
                    tasks.create_task(execute(task))
        return done


class ActivityPerTask:
    """Runs plans in this process for a Temporal server; open it as a context.

    Without the sandbox, like our own worker.
    """

    def __init__(self, client: Client, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue
        self._worker = Worker(
            client,
            task_queue=task_queue,
            workflows=[ActivityPerTaskWorkflow],
            activities=[do_nothing],
            workflow_runner=UnsandboxedWorkflowRunner(),
            max_concurrent_workflow_tasks=_WORKFLOW_TASKS_MAX,
            max_concurrent_activities=_ACTIVITIES_MAX,
        )

    async def __aenter__(self) -> Self:
        """Start the worker."""
        await self._worker.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the worker."""
        await self._worker.__aexit__(kind, error, trace)

    async def run(self, plans: Sequence[list[list[int]]], run: str) -> int:
        """Return how many tasks were executed in all of `plans` together.

        Args:
            plans: for each plan, for each task, the tasks it depends on.
            run: makes the workflows' ids differ from another run's.
        """
        calls = [
            self._client.execute_workflow(
                ActivityPerTaskWorkflow.run,
                plan,
                id=f"activity-per-task-{run}-{number}",
                task_queue=self._task_queue,
            )
            for number, plan in enumerate(plans)
        ]
        return sum(await asyncio.gather(*calls))
