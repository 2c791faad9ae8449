"""All routes of the service, in the order in which they are described."""

from orchestrator_dynamic.api.routes import (
    actions,
    decisions,
    operations,
    page,
    pictures,
    plans,
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
    tickets.router,
    ticket_status.router,
    workers.router,
)
