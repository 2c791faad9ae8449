"""What must be true of everything that was said in a world, whatever happened meanwhile."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from tests.support.flow_listening import Heard
from tests.support.flow_plans import Sent

# As it is promised to others, and not as our code has it.
_TICKETS = uuid5(NAMESPACE_DNS, "tickets.orchestrator-dynamic")


def check_tickets(
    tickets: Sequence[Heard], results: Sequence[Heard], decisions: Iterable[Sent]
) -> None:
    """Every task of every decision was released, under one derived id, after what it needs."""
    ids = defaultdict[tuple[str, str], set[str]](set)
    released = dict[str, int]()
    needs = dict[str, list[str]]()
    for heard in tickets:
        ticket = heard.body
        kind, ticket_id = ticket["task_type"], ticket["ticket_id"]
        task = ticket["task_id"]
        ids[ticket["decision_id"], f"{kind}:{task}" if kind == "COMPENSATE" else task].add(
            ticket_id
        )
        told = f"{ticket['decision_id']}\x1f{task}"
        derived = f"{told}\x1fcompensate" if kind == "COMPENSATE" else told
        assert ticket_id == str(uuid5(_TICKETS, derived))
        assert heard.key == ticket["plan_id"].encode()
        released[ticket_id] = min(heard.at, released.get(ticket_id, heard.at))
        needs[ticket_id] = ticket["dependencies"]
    assert {key: len(names) for key, names in ids.items() if len(names) > 1} == {}

    wanted = {(one.decision_id, task) for one in decisions for task in one.tasks}
    assert wanted - ids.keys() == set(), "not every task was released"
    assert {key for key in ids if not key[1].startswith("COMPENSATE")} - wanted == set()

    completed = first_completions(results)
    early = {
        ticket_id: need
        for ticket_id, several in needs.items()
        for need in several
        if completed.get(need, 1 << 62) > released[ticket_id]
    }
    assert early == {}, "released before what they depend on had completed"


def first_completions(results: Sequence[Heard]) -> dict[str, int]:
    """Return when each ticket was first said to be completed; what nobody can read says nothing."""
    completed = dict[str, int]()
    for heard in results:
        try:
            body = heard.body
        except (ValueError, EOFError, LookupError, TypeError, RecursionError):
            continue
        if isinstance(body, dict) and body.get("status") == "COMPLETED":
            ticket_id = body.get("ticket_id", "")
            completed[ticket_id] = min(heard.at, completed.get(ticket_id, heard.at))
    return completed


def check_encoding(heard: Sequence[Heard]) -> None:
    """With a registry everything is Avro, also while it was away."""
    assert {one.topic for one in heard if one.value[:1] != b"\x00"} == set()


def check_frames(frames: Sequence[Heard], outcomes: Mapping[str, str]) -> None:
    """One frame a plan by content, and it tells the outcome that is recorded."""
    told = defaultdict[str, set[str]](set)
    said = defaultdict[str, set[str]](set)
    for heard in frames:
        frame = heard.body
        decision_id = frame["correlation"]["decision_id"]
        told[decision_id].add(json.dumps(frame, sort_keys=True))
        said[decision_id].add(frame["outcome"])
    assert {name: len(texts) for name, texts in told.items() if len(texts) > 1} == {}
    assert {name: {outcome} for name, outcome in outcomes.items()} == dict(said)


def check_incidents(incidents: Sequence[Heard]) -> Sequence[Any]:
    """Each says one thing, and none that books do not add up; returns them."""
    told = defaultdict[str, set[str]](set)
    for heard in incidents:
        told[heard.body["incident_id"]].add(json.dumps(heard.body, sort_keys=True, default=str))
    assert {name: len(texts) for name, texts in told.items() if len(texts) > 1} == {}
    found = [json.loads(next(iter(texts))) for texts in told.values()]
    assert [one["details"] for one in found if one["incident_type"] == "INCONSISTENCY"] == []
    return found
