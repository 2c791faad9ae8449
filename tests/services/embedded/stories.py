"""What a store tells of all plans, to be compared with what another one tells."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from orchestrator_dynamic.adapters.sqlite import database
from orchestrator_dynamic.adapters.sqlite.store import SqliteStore
from orchestrator_dynamic.bootstrap.records import opened_store
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.ports.filters import WorkflowFilter
from orchestrator_dynamic.ports.store import PAGE_MAX, Store

Story = dict[str, dict[str, Any]]


async def story_of(store: Store) -> Story:
    """Return everything that can be read of every plan, by its decision."""
    page = await store.workflows(WorkflowFilter(), limit=PAGE_MAX)
    story: Story = {}
    for plan in page.workflows:
        tickets = await store.tickets(plan)
        facts = (await store.stored_plan(plan)).facts
        story[plan.decision_id] = {
            "plan": replace(plan, key=0),  # Each place has keys of its own.
            "tickets": tickets,
            "facts": [fact._replace(workflow=0) for fact in facts],
            "answers": [await store.answers(plan, ticket) for ticket in tickets],
            "audit": sorted(await store.audit(plan), key=repr),
            "incidents": await store.incidents(plan),
            "telemetry": await store.telemetry(plan),
        }
    return story


async def stories(settings: Settings) -> tuple[Story, Story]:
    """Return what the data directory tells, and what the record store of `settings` tells."""
    async with opened_store(settings) as store:
        elsewhere = await story_of(store)
    return await story_here(settings.data_dir), elsewhere


async def story_here(directory: Path) -> Story:
    """Return what the data directory tells."""
    with closing(database.open_for_reading(directory)) as connection:
        return await story_of(SqliteStore(connection))
