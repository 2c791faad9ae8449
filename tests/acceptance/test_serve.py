"""`orq serve` as an operator starts it, stops it, and finds it again."""

import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.acceptance.command import NIGHTLY, ROOT, orq, rows
from tests.acceptance.serving import NOTHING, serving

JSON = {"Content-Type": "application/json"}


def submitted(address: str, file: Path = NIGHTLY) -> httpx.Response:
    """Return the answer to a decision that is handed in."""
    return httpx.post(
        f"{address}/api/v1/decisions", content=file.read_bytes(), headers=JSON, timeout=20
    )


def test_it_says_where_the_page_is_and_stops_when_it_is_told_to(tmp_path: Path) -> None:
    """An orchestrator sends SIGTERM; whoever gets another code than 0 is woken up at night."""
    with serving(tmp_path / "data") as service:
        page = httpx.get(f"{service.address}/", timeout=20)
        alive = httpx.get(f"{service.address}/health", timeout=20)
        ended = service.running.stopped(signal.SIGTERM)

    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert alive.json() == {"status": "alive"}
    assert ended.exit_code == 0
    assert f"the page is at {service.address}/, the API at {service.address}/docs" in ended.err
    assert "stopped by SIGTERM; all that was taken is durable" in ended.err


def test_a_plan_that_is_handed_in_goes_to_its_end(tmp_path: Path) -> None:
    """What the service is for."""
    data_dir = tmp_path / "data"
    with serving(data_dir, "--worker", NOTHING) as service:
        answer = submitted(service.address)
        plan = httpx.get(f"{service.address}{answer.headers['location']}/events", timeout=20)
        again = submitted(service.address)

    assert answer.status_code == 202
    assert answer.json()["reception"] == "started"
    assert "event: end" in plan.text
    assert again.json()["reception"] == "duplicate"
    assert rows(data_dir, "SELECT plan_id, outcome FROM workflows") == [
        ("nightly-report", "SUCCESS")
    ]


def test_it_goes_on_after_it_was_killed(tmp_path: Path) -> None:
    """Nothing that was accepted is lost, and nothing starts twice."""
    data_dir = tmp_path / "data"
    with serving(data_dir) as service:
        accepted = submitted(service.address)
        service.running.process.kill()
        service.running.process.wait()
    with serving(data_dir, "--worker", NOTHING, port=service.port) as service:
        events = httpx.get(f"{service.address}{accepted.headers['location']}/events", timeout=20)

    assert "event: end" in events.text
    assert rows(data_dir, "SELECT count(*), min(outcome) FROM workflows") == [(1, "SUCCESS")]


def test_streams_do_not_hold_up_a_stop(tmp_path: Path) -> None:
    """Somebody always has the page open."""
    with serving(tmp_path / "data") as service:
        answer = submitted(service.address)
        with httpx.stream(
            "GET", f"{service.address}{answer.headers['location']}/events", timeout=20
        ) as events:
            lines = events.iter_lines()
            assert next(lines) == ": alive"
            ended = service.running.stopped(signal.SIGTERM)
            assert list(lines) == [""], "it ended as a stream ends, not as a broken connection"

    assert ended.exit_code == 0


def test_a_taken_port_is_told_with_what_to_do(tmp_path: Path) -> None:
    """A traceback about an address in use helps nobody."""
    with serving(tmp_path / "one") as service:
        ended = orq("serve", "--data-dir", tmp_path / "two", "--port", service.port)

    assert ended.exit_code == 2
    assert f"cannot listen on 127.0.0.1:{service.port}" in ended.err
    assert "--port" in ended.err
    assert not (tmp_path / "two").exists(), "nothing was begun"


def test_a_second_service_on_a_directory_is_told_where_the_first_is(tmp_path: Path) -> None:
    """One file, one writer."""
    with serving(tmp_path / "data") as service:
        ended = orq("serve", "--data-dir", tmp_path / "data", "--port", "0")

    assert ended.exit_code == 2
    assert f"orq serve at {service.address}" in ended.err


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_nobody_else_is_let_in_without_identity(tmp_path: Path, host: str) -> None:
    """A service that anybody may operate must not be reachable by anybody."""
    ended = orq("serve", "--data-dir", tmp_path / "data", "--host", host, "--port", "0")

    assert ended.exit_code == 2
    assert "AUTH_TOKENS_FILE" in ended.err
    assert "AUTH_OIDC_ISSUER" in ended.err
    assert not (tmp_path / "data").exists(), "nothing was begun"


def test_the_package_itself_serves() -> None:
    """`python -m orchestrator_dynamic` is what containers start."""
    command = [sys.executable, "-m", "orchestrator_dynamic", "--help"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)

    assert "orchestrator_dynamic serve [OPTIONS]" in told.stdout
    assert "Serve the HTTP API and the web page" in told.stdout
