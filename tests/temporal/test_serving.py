"""The service around plans that a Temporal server keeps: the same API, streams and approvals."""

from pathlib import Path
from uuid import uuid4

from orchestrator_dynamic.config.backing_services import TemporalSettings
from tests.support.engines import a_chain, a_message, a_worker
from tests.support.metric_samples import samples_in, value
from tests.support.service import Running, a_service, said
from tests.support.temporal_server import DevServer

JSON = {"Content-Type": "application/json"}


def on(server: DevServer) -> TemporalSettings:
    """Return settings with a task queue of their own."""
    host, _, port = server.address.target.partition(":")
    queue = f"queue-{uuid4().hex}"
    return TemporalSettings(
        host=host, port=int(port), namespace=server.address.namespace, task_queue=queue
    )


async def submitted(running: Running, message: bytes) -> str:
    """Hand a decision in, and return the address of its workflow."""
    answer = await running.client.post("/api/v1/decisions", content=message, headers=JSON)
    assert answer.status_code == 202, answer.text
    return answer.headers["location"]


async def test_a_plan_is_submitted_watched_and_ends(server: DevServer, tmp_path: Path) -> None:
    """Whoever watches gets every entry of the journal, once, though turns are taken elsewhere."""
    name = uuid4().hex
    async with a_service(tmp_path, workers=[a_worker()], temporal=on(server)) as running:
        message = a_message(*a_chain("a", "b", "c"), decision_id=name)
        address = await submitted(running, message)
        events = await running.client.get(f"{address}/events?after=0")
        workflow = said(await running.client.get(address))
        journal = said(await running.client.get(f"{address}/timeline?limit=1000"))
        me = said(await running.client.get("/api/v1/me"))

    assert (workflow["outcome"], workflow["completed"]) == ("SUCCESS", 3)
    assert events.text.count("event: end") == 1
    for entry in journal["items"]:
        assert events.text.count(f'{{"seq":{entry["seq"]},"at":') == 1
    assert me["engine"] == "temporal"


async def test_a_parked_plan_is_approved_over_http(server: DevServer, tmp_path: Path) -> None:
    """The second approver is told that there is nothing left to approve."""
    name = uuid4().hex
    async with a_service(tmp_path, workers=[a_worker()], temporal=on(server)) as running:
        address = await submitted(running, a_message(decision_id=name, requires_approval=True))
        decision = f"/api/v1/decisions/{name}"
        waiting = said(await running.client.get(decision))
        approved = await running.client.post(f"{decision}/approve", json={"reason": "fine"})
        events = await running.client.get(f"{address}/events?after=0")
        again = await running.client.post(f"{decision}/approve")
        audit = said(await running.client.get(f"{address}/audit"))

    assert waiting["approval"]["state"] == "waiting"
    assert said(approved)["accepted"] is True
    assert "event: end" in events.text
    assert said(again, 409)["code"] == "not_possible"
    assert ("plan_approved", "local") in [(one["action"], one["actor"]) for one in audit["items"]]


async def test_plans_of_all_processes_are_counted(server: DevServer, tmp_path: Path) -> None:
    """A gauge at zero while plans wait for people would let them wait."""
    temporal = on(server)
    async with a_service(tmp_path, workers=[a_worker()], temporal=temporal) as running:
        await submitted(running, a_message(decision_id=uuid4().hex, requires_approval=True))
    async with a_service(tmp_path, workers=[a_worker()], temporal=temporal) as running:
        for _ in range(1_000):
            read = samples_in((await running.client.get("/metrics")).text)
            if value(read, "orchestration_decisions_parked"):
                break

    assert value(read, "orchestration_decisions_parked") == 1
    assert value(read, "orchestration_workflows_active") == 0
    assert value(read, "orchestration_breaker_state", service="temporal") == 0


async def test_what_is_refused_is_not_kept_on_a_server_either(
    server: DevServer, tmp_path: Path
) -> None:
    """Its sender hears every reason at once, and still has it; who sent what runs is known."""
    name = uuid4().hex
    async with a_service(tmp_path, workers=[a_worker()], temporal=on(server)) as running:
        address = await submitted(running, a_message(*a_chain("a"), decision_id=name))
        path, other = "/api/v1/decisions", a_message(*a_chain("b"), decision_id=name)
        conflict = await running.client.post(path, content=other, headers=JSON)
        unreadable = await running.client.post(path, content=b"{", headers=JSON)
        letters = said(await running.client.get("/api/v1/dead-letters"))
        await running.client.get(f"{address}/events?after=0")
        workflow = said(await running.client.get(address))

    assert said(conflict, 409)["code"] == "decision_conflict"
    assert said(unreadable, 400)["code"] == "unreadable"
    assert letters["items"] == []
    assert workflow["submitted_by"] == "local"
