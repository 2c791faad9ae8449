"""What a workflow engine is usually asked to do: one activity for each task. To measure beside us.

It keeps no journal and no records, checks nothing and publishes nothing: a task is an activity that
does nothing, and the plan is the workflow's argument.
"""

import asyncio
from datetime import timedelta

from temporalio import activity, workflow

_LIMIT = timedelta(minutes=1)


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
