"""Routes that know who asks before they read what is sent, and read JSON as strictly as messages.

The framework reads and parses a body first and looks at a token afterwards, so that anybody could
have a large body kept here; and its reader takes a key twice, and numbers that are none.
"""

from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.security.utils import get_authorization_scheme_param

from orchestrator_dynamic.api.access import Requires
from orchestrator_dynamic.api.problems import problem_of
from orchestrator_dynamic.errors import InvalidInput
from orchestrator_dynamic.wire import json_text


class GuardedRoute(APIRoute):
    """A route whose caller is known before a byte of the body is read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """As the library says."""
        answer, needs = super().get_route_handler(), list(needs_of(self.dependant))

        async def guarded(request: Request) -> Response:
            for need in needs:
                await need.check(request, _token_in(request))
            return await answer(_StrictRequest(request.scope, request.receive))

        return guarded


def needs_of(dependant: Dependant) -> Iterator[Requires]:
    """Yield what a route asks of its callers."""
    if isinstance(dependant.call, Requires):
        yield dependant.call
    for inner in dependant.dependencies:
        yield from needs_of(inner)


class _StrictRequest(Request):
    async def json(self) -> Any:
        """Return what the body says.

        Raises:
            Problem: it is no JSON that all readers would read alike.
        """
        try:
            return json_text.read(await self.body())
        except InvalidInput as error:
            raise problem_of(error) from error


def _token_in(request: Request) -> str | None:
    scheme, token = get_authorization_scheme_param(request.headers.get("Authorization"))
    return token if scheme.lower() == "bearer" and token else None
