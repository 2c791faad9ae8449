"""What clients send that is wrong: always a problem document, never a fault of ours."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from orchestrator_dynamic.api.app import application
from orchestrator_dynamic.config.http import HttpSettings
from tests.support.engines import a_message
from tests.support.raw_http import Answer, Connection, connected, request
from tests.support.service import Running, a_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

BODY_MAX = 4_096
JSON = {"Content-Type": "application/json"}
JSON_LINE = "Content-Type: application/json"
DECISIONS = "/api/v1/decisions"
VALIDATE = "/api/v1/plans/validate"
LEASE = "/api/v1/workers/w/tickets:lease"

DESCRIBED = application().openapi()["paths"]
TAKING = sorted(
    (method.upper(), path)
    for path, operations in DESCRIBED.items()
    for method, operation in operations.items()
    if "requestBody" in operation
)
NAMING = sorted(
    (method.upper(), path)
    for path, operations in DESCRIBED.items()
    for method in operations
    if "{" in path
)
LISTS = sorted(
    path
    for path, operations in DESCRIBED.items()
    for parameter in operations.get("get", {}).get("parameters", ())
    if parameter["name"] == "cursor"
)

KNOWN = {
    "workflow_id": "orch-decision-1",
    "decision_id": "decision-1",
    "plan_id": "plan-of-decision-1",
}


def named(path: str) -> str:
    """Return a path with names in it."""
    return re.sub(r"\{([^}]*)\}", lambda name: KNOWN.get(name[1], "1"), path)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """Run a service that is in a hurry and takes little."""
    http = HttpSettings(body_max_bytes=BODY_MAX, body_timeout_s=1)
    async with a_service(tmp_path_factory.mktemp("data"), http=http) as service:
        await service.client.post(DECISIONS, content=a_message(), headers=JSON)
        yield service


@pytest_asyncio.fixture(loop_scope="module")
async def wire(running: Running) -> AsyncIterator[Connection]:
    """Give a connection on which anything can be sent."""
    async with connected(running.service.address) as connection:
        yield connection


def refused(answer: Answer, status: int, code: str) -> str:
    """Return what a refusal says, which must have all that every answer has."""
    assert (answer.status, answer.problem["code"]) == (status, code), answer
    assert answer.problem["status"] == status
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-correlation-id"] == answer.problem["correlation_id"]
    assert len(answer.body) < 20_000, "what was sent is not sent back"
    return str(answer.problem["detail"])


# --- Bodies: how large, how fast, how they are put --------------------------------------------


async def test_a_body_that_says_it_is_too_large_is_not_waited_for(wire: Connection) -> None:
    """Nobody uploads a gigabyte to hear that it was too much."""
    await wire.send(request("POST", DECISIONS, JSON_LINE, f"Content-Length: {BODY_MAX + 1}"))

    assert str(BODY_MAX) in refused(await wire.answer(), 413, "too_large")
    assert await wire.closed(), "what is left of it is not read for ever"


async def test_a_body_that_turns_out_too_large_is_cut_off(wire: Connection) -> None:
    """Chunks say nothing beforehand."""
    await wire.send(request("POST", DECISIONS, JSON_LINE, "Transfer-Encoding: chunked"))
    for _ in range(5):
        await wire.send(b"400\r\n" + b" " * 1_024 + b"\r\n")

    assert str(BODY_MAX) in refused(await wire.answer(), 413, "too_large")


async def test_the_largest_body_is_taken_and_the_connection_goes_on(wire: Connection) -> None:
    """A bound that is off by one is found by whoever is at it."""
    body = a_message(decision_id="large").ljust(BODY_MAX)
    await wire.send(request("POST", VALIDATE, JSON_LINE, body=body))
    first = await wire.answer()
    await wire.send(request("GET", "/health"))

    assert (first.status, (await wire.answer()).status) == (200, 200)


async def test_a_body_that_does_not_come_is_given_up(wire: Connection) -> None:
    """Slow senders hold memory and connections."""
    await wire.send(request("POST", DECISIONS, JSON_LINE, "Content-Length: 20") + b"{")

    assert "1 s" in refused(await wire.answer(), 408, "request_timeout")
    assert await wire.closed()


async def test_a_body_for_what_takes_none_holds_nothing_up(wire: Connection) -> None:
    """An answer that waits for it would wait for ever, and a stream would break off."""
    path = "/api/v1/workflows/orch-decision-1"
    await wire.send(request("GET", path, "Content-Length: 20") + b"{")

    assert (await wire.answer()).status == 200
    assert await wire.closed()


async def test_chunks_of_one_byte_are_taken(wire: Connection) -> None:
    """Odd, and no attack."""
    message = a_message(decision_id="crumbs")
    await wire.send(request("POST", VALIDATE, JSON_LINE, "Transfer-Encoding: chunked"))
    await wire.send(b"".join(b"1\r\n%c\r\n" % byte for byte in message) + b"0\r\n\r\n")

    assert (await wire.answer()).status == 200


@pytest.mark.parametrize("beside", [b"0\r\n" + b"x: y\r\n" * 20_000, b"1;" + b"x" * 100_000])
async def test_what_stands_beside_a_body_has_a_bound(wire: Connection, beside: bytes) -> None:
    """Trailers and extensions of chunks are in no body, and in no bound of it."""
    await wire.send(request("POST", DECISIONS, JSON_LINE, "Transfer-Encoding: chunked") + beside)

    refused(await wire.answer(), 400, "bad_request")
    assert await wire.closed()


async def test_expecting_to_be_told_to_go_on_is_answered(wire: Connection) -> None:
    """`curl` asks before it sends a large file."""
    length = f"Content-Length: {BODY_MAX + 1}"
    await wire.send(request("POST", DECISIONS, JSON_LINE, length, "Expect: 100-continue"))

    refused(await wire.answer(), 413, "too_large")


# --- The head of a request --------------------------------------------------------------------


async def test_a_head_that_does_not_end_is_given_up(wire: Connection) -> None:
    """A thousand such connections cost their client nothing."""
    await wire.send(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n")

    refused(await wire.answer(), 408, "request_timeout")
    assert await wire.closed()


async def test_a_second_head_that_does_not_end_is_given_up_too(wire: Connection) -> None:
    """A connection that was good once is no better for that."""
    await wire.send(request("GET", "/health") + b"GET /health HT")
    await wire.answer()

    refused(await wire.answer(), 408, "request_timeout")


async def test_a_connection_on_which_nothing_comes_is_closed_without_a_word(
    wire: Connection,
) -> None:
    """Browsers open some beforehand, and would take a word for the answer to their next request."""
    assert await wire.closed()


@pytest.mark.parametrize(
    "head",
    [
        b"GET /health HTTP/1.1\r\nX: " + b"x" * 100_000,
        b"GET /health HTTP/1.1\r\n" + b"X: x\r\n" * 20_000,
        b"GET /" + b"x" * 100_000,
    ],
    ids=["one header", "many headers", "the path"],
)
async def test_a_head_has_a_bound(wire: Connection, head: bytes) -> None:
    """It is kept until its end."""
    await wire.send(head)

    refused(await wire.answer(), 400, "bad_request")
    assert await wire.closed()


@pytest.mark.parametrize(
    "sent",
    [
        request("POST", VALIDATE, "Content-Length: 2", "Transfer-Encoding: chunked", JSON_LINE),
        request("POST", VALIDATE, "Content-Length: 2", "Content-Length: 3", JSON_LINE),
        request("POST", VALIDATE, "Transfer-Encoding: chunked, identity", JSON_LINE),
        request("POST", VALIDATE, "Transfer-Encoding: xchunked", JSON_LINE),
        request("POST", VALIDATE, "Content-Length: +2", JSON_LINE),
        request("POST", VALIDATE, "Content-Length: -2", JSON_LINE),
        request("POST", VALIDATE, "Content-Length: 2, 2", JSON_LINE),
        request("GET", "/health", "Content-Length : 2"),
        request("GET", "/health", "X: a\0b"),
        request("GET", "/health", "X: a\rb"),
        request("GET", "/health", "X\0: a"),
        request("GET", "/a b"),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
async def test_what_two_servers_could_read_in_two_ways_is_no_request(
    wire: Connection, sent: bytes
) -> None:
    """Behind a proxy, what is left over of one client's request would become another's."""
    await wire.send(sent + request("GET", "/health"))

    refused(await wire.answer(), 400, "bad_request")
    assert await wire.closed(), "what follows is not read as a request of its own"


# --- What is sent -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
     "application/xml", "application/jsonp", "application/json-patch", "json", "*/*"],
)  # fmt: skip
async def test_only_json_is_taken(running: Running, kind: str | None) -> None:
    """What a form of another site can send is none of it."""
    headers = {} if kind is None else {"Content-Type": kind}

    answers = [
        await running.client.request(method, named(path), content=b"{}", headers=headers)
        for method, path in TAKING
    ]

    assert {answer.status_code for answer in answers} == {415}
    assert {answer.json()["code"] for answer in answers} == {"unsupported_media_type"}


BAD_JSON = {
    "nothing at all": b" ",
    "half an object": b'{"a": ',
    "no UTF-8": b'{"reason": "\xff\xfe"}',
    "UTF-16": '{"reason": "a"}'.encode("utf-16"),
    "half a character": b'{"reason": "\\ud800"}',
    "deep lists": b"[" * 2_000 + b"]" * 2_000,
    "deep objects": b'{"a":' * 500 + b"1" + b"}" * 500,
    "deep and not closed": b"[" * 4_000,
    "no number": b'{"wait_s": NaN}',
    "no end of numbers": b'{"wait_s": Infinity}',
    "more than a number holds": b'{"wait_s": 1e999}',
    "a number of more than a thousand digits": b'{"max": ' + b"9" * 1_001 + b"}",
    "a key given twice": b'{"max": 1, "max": 2}',
    "a list": b"[]",
    "a text": b'"text"',
    "a number": b"1",
    "a comment": b"{} // nothing",
    "two documents": b"{}{}",
}


@pytest.mark.parametrize("sent", BAD_JSON.values(), ids=BAD_JSON.keys())
async def test_what_is_no_json_object_is_refused_everywhere(running: Running, sent: bytes) -> None:
    """By the same rules, whatever it was sent to."""
    ways = [(method, path) for method, path in TAKING if path != VALIDATE]

    answers = {
        (method, path): await running.client.request(
            method, named(path), content=sent, headers=JSON
        )
        for method, path in ways
    }

    told = {way: answer.status_code for way, answer in answers.items()}
    assert set(told.values()) <= {400, 422}, told
    assert all(len(answer.content) < 20_000 for answer in answers.values())


async def test_a_refusal_does_not_send_back_what_was_sent(running: Running) -> None:
    """Else whoever logs answers logs whatever anybody sends."""
    secret = "s3cret" * 400
    sent = [
        (DECISIONS, b'{"decision_id": ["%b"]}' % secret.encode()),
        (LEASE, b'{"task_types": ["%b"], "max": "%b"}' % (secret[:900].encode(), b"s3cret")),
        (f"{DECISIONS}/decision-1/approve", b'{"reason": {"%b": 1}}' % secret.encode()),
        ("/api/v1/workflows/orch-decision-1/query", b'{"query_name": "s3crets3cret"}'),
    ]

    answers = [await running.client.post(path, content=body, headers=JSON) for path, body in sent]

    assert {answer.status_code for answer in answers} <= {400, 422}
    assert all(answer.text.count("s3cret") < 40 for answer in answers)


async def test_a_number_that_no_machine_word_holds_is_no_fault_of_ours(running: Running) -> None:
    """Wherever it stands; Python reads it, and some writers of JSON do not write it."""
    large = b"9" * 40
    sent = [
        ("/api/v1/workflows/start", b'{"cognitive_plan": {"plan_id": %b}}' % large),
        (DECISIONS, b'{"decision_id": %b}' % large),
        (VALIDATE, b'{"plan_id": "p", "tasks": [{"task_id": "a", "x": %b}]}' % large),
        (LEASE, b'{"max": %b}' % large),
    ]

    answers = [await running.client.post(path, content=body, headers=JSON) for path, body in sent]

    assert [answer.status_code for answer in answers] == [422, 422, 200, 400]


# --- Names, cursors and numbers ---------------------------------------------------------------

TRICKS = (
    "no-such-id", "..", "%2e%2e", "..%2f..%2fetc%2fpasswd", "%2e%2e%2f%2e%2e%2fme", "..%5c..%5cme",
    "%00", "a%00b", "%0d%0aX-Evil:%20yes", "%ff%fe", "%u0041", "%", "%2", "a%2fb", "x" * 2_000,
    "%27%20OR%201=1--", "%3Cscript%3E", "*", "%25", "-1", "9" * 30, "1e3", "0x1", "null",
)  # fmt: skip


@pytest.mark.parametrize("trick", TRICKS)
async def test_names_that_nobody_has_are_known_to_nobody(running: Running, trick: str) -> None:
    """A name is looked up and nothing else; it is no path and no pattern."""
    answers: dict[tuple[str, str], Answer] = {}
    async with connected(running.service.address) as wire:
        for method, path in NAMING:
            asked = path.split("{")[0] + trick + path.partition("}")[2]
            body = b'{"wait_s": 0, "attempt": 1, "status": "FAILED", "agent_id": "w"}'
            headers = () if method == "GET" else (JSON_LINE,)
            await wire.send(request(method, asked, *headers, body=b"" if method == "GET" else body))
            answers[method, path] = await wire.answer()

    odd = {way: answer for way, answer in answers.items() if answer.status not in (400, 404)}
    # Any name is good for a worker, and one that is a path to somewhere else leads there.
    odd = {way: answer for way, answer in odd.items() if "/workers/" not in way[1]}
    assert not {way for way, answer in odd.items() if answer.status not in (405,)}, odd
    assert all(answer.status < 500 for answer in answers.values())
    assert all("x-evil" not in answer.headers for answer in answers.values())


@pytest.mark.parametrize(
    "cursor", ["nonsense", "-1", "1.5", "%00", "9" * 40, "%ff", "1" * 64, "x" * 10_000, "1;2", ""]
)
async def test_a_cursor_that_came_from_no_page_is_refused(running: Running, cursor: str) -> None:
    """A client that makes them up would miss what it does not know it misses."""
    answers = {path: await running.client.get(f"{named(path)}?cursor={cursor}") for path in LISTS}

    told = {path: answer.status_code for path, answer in answers.items()}
    assert set(told.values()) == {400}, told


@pytest.mark.parametrize("limit", ["0", "-1", "1001", "many", "1.5", "", "9" * 40, "%00"])
async def test_a_page_has_a_size(running: Running, limit: str) -> None:
    """Between one and a thousand."""
    answers = [await running.client.get(f"{named(path)}?limit={limit}") for path in LISTS]

    assert {answer.status_code for answer in answers} == {400}
    assert all(answer.json()["findings"][0]["where"] == "query.limit" for answer in answers)
