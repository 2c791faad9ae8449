"""All routes of the service, in the order in which they are described."""

from orchestrator_dynamic.api.routes import (
    actions,
    dead_letters,
    decisions,
    legacy,
    operations,
    page,
    pictures,
    plans,
    retry,
    ticket_status,
    tickets,
    workers,
    workflows,
)

ROUTERS = (
    page.router,
    operations.router,
    decisions.router,
    plans.router,
    workflows.router,
    pictures.router,
    actions.router,
    retry.router,
    dead_letters.router,
    tickets.router,
    ticket_status.router,
    workers.router,
    legacy.router,
)
