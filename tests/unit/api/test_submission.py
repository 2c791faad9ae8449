"""Handing decisions in over HTTP, and what is refused to the sender's face."""

import asyncio
from pathlib import Path
from urllib.parse import quote

import orjson
import pytest

from orchestrator_dynamic.api.idempotency import KEPT_S, KEYS_MAX, IdempotencyKeys
from orchestrator_dynamic.api.problems import Problem
from orchestrator_dynamic.ports.identity import Scope
from tests.support.engines import a_chain, a_message, a_worker
from tests.support.messages import a_task
from tests.support.service import Running, a_service, said

JSON = {"Content-Type": "application/json"}


async def submitted(
    running: Running, message: bytes, status: int = 202, headers: dict[str, str] | None = None
) -> dict[str, object]:
    """Return the answer to a decision that is handed in."""
    sent = {**JSON, **(headers or {})}
    answer = await running.client.post("/api/v1/decisions", content=message, headers=sent)
    return dict(said(answer, status))


async def ended(running: Running, workflow_id: object) -> str:
    """Wait for the end of a plan, and return its outcome."""
    events = await running.client.get(f"/api/v1/workflows/{workflow_id}/events")
    assert "event: end" in events.text
    workflow = said(await running.client.get(f"/api/v1/workflows/{workflow_id}"))
    return str(workflow["outcome"])


async def test_a_decision_starts_once_however_often_it_is_sent(tmp_path: Path) -> None:
    """A client that lost the answer sends it again."""
    async with a_service(tmp_path, workers=[a_worker()]) as running:
        first = await submitted(running, a_message())
        again = await submitted(running, a_message())
        outcome = await ended(running, first["workflow_id"])

    assert (first["reception"], again["reception"]) == ("started", "duplicate")
    assert first["workflow_id"] == again["workflow_id"]
    assert outcome == "SUCCESS"


async def test_another_decision_under_the_same_id_is_refused_and_not_kept(tmp_path: Path) -> None:
    """Its sender hears why, and still has it: no dead letter is made of it."""
    async with a_service(tmp_path) as running:
        await submitted(running, a_message(a_task("one")))
        refused = await submitted(running, a_message(a_task("two")), 409)
        letters = said(await running.client.get("/api/v1/dead-letters"))

    assert refused["code"] == "decision_conflict"
    assert letters["items"] == []


async def test_every_reason_is_told_at_once(tmp_path: Path) -> None:
    """Whoever mends one thing after the other sends it as often."""
    async with a_service(tmp_path) as running:
        bad = b'{"decision_id": "d", "final_decision": "perhaps", "cognitive_plan": {"tasks": 1}}'
        refused = await submitted(running, bad, 422)
        unreadable = await submitted(running, b"{", 400)
        letters = said(await running.client.get("/api/v1/dead-letters"))

    findings = refused["findings"]
    assert isinstance(findings, list)
    assert len(findings) > 2
    assert (refused["code"], unreadable["code"]) == ("invalid", "unreadable")
    assert letters["items"] == [], "their sender still has them"


async def test_a_key_stands_for_one_body(tmp_path: Path) -> None:
    """A key that is used again by mistake must not hide a decision."""
    async with a_service(tmp_path) as running:
        key = {"Idempotency-Key": "first"}
        await submitted(running, a_message(decision_id="one"), headers=key)
        repeated = await submitted(running, a_message(decision_id="one"), headers=key)
        refused = await submitted(running, a_message(decision_id="two"), 422, headers=key)

    assert repeated["reception"] == "duplicate"
    assert refused["code"] == "idempotency_key_reused"


async def test_two_bodies_at_once_cannot_share_a_key(tmp_path: Path) -> None:
    """A client that mixes its threads up hears of it, whichever comes first."""
    async with a_service(tmp_path) as running:
        path, headers = "/api/v1/decisions", {**JSON, "Idempotency-Key": "shared"}
        bodies = [a_message(decision_id=name) for name in ("one", "two")]
        answers = await asyncio.gather(
            *(running.client.post(path, content=body, headers=headers) for body in bodies)
        )

    assert sorted(answer.status_code for answer in answers) == [202, 422]


