"""Workers that pretend do so by rules, so that a simulation can be repeated."""

import pytest

from orchestrator_dynamic.models.vocabulary import ExecutionStatus, TaskType
from orchestrator_dynamic.simulation.simulated_worker import chance, simulated_worker
from tests.unit.sdk.running import result_of, results_of
from tests.unit.sdk.tickets import a_ticket

HOUR_MS = 3_600_000


async def test_it_takes_anything_and_completes_it() -> None:
    """A demonstration needs no worker of its own for each kind of task."""
    worker = simulated_worker("sim-1", concurrency=4)
    tickets = [a_ticket(kind, kind=kind, needs="gpu") for kind in TaskType]

    results = await results_of(worker, *tickets)

    assert {result.status for result in results} == {ExecutionStatus.COMPLETED}
    assert worker.profile().concurrency == 4


async def test_at_full_speed_it_does_not_wait() -> None:
    """A plan of a week is tried out in a second."""
    result = await result_of(simulated_worker("sim-1"), a_ticket(estimated_duration_ms=HOUR_MS))

    assert result.status is ExecutionStatus.COMPLETED


async def test_at_a_given_speed_it_takes_its_share_of_the_estimate() -> None:
    """An hour at a hundred million times its speed is over in time, and at its own is not."""
    quick = simulated_worker("sim-1", speed=1e8)
    slow = simulated_worker("sim-2", speed=1)
    ticket = a_ticket(estimated_duration_ms=HOUR_MS, timeout_ms=50)

    assert (await result_of(quick, ticket)).status is ExecutionStatus.COMPLETED
    assert (await result_of(slow, ticket)).status is ExecutionStatus.FAILED


@pytest.mark.parametrize("estimate", [None, 0])
async def test_an_unknown_estimate_counts_as_a_second(estimate: int | None) -> None:
    """A task without an estimate is not a task without work."""
    worker = simulated_worker("sim-1", speed=1)

    result = await result_of(worker, a_ticket(estimated_duration_ms=estimate, timeout_ms=5))

    assert (result.error_message or "").startswith("TimeoutError")


async def test_chance_fails_about_the_share_that_was_asked_for() -> None:
    """A rate that is off makes every conclusion wrong."""
    worker = simulated_worker("sim-1", fail_rate=0.2, seed=1)

    results = await results_of(worker, *(a_ticket(f"t-{number}") for number in range(1_000)))

    failed = [result for result in results if result.status is ExecutionStatus.FAILED]
    assert 150 <= len(failed) <= 250
    assert all("retryable" not in result.result.metadata for result in failed)


def test_chance_is_the_same_for_the_same_attempt_and_no_other() -> None:
    """A failure that cannot be repeated cannot be looked into."""
    first = chance(1, "t-1", 1)

    assert first == chance(1, "t-1", 1)
    assert len({first, chance(2, "t-1", 1), chance(1, "t-2", 1), chance(1, "t-1", 2)}) == 4
    assert 0 <= first < 1


@pytest.mark.parametrize(
    ("fail_rate", "status"), [(0.0, ExecutionStatus.COMPLETED), (1.0, ExecutionStatus.FAILED)]
)
async def test_the_ends_of_the_scale_mean_never_and_always(
    fail_rate: float, status: ExecutionStatus
) -> None:
    """A demonstration that must not fail does not, even once in a million."""
    worker = simulated_worker("sim-1", fail_rate=fail_rate)

    results = await results_of(worker, *(a_ticket(f"t-{number}") for number in range(100)))

    assert {result.status for result in results} == {status}


async def test_a_task_can_ask_for_its_first_attempts_to_fail() -> None:
    """Retries are shown with a task that needs them, every time."""
    worker = simulated_worker("sim-1")
    asked = {"simulate.fail_times": "2"}

    results = await results_of(
        worker, *(a_ticket("t", attempt=attempt, parameters=asked) for attempt in (1, 2, 3))
    )

    assert [result.status for result in results] == [
        ExecutionStatus.FAILED,
        ExecutionStatus.FAILED,
        ExecutionStatus.COMPLETED,
    ]


async def test_a_task_can_ask_to_fail_always() -> None:
    """Compensation is shown with a task that uses up its attempts."""
    ticket = a_ticket(attempt=9, parameters={"simulate.fail": "always"})

    result = await result_of(simulated_worker("sim-1"), ticket)

    assert result.status is ExecutionStatus.FAILED
    assert "retryable" not in result.result.metadata


async def test_a_task_can_ask_to_fail_for_good() -> None:
    """One attempt is then enough to see what follows."""
    ticket = a_ticket(parameters={"simulate.permanent": "true"})

    result = await result_of(simulated_worker("sim-1"), ticket)

    assert result.result.metadata["retryable"] == "false"


def test_it_can_be_limited_to_some_capabilities() -> None:
    """A demonstration has workers that differ, as real ones do."""
    profile = simulated_worker("sim-1", capabilities=["build"]).profile()

    assert profile.can_execute(TaskType.BUILD, ["build"])
    assert not profile.can_execute(TaskType.BUILD, ["deploy"])


async def test_a_task_can_say_what_its_failure_says() -> None:
    """A story is easier to follow than the name of a parameter."""
    asked = {"simulate.permanent": "true", "simulate.reason": "the kettle is broken"}

    result = await result_of(simulated_worker("sim-1"), a_ticket(parameters=asked))

    assert result.error_message == "PermanentFailure: the kettle is broken"
