"""The worker protocol as clients in any language meet it: requests, answers, refusals."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from orchestrator_dynamic.bootstrap.embedded import Application
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.orchestrator import Action, Request
from tests.support.engines import a_chain, a_message, until, workflow_of
from tests.support.service import Running, a_service, said

WORKER = "/api/v1/workers/w1/tickets:"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    """Run a service without workers."""
    async with a_service(tmp_path / "data") as service:
        yield service


def app_of(running: Running) -> Application:
    """Return the engine of the service."""
    assert running.service.embedded is not None
    return running.service.embedded


async def bring(running: Running, *names: str) -> WorkflowId:
    """Bring a plan of these tasks, one after the other; return its workflow."""
    message = a_message(*a_chain(*(names or ("a", "b"))))
    return workflow_of(await app_of(running).engine.submit(message, source="test"))


async def lent(running: Running, **wanted: Any) -> Mapping[str, Any]:
    """Take one ticket on lease."""
    [found] = said(await running.client.post(f"{WORKER}lease", json=wanted))["tickets"]
    assert isinstance(found, dict)
    return found


def about(lease: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return what names the attempt of a lease."""
    return {
        "ticket_id": lease["ticket"]["ticket_id"],
        "attempt": lease["attempt"],
        **more,
    }


async def patched(running: Running, lease: Mapping[str, Any], **word: Any) -> httpx.Response:
    """Say what came of a lease, or how it goes."""
    path = f"/api/v1/tickets/{lease['ticket']['ticket_id']}/status"
    said_by_all = {"attempt": lease["attempt"], "agent_id": "w1"}
    return await running.client.patch(path, json={**said_by_all, **word})


async def test_a_ticket_is_taken_told_of_and_answered(running: Running) -> None:
    """The three calls that make a worker."""
    await bring(running)

    lease = await lent(running, wait_s=5, lease_s=30)
    beat = said(await running.client.post(f"{WORKER}heartbeat", json={"tickets": [about(lease)]}))
    taken = said(
        await patched(running, lease, status="COMPLETED", output={"rows": 42, "ok": "yes"})
    )
    following = await lent(running, wait_s=5)

    assert lease["ticket"]["task_id"] == "a"
    assert beat["tickets"][0]["verdict"] == "go_on"
    assert beat["tickets"][0]["lease_expires_at"] >= lease["lease_expires_at"]
    assert taken == {**about(lease), "fate": "taken", "verdict": "go_on"}
    assert following["ticket"]["task_id"] == "b"


async def test_a_lease_without_a_body_takes_one_ticket_of_any_kind(running: Running) -> None:
    """All that a worker can say has a default."""
    await bring(running)

    found = said(await running.client.post(f"{WORKER}lease"))["tickets"]

    assert [one["ticket"]["task_id"] for one in found] == ["a"]


async def test_an_answer_said_again_is_taken_and_another_is_stale(running: Running) -> None:
    """A sender that got no reply says it again; one whose attempt is over drops it."""
    await bring(running)
    lease = await lent(running, wait_s=5)
    said(await patched(running, lease, status="COMPLETED"))

    again = await patched(running, lease, status="COMPLETED")
    other = await patched(running, lease, status="COMPLETED", agent_id="w2")
    older = await patched(running, lease, status="FAILED", attempt=7)
    alive = await patched(running, lease, status="RUNNING")

    assert said(again)["fate"] == "taken"
    for stale in (other, older, alive):
        assert said(stale, 409)["code"] == "stale_attempt"


async def test_nobody_knows_a_ticket_that_never_was(running: Running) -> None:
    """It says so, whatever is said about it."""
    for status in ("COMPLETED", "RUNNING"):
        answer = await running.client.patch(
            "/api/v1/tickets/nobody/status",
            json={"status": status, "attempt": 1, "agent_id": "w1"},
        )

        assert said(answer, 404)["code"] == "not_found"


async def test_running_extends_a_lease_and_hears_of_cancellation(running: Running) -> None:
    """A worker that only knows PATCH hears the same as one that sends heartbeats."""
    workflow_id = await bring(running)
    lease = await lent(running, wait_s=5)

    first = said(await patched(running, lease, status="RUNNING", metadata={"progress": "half"}))
    await app_of(running).engine.request(
        Request(action=Action.CANCEL, workflow_id=workflow_id, by="ana")
    )
    second = said(await patched(running, lease, status="RUNNING"))

    assert (first["verdict"], second["verdict"]) == ("go_on", "cancelled")


async def test_many_results_are_told_apart(running: Running) -> None:
    """Each has its own fate, in the order in which they came."""
    await bring(running)
    lease = await lent(running, wait_s=5)
    results = [
        about(lease, status="RUNNING"),
        about(lease, status="COMPLETED"),
        {**about(lease), "attempt": 9, "status": "FAILED", "retryable": False},
        {"ticket_id": "nobody", "attempt": 1, "status": "COMPLETED"},
    ]

    answer = said(await running.client.post(f"{WORKER}report", json={"results": results}))

    fates = [one["fate"] for one in answer["results"]]
    assert fates == ["taken", "taken", "stale_attempt", "unknown"]


