"""`orq approve`, `reject`, `cancel`, `pause` and `resume`: what people tell a plan.

Where an engine runs on the data directory it is asked; elsewhere this command is the engine for a
moment. Either way the answer is durable before it is printed.
"""

import getpass
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from orchestrator_dynamic.bootstrap import records
from orchestrator_dynamic.bootstrap.records import ask_engine, lease_holder, opened_store
from orchestrator_dynamic.cli.api_client import TokenFile, Url, calling
from orchestrator_dynamic.cli.event_loop import run_in_loop
from orchestrator_dynamic.cli.failures import NOT_WELL
from orchestrator_dynamic.cli.options import AsJson, DataDir
from orchestrator_dynamic.cli.printing import moment, print_json, say, unusable
from orchestrator_dynamic.cli.quietness import settings_for_people
from orchestrator_dynamic.cli.workflows import WHERE_TO_LOOK, WorkflowName
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.errors import InvalidInput, Misconfigured
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.ports.orchestrator import Action, Receipt, Reply, Request
from orchestrator_dynamic.ports.store import StoredWorkflow

# A running engine answers within half a second, unless it takes in a very large plan.
PATIENCE_S = 10.0

Tasks = Annotated[
    list[str] | None,
    typer.Option(
        "--task",
        metavar="TASK",
        help="Only this step, which waits for approval at its turn; may be given more than once.",
    ),
]
By = Annotated[
    str | None,
    typer.Option(
        "--by",
        metavar="NAME",
        help="Who says so, for the audit. Default: your login; with --url, whose the token is.",
    ),
]
Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why, for the audit.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command(epilog=_example("approve", "--reason 'checked with legal'"))(approve)
    app.command(epilog=_example("reject", "--task erase-records --by ana"))(reject)
    app.command(epilog=_example("cancel", "--reason 'sent by mistake'"))(cancel)
    app.command(epilog=_example("pause"))(pause)
    app.command(epilog=_example("resume"))(resume)
    app.command(epilog="Example: [bold]orq retry spring-sale[/bold]")(retry)


