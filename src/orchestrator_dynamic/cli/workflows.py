"""`orq workflows` and `orq show`: what has been taken in, and how each of them is."""

from typing import Annotated

import typer

from orchestrator_dynamic.bootstrap.records import lease_holder, opened_store
from orchestrator_dynamic.cli.event_loop import run_in_loop
from orchestrator_dynamic.cli.options import AsJson, DataDir, settings_in_force
from orchestrator_dynamic.cli.plan_records import (
    PlanRecords,
    TicketRecords,
    plan_records,
    ticket_records,
)
from orchestrator_dynamic.cli.plan_story import (
    PlanStory,
    TicketStory,
    story_of,
    ticket_story_of,
)
from orchestrator_dynamic.cli.printing import (
    Column,
    as_mapping,
    duration,
    moment,
    print_json,
    print_table,
    say,
    unusable,
)
from orchestrator_dynamic.cli.story_telling import tell_plan, tell_ticket
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.errors import InvalidInput
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.filters import WorkflowFilter
from orchestrator_dynamic.ports.store import PAGE_MAX, StoredWorkflow, WorkflowPage

_LIST_EXAMPLES = """
Examples:

orq workflows --open

orq workflows --outcome FAILED --limit 5 --json
"""
_SHOW_EXAMPLES = """
Examples:

orq show orch-decision-nightly-report

orq show nightly --task render-report
"""

_COLUMNS = (
    Column("workflow", whole=True),
    Column("plan"),
    Column("state"),
    Column("done", right=True, whole=True),
    Column("accepted", whole=True),
    Column("took", right=True, whole=True),
)

WHERE_TO_LOOK = "`orq workflows` lists what there is"

WorkflowName = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="A workflow, decision or plan id, or the beginning of one.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command(epilog=_LIST_EXAMPLES)(workflows)
    app.command(epilog=_SHOW_EXAMPLES)(show)


def workflows(
    outcome: Annotated[
        Outcome | None, typer.Option(case_sensitive=False, help="Only those that ended like this.")
    ] = None,
    open_only: Annotated[
        bool, typer.Option("--open", help="Only those that have not ended.")
    ] = False,
    phase: Annotated[
        str | None,
        typer.Option(help="Only those in this phase, for instance RUNNING or AWAITING_APPROVAL."),
    ] = None,
    plan: Annotated[str | None, typer.Option(help="Only those of this plan.")] = None,
    intent: Annotated[str | None, typer.Option(help="Only those of this intent.")] = None,
    limit: Annotated[int, typer.Option(help="At most this many.", min=1, max=PAGE_MAX)] = 20,
    after: Annotated[
        str | None, typer.Option(help="Go on after a page; it says with what.", metavar="CURSOR")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List workflows, newest first."""
    wanted = WorkflowFilter(
        outcome=outcome,
        phase=None if phase is None else phase.upper(),
        plan_id=plan,
        intent_id=intent,
        open_only=open_only,
    )
    try:
        page = run_in_loop(_page(settings_in_force(data_dir), wanted, limit, after))
    except InvalidInput as error:
        raise unusable(error) from error
    if as_json:
        print_json(page)
        return
    if not page.workflows:
        say("No workflow." if wanted == WorkflowFilter() else "No such workflow.")
        return
    print_table(_COLUMNS, [_row(workflow) for workflow in page.workflows])
    if page.next is not None:
        say(f"There are more: --after {page.next}")


def show(
    name: WorkflowName,
    task: Annotated[
        str | None,
        typer.Option(help="Tell all about one task: its attempts and what workers answered."),
    ] = None,
    tickets: Annotated[
        int, typer.Option(help="Show at most this many tickets, open and failed ones first.", min=0)
    ] = 40,
    timeline: Annotated[int, typer.Option(help="Show this many of the latest events.", min=0)] = 20,
    audit: Annotated[bool, typer.Option("--audit", help="Show who did what, and why.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show one workflow: how it is and why, its tickets and what each waits for, its incidents."""
    settings = settings_in_force(data_dir)
    try:
        # Folding an open plan takes its time: not in the loop, and not in the store's snapshot.
        if task is None:
            records = run_in_loop(_plan_records(settings, name, timeline))
            story = story_of(records, data_dir=data_dir)
        else:
            ticket_story = ticket_story_of(run_in_loop(_ticket_records(settings, name, task)))
    except InvalidInput as error:
        raise unusable(error, WHERE_TO_LOOK) from error
    if as_json:
        print_json(_plan_object(story) if task is None else _ticket_object(ticket_story))
    elif task is None:
        tell_plan(story, tickets, lease_holder(settings), with_audit=audit)
    else:
        tell_ticket(ticket_story)


async def _page(
    settings: Settings, wanted: WorkflowFilter, limit: int, after: str | None
) -> WorkflowPage:
    # The progress of open plans is read after their rows.
    async with opened_store(settings) as store, store.snapshot():
        return await store.workflows(wanted, limit=limit, after=after)


async def _plan_records(settings: Settings, name: str, events: int) -> PlanRecords:
    async with opened_store(settings) as store:
        return await plan_records(store, name, events=events)


async def _ticket_records(settings: Settings, name: str, task: str) -> TicketRecords:
    async with opened_store(settings) as store:
        return await ticket_records(store, name, task)


def _plan_object(story: PlanStory) -> dict[str, object]:
    return {
        **as_mapping(story),
        "tickets": [{**as_mapping(told.ticket), "why": told.why} for told in story.tickets],
    }


def _ticket_object(story: TicketStory) -> dict[str, object]:
    told = as_mapping(story)
    del told["told"]
    return {"ticket": {**as_mapping(story.told.ticket), "why": story.told.why}, **told}


def _row(workflow: StoredWorkflow) -> list[str]:
    state = workflow.outcome or workflow.phase
    took = None if workflow.ended_at is None else workflow.ended_at - workflow.accepted_at
    return [
        workflow.workflow_id,
        workflow.plan_id,
        f"{state} (paused)" if workflow.paused and workflow.outcome is None else state,
        f"{workflow.completed:,}/{workflow.tasks:,}",
        moment(workflow.accepted_at),
        duration(took),
    ]
