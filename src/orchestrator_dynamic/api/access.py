"""Who may use a route: each names the one scope that it needs, and nothing is open by default."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from orchestrator_dynamic.api.parts import parts_of
from orchestrator_dynamic.api.problems import Problem
from orchestrator_dynamic.ports.identity import Principal, Scope

_BEARER = HTTPBearer(auto_error=False, description="A static token (`orq token`) or one of OIDC.")
_SHOWN = Depends(_BEARER)


class Requires:
    """A dependency that lets in who has `scope`, and returns who that is."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    async def __call__(
        self, request: Request, shown: HTTPAuthorizationCredentials | None = _SHOWN
    ) -> Principal:
        """Return who asks.

        Raises:
            Unauthenticated: nobody is known by what was shown.
            Problem: `forbidden`, where they may not.
        """
        return await self.check(request, None if shown is None else shown.credentials)

    async def check(self, request: Request, token: str | None) -> Principal:
        """Return who asks, as for a route; asked again for a request, it costs nothing.

        Raises:
            Unauthenticated: nobody is known by what was shown.
            Problem: `forbidden`, where they may not.
        """
        principal = getattr(request.state, "principal", None)
        if not isinstance(principal, Principal):
            principal = await parts_of(request).gatekeeper.principal_of(token)
            request.state.principal = principal
        if self.scope not in principal.scopes:
            has = ", ".join(sorted(principal.scopes)) or "no scope"
            raise Problem("forbidden", f"this needs the scope {self.scope}; the token has {has}")
        return principal


Reader = Annotated[Principal, Depends(Requires(Scope.READ))]
Operator = Annotated[Principal, Depends(Requires(Scope.OPERATE))]
Approver = Annotated[Principal, Depends(Requires(Scope.APPROVE))]
WorkerPrincipal = Annotated[Principal, Depends(Requires(Scope.WORK))]
