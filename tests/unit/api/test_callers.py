"""Callers that come at the wrong time, from the wrong place, too often, or leave in the middle."""

import asyncio
import gc
import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from orchestrator_dynamic.config.http import HttpSettings
from orchestrator_dynamic.ports.identity import Scope
from tests.support.engines import a_message, now_ms
from tests.support.raw_http import connected, request
from tests.support.service import PATIENCE_S, Running, a_service, said

JSON = {"Content-Type": "application/json"}
JSON_LINE = "Content-Type: application/json"
DECISIONS = "/api/v1/decisions"
PLAN = "/api/v1/workflows/orch-decision-1"
DECISION = f"{DECISIONS}/decision-1"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    """Run a service without workers, with room for one stream."""
    async with a_service(tmp_path, http=HttpSettings(streams_max=1)) as service:
        yield service


async def submitted(running: Running, **about: object) -> None:
    """Hand a decision in."""
    body = a_message(**about)  # type: ignore[arg-type]
    said(await running.client.post(DECISIONS, content=body, headers=JSON), 202)


# --- At the wrong time ------------------------------------------------------------------------


async def test_who_decides_on_what_has_changed_is_told_so(running: Running) -> None:
    """Two people look at the same page; the second must not undo what the first has done."""
    await submitted(running)
    seen = (await running.client.get(PLAN)).headers["etag"]

    first = await running.client.post(f"{PLAN}/pause", headers={"If-Match": seen})
    stale = await running.client.post(f"{PLAN}/cancel", headers={"If-Match": seen})
    plan = said(await running.client.get(PLAN))
    now = (await running.client.get(PLAN)).headers["etag"]
    listed = await running.client.post(f"{PLAN}/resume", headers={"If-Match": f'"x", {now}'})
    any_tag = await running.client.post(f"{PLAN}/cancel", headers={"If-Match": "*"})

    assert said(first)["paused"] is True
    assert said(stale, 412)["code"] == "precondition_failed"
    assert (plan["paused"], plan["outcome"]) == (True, None)
    assert said(listed)["paused"] is False
    assert said(any_tag)["outcome"] == "CANCELLED"


async def test_an_approval_of_a_decision_that_has_changed_is_refused(running: Running) -> None:
    """What was approved in the meantime is not what the second approver looked at."""
    await submitted(running, requires_approval=True)
    seen = (await running.client.get(DECISION)).headers["etag"]

    unseen = await running.client.post(f"{DECISION}/approve", headers={"If-Match": '"other"'})
    approved = await running.client.post(f"{DECISION}/approve", headers={"If-Match": seen})
    again = await running.client.post(f"{DECISION}/reject", headers={"If-Match": seen})

    assert said(unseen, 412)["code"] == "precondition_failed"
    assert said(approved)["reply"] == "approved"
    assert said(again, 412)["code"] == "precondition_failed"


async def test_of_two_approvers_at_once_one_is_told_that_it_is_done(tmp_path: Path) -> None:
    """The audit names one who approved, not two."""
    people = {name: tuple(Scope) for name in ("sam", "ana", "ben", "eve")}
    async with a_service(tmp_path, people=people) as running:
        body = a_message(requires_approval=True)
        headers = {**JSON, **running.as_("sam")}
        said(await running.client.post(DECISIONS, content=body, headers=headers), 202)
        answers = await asyncio.gather(
            *(
                running.client.post(f"{DECISION}/approve", headers=running.as_(name))
                for name in ("ana", "ben", "eve")
            )
        )
        audit = said(await running.client.get(f"{PLAN}/audit", headers=running.as_("sam")))

    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert sum(entry["action"] == "plan_approved" for entry in audit["items"]) == 1


async def test_what_has_expired_can_not_be_approved(running: Running) -> None:
    """A word that comes too late changes nothing, and whoever gave it hears why."""
    await submitted(running, requires_approval=True, valid_until=now_ms() + 300)
    told = await running.client.get(f"{PLAN}/events")

    late = await running.client.post(f"{DECISION}/approve")

    assert "event: end" in told.text
    assert said(late, 409)["code"] == "not_possible"
    assert "EXPIRED" in late.json()["detail"]
    assert said(await running.client.get(PLAN))["outcome"] == "EXPIRED"


async def test_what_has_ended_can_be_told_nothing(running: Running) -> None:
    """Each word is refused with how it ended."""
    await submitted(running)
    said(await running.client.post(f"{PLAN}/cancel"))

    words = ("cancel", "pause", "resume")
    late = [await running.client.post(f"{PLAN}/{word}") for word in words]

    assert {answer.status_code for answer in late} == {409}
    assert all("CANCELLED" in answer.json()["detail"] for answer in late)


# --- From the wrong place ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": ""},
        {"Origin": "http://{host}.evil.example"},
        {"Origin": "http://evil.example@{host}"},
        {"Origin": "http://[::1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "evil.example"},
        {"Host": "localhost.evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "evil.example:8080"},
        {"Host": "127.0.0.1@evil.example"},
        {"Host": "[::1"},
        {"Host": ""},
    ],
    ids=str,
)
async def test_another_sites_page_can_do_nothing_here(
    running: Running, headers: dict[str, str]
) -> None:
    """A browser sends what a page asks for, also to a service on its user's own machine."""
    host = running.service.address.removeprefix("http://")
    headers = {name: value.format(host=host) for name, value in headers.items()}

    answer = await running.client.post(DECISIONS, content=a_message(), headers={**JSON, **headers})
    preflight = await running.client.options(DECISIONS, headers=headers)
    listed = said(await running.client.get("/api/v1/workflows"))

    assert said(answer, 403)["code"] == "cross_origin"
    assert not any(name.startswith("access-control-") for name in preflight.headers)
    assert listed["items"] == []


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "x", ""])
async def test_a_name_that_was_bent_to_us_reads_nothing(running: Running, host: str) -> None:
    """A page may ask a name of its own, and have that name lead here (DNS rebinding)."""
    paths = ("/", "/health", "/docs", "/api/v1/workflows", "/page/index.html", "/metrics")

    answers = [await running.client.get(path, headers={"Host": host}) for path in paths]

    assert {answer.status_code for answer in answers} == {403}


