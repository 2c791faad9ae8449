"""The application: routes, errors and the door, on the parts that it is given."""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from orchestrator_dynamic.api import problems
from orchestrator_dynamic.api.description import TAGS, described
from orchestrator_dynamic.api.door import Door
from orchestrator_dynamic.api.parts import ApiParts
from orchestrator_dynamic.api.routes.page import PageFiles
from orchestrator_dynamic.api.routing import ROUTERS

DESCRIPTION = """Brings consolidated decisions to an outcome, durably.

Moments are epoch milliseconds (UTC), null where it has not come to that. Errors are problem
documents (RFC 9457) whose `type` leads to an explanation. Lists go on with the `next` of the page
before as `cursor`.
"""


def create_app(parts: ApiParts) -> Door:
    """Return the application as servers are given it; it opens and closes nothing."""
    app = application()
    app.state.parts = parts
    metrics, feed = parts.metrics, parts.feed
    metrics.before_fetch(lambda: metrics.set("orchestration_event_streams", feed.watchers))
    # Outermost, so that an answer to a fault of ours passes it too.
    return Door(app, parts.limits, metrics)


def application() -> FastAPI:
    """Return the application without what it stands on: enough to describe its routes."""
    app = _Described(
        title="Orchestrator Dynamic",
        version="1",
        description=DESCRIPTION,
        openapi_tags=TAGS,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        generate_unique_id_function=_name_of,
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )
    problems.register(app)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/page", PageFiles())
    return app


def _name_of(route: APIRoute) -> str:
    """Return an operation's id: clients name their methods by it, so that it has no path in it."""
    return route.name


class _Described(FastAPI):
    """An application whose description is ours."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = described(self)
        return self.openapi_schema
