"""The clocks of a server and of the processes that take turns are never quite the same."""

from pathlib import Path

from orchestrator_dynamic.adapters.memory.system_clock import SystemClock
from orchestrator_dynamic.core.policy import Policy, RetryPolicy
from orchestrator_dynamic.models.vocabulary import Outcome
from tests.support.engines import a_chain, a_worker
from tests.support.temporal_server import DevServer
from tests.support.temporal_stories import fails_when_asked
from tests.support.temporal_world import a_new_message, a_process


class SlowClock:
    """A clock that is 1.5 seconds behind."""

    def now_ms(self) -> int:
        """Return what it shows."""
        return SystemClock().now_ms() - 1_500


async def test_a_clock_that_is_behind_costs_a_moment_and_few_events(
    server: DevServer, tmp_path: Path
) -> None:
    """A turn that is too early for its alarm must not be followed by another at once."""
    policy = Policy(retry=RetryPolicy(wait_initial_ms=1_000, wait_max_ms=1_000, jitter=0.0))
    async with a_process(
        tmp_path, server.address, a_worker(fails_when_asked), policy=policy, clock=SlowClock()
    ) as process:
        workflow_id = await process.begin(a_new_message(*a_chain("flaky", "b")))
        outcome = await process.outcome_of(workflow_id)
        described = await process.client.get_workflow_handle(workflow_id).describe()

    assert outcome is Outcome.SUCCESS
    assert described.history_length < 60
