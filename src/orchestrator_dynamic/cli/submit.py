"""`orq submit`: hand decisions in to a service, and wait for their ends if wanted."""

import json
from collections.abc import Iterator
from hashlib import sha256
from threading import Event
from typing import Annotated, Any

import typer

from orchestrator_dynamic.cli.api_client import (
    DEFAULT_URL,
    ApiClient,
    ServiceAway,
    TokenFile,
    Url,
    calling,
)
from orchestrator_dynamic.cli.failures import NOT_WELL
from orchestrator_dynamic.cli.inputs import inputs_named
from orchestrator_dynamic.cli.options import AsJson
from orchestrator_dynamic.cli.printing import clean, readable, say, say_aside
from orchestrator_dynamic.errors import InvalidInput, Misconfigured
from orchestrator_dynamic.models.vocabulary import Outcome

_EXAMPLES = """
Examples:

orq submit examples/decisions/nightly-report.json --wait

ORQ_URL=http://orchestrator:8080 orq submit plans/*.json --json
"""

# A service that restarts is back within seconds; one that is gone is noticed within a minute.
_BREAKS_MAX = 20
_PAUSE_S = 3.0

Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE",
        help="Decisions in any envelope, as JSON; a directory means its files, - standard input.",
        show_default=False,
    ),
]
Wait = Annotated[bool, typer.Option("--wait", help="Follow each plan to its end.")]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog=_EXAMPLES)(submit)


def submit(
    files: Files,
    url: Url = None,
    wait: Wait = False,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Hand decisions in to the `orq serve` at --url (ORQ_URL, http://127.0.0.1:8080).

    The receipt is durable; the same decision again starts nothing twice. With --wait each plan is
    followed to its end, also over restarts of the service.

    Ends with 0 when all were taken in, and with --wait when all ended SUCCESS; 1 when one was
    refused, ended otherwise or waits for a person; 2 when the arguments cannot be used.
    """
    complaints: list[str] = []
    inputs = inputs_named(files, complaints)
    if complaints:
        raise Misconfigured("\n".join(complaints))
    with calling(url or DEFAULT_URL, token_file) as service:
        # All of them first, so that they run beside each other.
        taken = [_submitted(service, one.source, one.read()) for one in inputs]
        for told in taken:
            if wait and told.get("workflow_id") is not None:
                told |= _followed(service, told)
            if as_json:
                shown = {name: value for name, value in told.items() if name != "well"}
                print(json.dumps(shown, ensure_ascii=False), flush=True)
            else:
                _tell(told)
    if not all(told["well"] for told in taken):
        raise typer.Exit(NOT_WELL)


def _submitted(service: ApiClient, source: str, data: bytes) -> dict[str, Any]:
    try:
        # The content is its name, so that a call that is repeated is known to be the same.
        receipt = service.submit(data, sha256(data).hexdigest())
    except InvalidInput as error:
        findings = [
            {"code": one.code, "where": one.where, "message": one.message} for one in error.findings
        ]
        refused = {"source": source, "reception": "refused", "reason": error.reason}
        return {**refused, "findings": findings, "well": False}
    return {"source": source, **receipt, "well": True}


def _followed(service: ApiClient, receipt: dict[str, Any]) -> dict[str, Any]:
    """Return how a plan ended, or that only a person can move it."""
    place, breaks = 0, 0
    while True:
        try:
            for kind, data in _events(service, f"{receipt['links']['events']}?after={place}"):
                place, breaks = max(place, data["seq"]), 0
                if kind == "end" or _waits_for_a_person(service, receipt):
                    return _ending(service, receipt)
            raise ServiceAway(f"{service.url} ended the stream before the plan has ended")
        except ServiceAway as error:
            breaks += 1
            if breaks > _BREAKS_MAX:
                raise
            say_aside(f"{error}; trying again")
            Event().wait(_PAUSE_S)


def _events(service: ApiClient, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    kind = ""
    for line in service.lines(path):
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield kind, json.loads(line.removeprefix("data: "))


def _waits_for_a_person(service: ApiClient, receipt: dict[str, Any]) -> bool:
    now = service.get(receipt["links"]["workflow"])
    if now["paused"] and now["outcome"] is None:
        return True
    waiting = now["waiting_for_approval"]
    busy = {"READY", "PUBLISHING", "RUNNING", "BACKING_OFF", "STARVED"} & set(now["stages"])
    return now["outcome"] is None and (waiting["plan"] or bool(waiting["steps"] and not busy))


def _ending(service: ApiClient, receipt: dict[str, Any]) -> dict[str, Any]:
    now = service.get(receipt["links"]["workflow"])
    outcome = now["outcome"] or ("PAUSED" if now["paused"] else "AWAITING_APPROVAL")
    counts = {name: now[name] for name in ("tasks", "completed", "failed", "compensated")}
    return {"outcome": outcome, "why": now["why"], **counts, "well": outcome == Outcome.SUCCESS}


def _tell(told: dict[str, Any]) -> None:
    what = told.get("plan_id") or told["source"]
    word = str(told["reception"]).replace("_", " ")
    if told["reception"] == "refused":
        say(f"{what}: ", ("refused", "red"), f" ({told['reason']})")
        for one in told["findings"]:
            say(f"  {one['code']} at {one['where']}: {readable(one['message'])}")
        return
    say(f"{what}: {word}; {told['workflow_id']}")
    if "outcome" in told:
        style = "green" if told["well"] else "yellow"
        say(f"{what}: ", (told["outcome"], style), f"; {clean(told['why'])}")
