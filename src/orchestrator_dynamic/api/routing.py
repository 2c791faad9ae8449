"""All routes of the service, in the order in which they are described."""

from orchestrator_dynamic.api.routes import (
    actions,
    operations,
    page,
    pictures,
    ticket_status,
    tickets,
    workers,
    workflows,
)

ROUTERS = (
    page.router,
    operations.router,
    workflows.router,
    pictures.router,
    actions.router,
    tickets.router,
    ticket_status.router,
    workers.router,
)
