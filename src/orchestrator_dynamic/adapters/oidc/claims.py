"""What a verified token says about its bearer."""

from collections.abc import Mapping
from typing import Any

from orchestrator_dynamic.ports.identity import Identity, Principal, Scope, Unauthenticated

# OIDC allows no longer ones.
_SUBJECT_MAX = 255

# Some issuers, Microsoft's and Okta's among them, call the standard's `scope` so.
_ALSO_CALLED = {"scope": "scp"}


def principal_in(claims: Mapping[str, Any], scope_claim: str) -> Principal:
    """Return whom the claims name, with those of their scopes that we know.

    Args:
        scope_claim: the name of a claim, or a path to it with dots.

    Raises:
        Unauthenticated: the subject is none that an audit could name.
    """
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= _SUBJECT_MAX:
        raise Unauthenticated(f"the token's subject is not a text of 1 to {_SUBJECT_MAX} letters")
    if not subject.isprintable() or subject != subject.strip():
        raise Unauthenticated("the token's subject is not one line of printable characters")
    granted = _found(claims, scope_claim)
    if granted is None and scope_claim in _ALSO_CALLED:
        granted = claims.get(_ALSO_CALLED[scope_claim])
    return Principal(subject, _scopes_in(granted), Identity.OIDC)


def _scopes_in(granted: object) -> frozenset[Scope]:
    """The scopes in a text with spaces or in a list; an issuer has others for other services."""
    named = granted.split() if isinstance(granted, str) else granted
    if not isinstance(named, list):
        return frozenset()
    return frozenset(scope for scope in Scope if scope in named)


def _found(claims: Mapping[str, Any], name: str) -> object:
    """Return the claim, by its whole name first: names may be addresses, which have dots."""
    if name in claims:
        return claims[name]
    place: object = claims
    for part in name.split("."):
        place = place.get(part) if isinstance(place, Mapping) else None
    return place
