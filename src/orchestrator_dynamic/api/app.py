"""The application: routes, errors and the door, on the parts that it is given."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from orchestrator_dynamic.api import problems
from orchestrator_dynamic.api.door import Door
from orchestrator_dynamic.api.parts import ApiParts
from orchestrator_dynamic.api.routes.page import PageFiles
from orchestrator_dynamic.api.routing import ROUTERS
from orchestrator_dynamic.api.views import ProblemView

DESCRIPTION = """Brings consolidated decisions to an outcome, durably.

Moments are epoch milliseconds (UTC), null where it has not come to that. Errors are problem
documents (RFC 9457) whose `type` leads to an explanation. Lists go on with the `next` of the page
before as `cursor`.
"""

_REF = "#/components/schemas/{model}"


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
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )
    problems.register(app)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/page", PageFiles())
    return app


class _Described(FastAPI):
    """An application whose description knows problem documents."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document, made once."""
        if self.openapi_schema is None:
            document = get_openapi(
                title=self.title,
                version=self.version,
                description=self.description,
                routes=self.routes,
            )
            problem = ProblemView.model_json_schema(ref_template=_REF)
            schemas = document["components"]["schemas"]
            schemas |= problem.pop("$defs", {}) | {ProblemView.__name__: problem}
            # Every invalid request is answered by a problem document instead.
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            for path in document["paths"].values():
                for operation in path.values():
                    answers = operation["responses"]
                    if "HTTPValidationError" in str(answers.get("422", "")):
                        del answers["422"]
            self.openapi_schema = document
        return self.openapi_schema
