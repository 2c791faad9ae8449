"""A report is small whatever the plan, and names what something is being done about."""

from contextlib import closing

from orchestrator_dynamic.adapters.sqlite.shared_ledger import SqliteSharedLedger
from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.ports.orchestrator import Reply
from orchestrator_dynamic.runtime.plan_replicas import PlanReplicas
from orchestrator_dynamic.runtime.turn_report import report_on
from orchestrator_dynamic.simulation.virtual_clock import VirtualClock
from tests.support.engines import a_message
from tests.support.messages import a_task
from tests.support.temporal_turns import TurnedPlans, in_memory


async def test_a_report_names_a_hundred_tickets_at_most_and_as_many_as_have_room() -> None:
    """A server keeps a report for each turn: 512 characters a name would be 50 KB of names."""
    policy = Policy(parallel_tickets_max=1_000)
    for length, named in ((10, 100), (500, 40)):
        tasks = [a_task(f"{number}-".ljust(length, "x")) for number in range(300)]
        gated = [task.task_id for task in tasks[:150]]
        with closing(in_memory()) as connection:
            plans = TurnedPlans(connection, VirtualClock(), policy)
            await plans.submit(a_message(*tasks, destructive_tasks=gated))
            [course] = plans.workflows.courses.values()

        assert len(course.report.under_way) == named
        assert len(course.report.steps) == named
        assert course.report.stages == {"AWAITING_APPROVAL": 150, "RUNNING": 150}


async def test_a_report_of_what_changed_equals_one_of_everything() -> None:
    """It costs what has changed, and must not differ for that."""
    with closing(in_memory()) as connection:
        plans = TurnedPlans(connection, VirtualClock(), Policy())
        await plans.submit(a_message(a_task("a"), a_task("b", dependencies=["a"])))
        [course] = plans.workflows.courses.values()
        async with PlanReplicas(SqliteSharedLedger(connection)).borrowed(
            "orch-decision-1", 2
        ) as it:
            whole = report_on(it.plan, (), {})
            long = report_on(it.plan, (), {"asked": Reply(False, "x" * 10_000)})

    assert whole == course.report
    assert len(long.replies["asked"][1]) == 2_000
