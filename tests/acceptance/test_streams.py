"""`orq serve` killed under load: whoever watches comes back, and has missed nothing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.acceptance.serving import NOTHING, Serving, serving
from tests.support.engines import a_message
from tests.support.messages import a_task

JSON = {"Content-Type": "application/json"}

# Several plans at once, so that turns hold facts of all; wide and deep enough for many turns.
PLANS = 6
LAYERS = 80
WIDTH = 8

# Each is a kill in another place of the plans' lives; the last service lives to their end.
KILLS = 3
EVENTS_BEFORE_A_KILL = 3


def a_large_plan(name: str) -> bytes:
    """Return a decision about layers of tasks, each of which waits for one of the layer before."""
    return a_message(
        *(
            a_task(f"t{layer}-{place}", dependencies=[f"t{layer - 1}-{place}"] if layer else [])
            for layer in range(LAYERS)
            for place in range(WIDTH)
        ),
        decision_id=name,
    )


def events_of(service: Serving, workflow: str, last: str | None) -> Iterator[dict[str, Any]]:
    """Yield what a client hears that says which event it had last; it ends where the service does.

    An event that has not come as a whole has not come.
    """
    headers = {} if last is None else {"Last-Event-ID": last}
    path = f"{service.address}/api/v1/workflows/{workflow}/events"
    options = {} if last is not None else {"params": {"after": 0}}
    fields: dict[str, str] = {}
    try:
        with httpx.stream("GET", path, headers=headers, timeout=60, **options) as answer:  # type: ignore[arg-type]
            assert answer.status_code == 200, answer.read()
            for line in answer.iter_lines():
                if line.startswith(":"):
                    continue
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif fields:
                    yield {**json.loads(fields["data"]), "event": fields["event"]}
                    fields = {}
    except (httpx.ReadError, httpx.RemoteProtocolError):
        return


def journal_of(service: Serving, workflow: str) -> list[int]:
    """Return the places of all entries of the timeline, page by page."""
    places, cursor = list[int](), "0"
    while cursor:
        path = f"{service.address}/api/v1/workflows/{workflow}/timeline"
        page = httpx.get(path, params={"cursor": cursor, "limit": 500}, timeout=20).json()
        places += [entry["seq"] for entry in page["items"]]
        cursor = page["next"]
    return places


def test_who_reconnects_has_every_entry_once_whatever_was_killed(tmp_path: Path) -> None:
    """A stream goes on by `Last-Event-ID` where it broke off, in whichever process."""
    data_dir, watched = tmp_path / "data", f"orch-p{PLANS - 1}"
    told: list[dict[str, Any]] = []
    port = "0"
    for kill in range(KILLS + 1):
        with serving(data_dir, "--worker", NOTHING, port=port) as service:
            port = service.port
            if kill == 0:
                for number in range(PLANS):
                    body = a_large_plan(f"p{number}")
                    path = f"{service.address}/api/v1/decisions"
                    httpx.post(path, content=body, headers=JSON, timeout=20).raise_for_status()
            last = str(told[-1]["seq"]) if told else None
            for heard, event in enumerate(events_of(service, watched, last), start=1):
                told.append(event)
                if kill < KILLS and heard == EVENTS_BEFORE_A_KILL:
                    service.running.process.kill()
            if kill == 0:
                assert told[-1]["event"] != "end", "it was killed in the middle"
            journal = journal_of(service, watched) if kill == KILLS else []

    entries = [entry["seq"] for event in told for entry in event["entries"]]
    assert len(journal) > LAYERS
    assert entries == journal
    assert told[-1]["event"] == "end"
    assert told[-1]["workflow"]["outcome"] == "SUCCESS"