async def test_a_key_is_free_again_after_a_refusal(tmp_path: Path) -> None:
    """Whoever mends a decision sends it under the name that it had."""
    async with a_service(tmp_path) as running:
        key = {"Idempotency-Key": "first"}
        await submitted(running, b"{", 400, headers=key)
        mended = await submitted(running, a_message(), headers=key)

    assert mended["reception"] == "started"


def test_keys_are_forgotten_after_a_day_and_never_too_many() -> None:
    """A table that grows for ever is a leak with a name."""
    now = 0.0
    keys = IdempotencyKeys(lambda: now)
    keys.claim("ana", "key", b"one")

    keys.claim("ben", "key", b"two")  # Somebody else's key is another key.
    with pytest.raises(Problem, match="another body"):
        keys.claim("ana", "key", b"two")
    for number in range(KEYS_MAX):
        keys.claim("ana", str(number), b"")
    keys.claim("ana", "key", b"two")
    now = KEPT_S + 1
    keys.claim("ana", "0", b"another")


def test_a_key_that_is_used_again_grows_no_younger() -> None:
    """Else a key that is in use would keep those behind it from being forgotten."""
    now = 0.0
    keys = IdempotencyKeys(lambda: now)
    keys.claim("ana", "busy", b"one")
    keys.claim("ana", "idle", b"one")
    now = KEPT_S / 2
    keys.claim("ana", "busy", b"one")
    now = KEPT_S + 1
    keys.claim("ana", "idle", b"two")
    keys.claim("ana", "busy", b"two")


async def test_the_audit_knows_who_submitted(tmp_path: Path) -> None:
    """And whoever submitted cannot approve, where somebody is known at all."""
    people = {"ana": (Scope.OPERATE, Scope.APPROVE, Scope.READ), "ben": (Scope.APPROVE,)}
    async with a_service(tmp_path, people=people, workers=[a_worker()]) as running:
        ana, ben = running.as_("ana"), running.as_("ben")
        parked = await submitted(running, a_message(requires_approval=True), headers=ana)
        path = "/api/v1/decisions/decision-1"
        own = await running.client.post(f"{path}/approve", headers=ana)
        other = await running.client.post(f"{path}/approve", headers=ben)
        decision = said(await running.client.get(path, headers=ana))

    assert parked["reception"] == "parked"
    assert said(own, 403)["code"] == "separation_of_duties"
    assert said(other)["reply"] == "approved"
    assert decision["submitted_by"] == "ana"
    assert (decision["approval"]["state"], decision["approval"]["by"]) == ("approved", "ben")


@pytest.mark.parametrize("name", ["a/b", "a%2Fb", "ä ö", "a?b#c", "a;b", "x" * 504])
async def test_whatever_an_id_is_made_of_leads_to_it(tmp_path: Path, name: str) -> None:
    """Ids are others' choice, and what was taken must be found, approved and ended."""
    async with a_service(tmp_path, workers=[a_worker()]) as running:
        taken = await running.client.post(
            "/api/v1/decisions",
            content=a_message(decision_id=name, requires_approval=True),
            headers=JSON,
        )
        links = said(taken, 202)["links"]
        approved = await running.client.post(f"{links['decision']}/approve")
        events = await running.client.get(links["events"])
        workflow = said(await running.client.get(taken.headers["location"]))
        plan = f"/api/v1/tickets/by-plan/{quote(workflow['plan_id'], safe='')}"
        tickets = await running.client.get(plan)

    assert said(approved)["workflow_id"] == f"orch-{name}"
    assert "event: end" in events.text
    assert (workflow["decision_id"], workflow["outcome"]) == (name, "SUCCESS")
    assert len(said(tickets)["items"]) == 1