def approve(
    name: WorkflowName,
    task: Tasks = None,
    by: By = None,
    reason: Reason = None,
    data_dir: DataDir = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Approve a parked plan, or the steps of a running one that wait for approval."""
    _ask(
        Action.APPROVE,
        name,
        Where(data_dir, url, token_file),
        as_json,
        by=by,
        reason=reason,
        tasks=task,
    )


def reject(
    name: WorkflowName,
    task: Tasks = None,
    by: By = None,
    reason: Reason = None,
    data_dir: DataDir = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Refuse a parked plan, which then ends REJECTED, or steps that wait, which then fail."""
    _ask(
        Action.REJECT,
        name,
        Where(data_dir, url, token_file),
        as_json,
        by=by,
        reason=reason,
        tasks=task,
    )


def cancel(
    name: WorkflowName,
    by: By = None,
    reason: Reason = None,
    data_dir: DataDir = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """End a plan as CANCELLED: nothing more is released, and workers are told to stop."""
    _ask(Action.CANCEL, name, Where(data_dir, url, token_file), as_json, by=by, reason=reason)


def pause(
    name: WorkflowName,
    by: By = None,
    reason: Reason = None,
    data_dir: DataDir = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Release nothing more of a plan until it is resumed; what is out may end."""
    _ask(Action.PAUSE, name, Where(data_dir, url, token_file), as_json, by=by, reason=reason)


def resume(
    name: WorkflowName,
    by: By = None,
    reason: Reason = None,
    data_dir: DataDir = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Let a paused plan go on."""
    _ask(Action.RESUME, name, Where(data_dir, url, token_file), as_json, by=by, reason=reason)


def retry(
    name: WorkflowName,
    by: By = None,
    data_dir: DataDir = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Run again what of an ended plan did not complete, as a decision of its own.

    The ended workflow stays as it is; asked for twice, it starts nothing twice. Without --url no
    engine may run on the data directory.
    """
    if url is not None:
        with calling(url, token_file) as service:
            path = quote(service.workflow_named(name)["workflow_id"], safe="")
            receipt = service.post(f"/api/v1/workflows/{path}/retry")
        told = {key: receipt[key] for key in ("reception", "workflow_id", "reason")}
    else:
        found = run_in_loop(_retried(quiet_settings(data_dir), name, by or _login()))
        told = {
            "reception": found.reception.value,
            "workflow_id": found.workflow_id,
            "reason": found.reason,
        }
    if as_json:
        print_json(told)
    else:
        say(f"{told['workflow_id']}: {told['reception']}", f" {told['reason']}".rstrip())


async def _retried(settings: Settings, name: str, by: str) -> Receipt:
    workflow = await _workflow_named(settings, name)
    return await records.retry(settings, workflow.workflow_id, by)


def quiet_settings(data_dir: Path | None) -> Settings:
    """Return the settings in force, for a command whose engine is none of its reader's business.

    Raises:
        Misconfigured: with every complaint at once.
    """
    complaints: list[str] = []
    settings = settings_for_people(data_dir, complaints)
    if complaints:
        raise Misconfigured("\n".join(complaints))
    return settings


@dataclass(frozen=True, slots=True)
class Where:
    """Whom to ask: a data directory here, or a service elsewhere where `url` is given."""

    data_dir: Path | None
    url: str | None
    token_file: Path | None


def _ask(
    action: Action,
    name: str,
    where: Where,
    as_json: bool,
    *,
    by: str | None,
    reason: str | None,
    tasks: list[str] | None = None,
) -> None:
    if where.url is not None:
        _ask_service(action, name, where.url, where.token_file, as_json, reason, tasks)
        return
    settings = quiet_settings(where.data_dir)
    request = Request(
        action=action,
        workflow_id=WorkflowId(name),
        by=by or _login(),
        reason=reason,
        tasks=tuple(tasks) if tasks else None,
    )
    reply, after = run_in_loop(_asked(settings, request))
    if as_json:
        print_json(
            {
                "workflow_id": after.workflow_id,
                "action": action,
                "accepted": reply.accepted,
                "reply": reply.text,
                "phase": after.phase,
                "paused": after.paused,
                "outcome": after.outcome,
            }
        )
    else:
        word = ("", "") if reply.accepted else ("refused: ", "red")
        say(f"{after.workflow_id}: ", word, reply.text)
        if reply.accepted:
            _tell_what_follows(settings, after)
    if not reply.accepted:
        raise typer.Exit(NOT_WELL)


def _ask_service(
    action: Action,
    name: str,
    url: str,
    token_file: Path | None,
    as_json: bool,
    reason: str | None,
    tasks: list[str] | None,
) -> None:
    """Ask a service, which knows by the token who says so."""
    said = {"reason": reason, "tasks": tasks}
    body = {key: value for key, value in said.items() if value}
    with calling(url, token_file) as service:
        workflow = service.workflow_named(name)
        if action in (Action.APPROVE, Action.REJECT):
            path = f"/api/v1/decisions/{quote(workflow['decision_id'], safe='')}/{action}"
        else:
            path = f"/api/v1/workflows/{quote(workflow['workflow_id'], safe='')}/{action}"
        reply = service.post(path, body)
    if as_json:
        print_json(reply)
    else:
        say(f"{reply['workflow_id']}: {reply['reply']}")


async def _asked(settings: Settings, request: Request) -> tuple[Reply, StoredWorkflow]:
    """Return the reply to `request`, which names a workflow as people do, and how it is then."""
    workflow = await _workflow_named(settings, request.workflow_id)
    request = replace(request, workflow_id=workflow.workflow_id)
    reply = _too_late(workflow) or await _answered(settings, request)
    return reply, await _workflow_named(settings, workflow.workflow_id)


async def _workflow_named(settings: Settings, name: str) -> StoredWorkflow:
    async with opened_store(settings) as store:
        try:
            return await store.workflow(name)
        except InvalidInput as error:
            raise unusable(error, WHERE_TO_LOOK) from error


def _too_late(workflow: StoredWorkflow) -> Reply | None:
    if workflow.outcome is None:
        return None
    return Reply(False, f"it ended {workflow.outcome} at {moment(workflow.ended_at)}")


async def _answered(settings: Settings, request: Request) -> Reply:
    command = f"orq {request.action}"
    reply = await ask_engine(settings, request, command=command, patience_s=PATIENCE_S)
    if reply is not None:
        return reply
    holder = lease_holder(settings) or "the engine, which is gone now,"
    why = f"{holder} did not answer within {PATIENCE_S:.0f} s; the request was withdrawn"
    return Reply(False, why)


def _tell_what_follows(settings: Settings, workflow: StoredWorkflow) -> None:
    """Say how the plan is now, where that does not follow from the reply."""
    if workflow.outcome is not None:
        say(f"It ended {workflow.outcome}: {workflow.reason}")
    elif settings.temporal.host is None and not (lease_holder(settings) or workflow.paused):
        say("No engine runs on this data directory: it goes on when `orq run` starts one.")


def _login() -> str:
    """Return the login name of whoever runs this; a container may not know it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def _example(verb: str, more: str = "") -> str:
    return f"Example: [bold]orq {verb} orch-decision-forget-customer {more}[/bold]"