async def test_two_hosts_and_a_host_in_the_path_help_nobody(running: Running) -> None:
    """What is checked must be what is meant."""
    for head in (
        request("GET", "/api/v1/me", "Host: 127.0.0.1", "Host: evil.example"),
        request("GET", "/api/v1/me", "Host: evil.example", "Host: 127.0.0.1"),
        request("GET", "http://127.0.0.1/api/v1/me", "Host: evil.example"),
        b"GET /api/v1/me HTTP/1.1\r\n\r\n",
        b"GET /api/v1/me HTTP/1.0\r\n\r\n",
    ):
        async with connected(running.service.address) as wire:
            await wire.send(head)
            assert (await wire.answer()).status in (400, 403)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:8080", "[::1]:1"])
async def test_names_of_this_machine_are_good(running: Running, host: str) -> None:
    """A port may be another one: a tunnel ends here, too."""
    same = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin", **JSON}

    answer = await running.client.post("/api/v1/plans/validate", content=b"{}", headers=same)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "brought",
    ["a b", "a\tb", "x" * 129, "é", "<script>", '"', "", "a;b", "a,b", "%0d%0aX: y", "{}", "\\"],
)
async def test_an_id_that_could_do_harm_is_replaced(running: Running, brought: str) -> None:
    """It goes into logs, headers and documents."""
    headers = [(b"X-Correlation-ID", brought.encode())]

    answer = await running.client.get("/api/v1/workflows/none", headers=headers)

    used = said(answer, 404)["correlation_id"]
    assert used == answer.headers["x-correlation-id"]
    assert re.fullmatch("[0-9a-f]{32}", used)


async def test_a_good_id_is_kept(running: Running) -> None:
    """So that a caller finds its request in our log."""
    answer = await running.client.get("/api/v1/none", headers={"X-Correlation-ID": "a.b/c:d-1"})

    assert said(answer, 404)["correlation_id"] == "a.b/c:d-1"


# --- Too often, and in the middle -------------------------------------------------------------


async def test_streams_have_a_bound_and_room_comes_back(running: Running) -> None:
    """The one that is one too many is told when to come again."""
    async with running.client.stream("GET", "/api/v1/events") as first:
        assert await anext(first.aiter_lines()) == ": alive"
        refused = await running.client.get("/api/v1/events")
    again = await opened(running.client, "/api/v1/events")

    assert said(refused, 429)["code"] == "too_many_requests"
    assert int(refused.headers["retry-after"]) > 0
    assert again == 200


async def test_streams_that_are_asked_for_at_once_keep_the_bound(running: Running) -> None:
    """A bound that is looked at before it is taken lets a crowd in."""
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        left = asyncio.Event()
        asked = [tasks.create_task(held(running.client, "/api/v1/events", left)) for _ in range(8)]
        refused = 0
        for answer in asyncio.as_completed(asked):
            refused += (await answer) == 429
            if refused == 7:
                left.set()

    assert sorted(one.result() for one in asked) == [200, *[429] * 7]


async def held(client: httpx.AsyncClient, path: str, left: asyncio.Event) -> int:
    """Return the status of a stream, which is held until `left`."""
    async with client.stream("GET", path) as answer:
        if answer.status_code == 200:
            await left.wait()
        return answer.status_code


async def opened(client: httpx.AsyncClient, path: str) -> int:
    """Return the status of a stream that is opened as soon as there is room, and left again."""
    while True:
        async with asyncio.timeout(PATIENCE_S), client.stream("GET", path) as answer:
            if answer.status_code != 429:
                return answer.status_code


async def test_who_leaves_in_the_middle_leaves_nothing_behind(
    running: Running, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Browsers are closed, workers are killed, networks break; it is nobody's fault."""
    await submitted(running, decision_id="other")
    lease = b'{"wait_s": 60, "task_types": ["BUILD"]}'
    path = "/api/v1/workers/w/tickets:lease"
    halves = [
        request("POST", DECISIONS, JSON_LINE, "Content-Length: 100") + b'{"decision_id": ',
        request("POST", DECISIONS, JSON_LINE, "Transfer-Encoding: chunked") + b"5\r\n{",
        request("POST", path, JSON_LINE, "Content-Length: 100") + b"{",
        request("POST", path, JSON_LINE, body=lease),
        request("GET", "/api/v1/events"),
        request("GET", "/api/v1/workflows/orch-other/events"),
        request("GET", "/api/v1/workflows/orch-other/snapshot"),
        b"GET /health HTT",
    ]

    for half in halves * 3:
        async with connected(running.service.address) as wire:
            await wire.send(half)
            # Whatever comes after this on another connection, the half has been read before.
            await running.client.get("/health")
    async with asyncio.timeout(PATIENCE_S):
        while await streams_of(running):
            pass
    gc.collect()

    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []
    assert "[error" not in capsys.readouterr().out


async def streams_of(running: Running) -> float:
    """Return how many streams are open."""
    text = (await running.client.get("/metrics")).text
    found = re.search(r"^orchestration_event_streams (\S+)$", text, re.MULTILINE)
    assert found is not None
    return float(found[1])