async def test_a_dry_run_tells_everything_and_does_nothing(tmp_path: Path) -> None:
    """Also of what is invalid: that is an answer, not an error."""
    async with a_service(tmp_path) as running:
        message = a_message(*a_chain("a", "b"))
        good = said(
            await running.client.post("/api/v1/plans/validate", content=message, headers=JSON)
        )
        cycle = a_message(a_task("a", dependencies=["b"]), a_task("b", dependencies=["a"]))
        bad = said(await running.client.post("/api/v1/plans/validate", content=cycle, headers=JSON))
        known = said(await running.client.get("/api/v1/workflows"))

    assert (good["valid"], good["verdict"], good["critical_path"]) == (True, "run", ["a", "b"])
    assert (bad["valid"], bad["findings"][0]["code"]) == (False, "dependency_cycle")
    assert known["items"] == []


async def test_a_dead_letter_that_is_no_better_is_one_again(tmp_path: Path) -> None:
    """Nothing was mended: it says so, and can be handed in another time."""
    async with a_service(tmp_path) as running:
        app = running.service.embedded
        assert app is not None
        await app.engine.submit(b"not a decision", source="a stranger")
        [letter] = said(await running.client.get("/api/v1/dead-letters"))["items"]
        whole = said(await running.client.get(f"/api/v1/dead-letters/{letter['id']}"))
        again = await running.client.post(f"/api/v1/dead-letters/{letter['id']}/requeue")
        missing = await running.client.post("/api/v1/dead-letters/999/requeue")

    assert (whole["body"], whole["truncated"]) == ("not a decision", False)
    assert said(again, 202)["reception"] == "dead_letter"
    assert said(missing, 404)["code"] == "not_found"


async def test_a_mended_dead_letter_is_taken_in_once(tmp_path: Path) -> None:
    """Two operators who see the same letter must not both hand it in."""
    plan = {"plan_id": "p", "intent_id": "i", "tasks": [{"task_id": "a", "type": "query"}]}
    async with a_service(tmp_path) as strict:
        app = strict.service.embedded
        assert app is not None
        await app.engine.submit(orjson.dumps(plan), source="a stranger")
    async with a_service(tmp_path, allow_direct_plans=True) as running:
        [letter] = said(await running.client.get("/api/v1/dead-letters"))["items"]
        path = f"/api/v1/dead-letters/{letter['id']}"
        first = await running.client.post(f"{path}/requeue")
        again = await running.client.post(f"{path}/requeue")
        noted = said(await running.client.get(path))

    assert said(first, 202)["reception"] == "started"
    assert said(again, 409)["code"] == "not_possible"
    assert noted["requeue_outcome"] == "started"


async def test_a_plan_alone_starts_only_where_that_is_allowed(tmp_path: Path) -> None:
    """The clients of the service before this one may do what the operator allows."""
    plan = {"plan_id": "p", "intent_id": "i", "tasks": [{"task_id": "a", "type": "query"}]}
    order = orjson.dumps({"cognitive_plan": plan, "correlation_id": "c-1", "priority": 8})
    path = "/api/v1/workflows/start"
    async with a_service(tmp_path / "strict") as running:
        refused = await running.client.post(path, content=order, headers=JSON)
    async with a_service(
        tmp_path / "open", workers=[a_worker()], allow_direct_plans=True
    ) as running:
        started = await running.client.post(path, content=order, headers=JSON)
        outcome = await ended(running, started.json()["workflow_id"])
        asked = await running.client.post(
            f"/api/v1/workflows/{started.json()['workflow_id']}/query",
            json={"query_name": "get_tickets"},
        )

    assert said(refused, 422)["findings"][0]["code"] == "direct_plan_refused"
    assert (said(started)["status"], said(started)["correlation_id"]) == ("started", "c-1")
    assert started.headers["deprecation"]
    assert outcome == "SUCCESS"
    assert [one["task_id"] for one in said(asked)["result"]] == ["a"]