async def test_what_is_not_retryable_fails_for_good(running: Running) -> None:
    """The worker knows that another attempt would not help."""
    workflow_id = await bring(running, "a")
    lease = await lent(running, wait_s=5)

    said(await patched(running, lease, status="FAILED", retryable=False, error_message="no disk"))
    outcome = await app_of(running).engine.outcome_of(workflow_id)

    assert outcome is Outcome.FAILED


async def test_what_is_given_back_goes_to_others_as_it_was(running: Running) -> None:
    """Only its own worker can give it back, and only once."""
    await bring(running)
    lease = await lent(running, wait_s=5)
    body = {"tickets": [about(lease)]}

    stranger = await running.client.post("/api/v1/workers/w2/tickets:return", json=body)
    first = await running.client.post(f"{WORKER}return", json=body)
    second = await running.client.post(f"{WORKER}return", json=body)
    again = await lent(running, wait_s=5)

    fates = [said(one)["results"][0]["fate"] for one in (stranger, first, second)]
    assert fates == ["stale_attempt", "taken", "stale_attempt"]
    assert about(again) == about(lease)


async def test_a_caller_that_hangs_up_leaves_its_tickets_to_others(running: Running) -> None:
    """It has heard of none, and nobody waits until its lease has run out."""
    desk = app_of(running).desk
    assert desk is not None
    async with asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(running.client.post(f"{WORKER}lease", json={"wait_s": 60}))
        await until(lambda: bool(desk._asking))
        asking.cancel()
    await until(lambda: not desk._asking)
    await bring(running)

    answer = await running.client.post("/api/v1/workers/w2/tickets:lease", json={"wait_s": 5})

    assert len(said(answer)["tickets"]) == 1


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("lease", {"max": 0}),
        ("lease", {"max": 1_001}),
        ("lease", {"wait_s": 61}),
        ("lease", {"lease_s": 4}),
        ("lease", {"task_types": ["COOK"]}),
        ("lease", {"capabilities": ["a\u0000b"]}),
        ("heartbeat", {}),
        ("heartbeat", {"tickets": [{"ticket_id": "t", "attempt": 0}]}),
        ("heartbeat", {"tickets": [{"ticket_id": "t", "attempt": 2**40}]}),
        ("report", {"results": [{"ticket_id": "t", "attempt": 1}]}),
        ("report", {"results": [{"ticket_id": "t", "attempt": 1, "status": "DONE"}]}),
        ("report", {"results": [{"ticket_id": "t", "attempt": 1, "status": "FAILED"}] * 1_001}),
        ("return", {"tickets": [{"ticket_id": "", "attempt": 1}]}),
    ],
)
async def test_what_breaks_a_bound_is_a_bad_request(
    running: Running, what: str, body: Mapping[str, Any]
) -> None:
    """A problem document says which, and nothing was done."""
    answer = said(await running.client.post(WORKER + what, json=body), 400)

    assert answer["code"] == "bad_request"
    assert answer["findings"]


async def test_a_deep_output_is_refused_and_its_attempt_stays_open(running: Running) -> None:
    """Nobody could read it again."""
    await bring(running)
    lease = await lent(running, wait_s=5)
    deep: Any = []
    for _ in range(400):
        deep = [deep]

    refused = await patched(running, lease, status="COMPLETED", output={"deep": deep})
    taken = await patched(running, lease, status="COMPLETED", output={"deep": "no more"})

    assert said(refused, 400)["code"] == "unreadable"
    assert said(taken)["fate"] == "taken"


@pytest.mark.parametrize(
    "word",
    [
        '"metadata": {"a": "\\ud800"}',
        '"metadata": {"\\ud800": "a"}',
        '"output": {"\\ud800": "a"}',
        '"output": {"a": "\\ud800"}',
        '"output": {"a": ["\\ud800"]}',
        '"output": {"a": 1180591620717411303424}',
        '"logs": ["\\ud800"]',
        '"error_message": "\\ud800"',
        '"metadata": {"progress": "\\ud800"}',
    ],
)
async def test_what_cannot_be_kept_is_refused_before_the_engine_hears_of_it(
    running: Running, word: str
) -> None:
    """One worker's broken text must not stop everybody's plans."""
    await bring(running)
    lease = await lent(running, wait_s=5)
    path = f"/api/v1/tickets/{lease['ticket']['ticket_id']}/status"
    body = f'{{"status": "COMPLETED", "attempt": 1, "agent_id": "w1", {word}}}'

    refused = await running.client.patch(
        path, content=body, headers={"Content-Type": "application/json"}
    )

    assert said(refused, 400)["code"] in ("bad_request", "unreadable")
    assert said(await patched(running, lease, status="COMPLETED"))["fate"] == "taken"
