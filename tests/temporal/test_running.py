"""Plans run to their ends on a Temporal server, as they do in the embedded engine."""

from pathlib import Path
from uuid import uuid4

import pytest

from orchestrator_dynamic.core.policy import FailurePolicy, Policy, RetryPolicy
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.orchestrator import Reception
from orchestrator_dynamic.sdk import PermanentFailure, TicketContext
from tests.support.engines import a_chain, a_worker, rows
from tests.support.messages import a_task
from tests.support.temporal_server import DevServer
from tests.support.temporal_world import HASTY, a_new_message, a_process


async def _fails_when_asked(ticket: ExecutionTicket, context: TicketContext) -> dict[str, str]:
    """Fail what is called flaky once, and what is called broken for good."""
    if ticket.task_id == "broken":
        raise PermanentFailure("it is broken")
    if ticket.task_id.startswith("flaky") and context.attempt == 1:
        raise OSError("not this time")
    return {"made": ticket.task_id}


async def test_a_chain_runs_in_order(server: DevServer, tmp_path: Path) -> None:
    """The simplest plan: each ticket leaves when the one before it has completed."""
    done: list[str] = []

    async def note(ticket: ExecutionTicket, context: TicketContext) -> None:
        done.append(ticket.task_id)

    async with a_process(tmp_path, server.address, a_worker(note)) as process:
        outcome = await process.run_to_end(a_new_message(*a_chain("a", "b", "c")))

    assert outcome is Outcome.SUCCESS
    assert done == ["a", "b", "c"]
    assert rows(tmp_path, "SELECT phase, outcome, completed FROM workflows") == [
        ("ENDED", "SUCCESS", 3)
    ]


async def test_starting_again_starts_nothing(server: DevServer, tmp_path: Path) -> None:
    """A decision is delivered at least once; the second finds the first, running or not."""
    message = a_new_message(*a_chain("a", "b"))
    async with a_process(tmp_path, server.address, a_worker()) as process:
        first = await process.orchestrator.submit(message, source="test")
        again = await process.orchestrator.submit(message, source="test")
        outcome = await process.run_to_end(message)
        after = await process.orchestrator.submit(message, source="test")

    receptions = [one.reception for one in (first, again, after)]
    assert receptions == [Reception.STARTED, Reception.DUPLICATE, Reception.DUPLICATE]
    assert outcome is Outcome.SUCCESS
    assert rows(tmp_path, "SELECT count(*) FROM results WHERE fate = 'accepted'") == [(2,)]


async def test_another_decision_under_the_same_id_is_a_dead_letter(
    server: DevServer, tmp_path: Path
) -> None:
    """What has begun goes on; the contradiction is kept for people."""
    name = uuid4().hex
    async with a_process(tmp_path, server.address, a_worker()) as process:
        first = a_new_message(*a_chain("a", "b"), decision_id=name)
        outcome = await process.run_to_end(first)
        second = a_new_message(*a_chain("a", "c"), decision_id=name)
        other = await process.orchestrator.submit(second, source="test")

    assert outcome is Outcome.SUCCESS
    assert (other.reception, other.reason) == (Reception.DEAD_LETTER, "decision_conflict")
    assert rows(tmp_path, "SELECT reason FROM dead_letters") == [("decision_conflict",)]


async def test_a_failed_attempt_is_tried_again_after_a_wait(
    server: DevServer, tmp_path: Path
) -> None:
    """The wait is a timer of the server, so that it outlives whoever began it."""
    policy = Policy(retry=RetryPolicy(wait_initial_ms=150, wait_max_ms=150, jitter=0))
    async with a_process(
        tmp_path, server.address, a_worker(_fails_when_asked), policy=policy
    ) as process:
        outcome = await process.run_to_end(a_new_message(*a_chain("flaky", "b")))

    assert outcome is Outcome.SUCCESS
    [failed_at], [passed_at] = (
        rows(tmp_path, f"SELECT at FROM journal WHERE kind = '{kind}'")
        for kind in ("ticket_failed", "time_passed")
    )
    waited_ms = int(str(passed_at[0])) - int(str(failed_at[0]))
    assert 150 <= waited_ms < 2_000
    assert rows(tmp_path, "SELECT attempt FROM tickets ORDER BY number") == [(2,), (1,)]


@pytest.mark.parametrize(
    ("failure_policy", "outcome"),
    [
        (FailurePolicy.COMPENSATE, Outcome.COMPENSATED),
        (FailurePolicy.ISOLATE, Outcome.PARTIAL),
    ],
)
async def test_a_failure_for_good_has_the_consequences_of_the_policy(
    server: DevServer, tmp_path: Path, failure_policy: FailurePolicy, outcome: Outcome
) -> None:
    """What was made is undone, or what does not depend on the failure goes on."""
    tasks = (
        a_task("made", task_type="BUILD"),
        a_task("broken", dependencies=["made"], task_type="BUILD"),
        a_task("beside", dependencies=["made"], task_type="BUILD"),
    )
    policy = Policy(retry=HASTY.retry, failure_policy=failure_policy)
    async with a_process(
        tmp_path, server.address, a_worker(_fails_when_asked), policy=policy
    ) as process:
        ended = await process.run_to_end(a_new_message(*tasks))

    assert ended is outcome
    undone = rows(tmp_path, "SELECT count(*) FROM tickets WHERE stage = 'COMPENSATED'")
    assert undone == [(2,) if outcome is Outcome.COMPENSATED else (0,)]
    assert rows(tmp_path, "SELECT incident_type FROM incidents") == [("WORKER_FAILURE",)]


async def test_a_decision_that_never_runs_ends_at_once(server: DevServer, tmp_path: Path) -> None:
    """A rejected decision is recorded, and its workflow says how it ended."""
    message = a_new_message().replace(b'"final_decision":"approve"', b'"final_decision":"reject"')
    async with a_process(tmp_path, server.address, a_worker()) as process:
        receipt = await process.orchestrator.submit(message, source="test")
        outcome = await process.run_to_end(message)

    assert receipt.reception is Reception.RECORDED
    assert outcome is Outcome.REJECTED
