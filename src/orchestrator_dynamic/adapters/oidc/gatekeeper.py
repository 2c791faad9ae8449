"""Who shows a token of the issuer."""

import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import jwt

from orchestrator_dynamic.adapters.oidc import key_cache
from orchestrator_dynamic.adapters.oidc.claims import principal_in
from orchestrator_dynamic.adapters.oidc.issuer import Issuer, IssuerOptions, IssuerUnavailable
from orchestrator_dynamic.adapters.oidc.key_cache import KeyCache
from orchestrator_dynamic.adapters.oidc.verification_keys import ALGORITHMS, VerificationKey
from orchestrator_dynamic.ports.identity import Principal, Unauthenticated

log = logging.getLogger(__name__)

# Tokens with many groups have some 4 KiB; HTTP servers take no longer headers than this or twice.
TOKEN_BYTES_MAX = 8_192

_REQUIRED = ("exp", "iss", "aud", "sub")


class OidcTokens:
    """A `Gatekeeper` for the tokens that one issuer signs for us; `opened_gatekeeper` makes one."""

    def __init__(self, options: IssuerOptions, keys: KeyCache) -> None:
        self._options = options
        self._keys = keys

    async def principal_of(self, bearer: str | None) -> Principal:
        """As the port says."""
        if bearer is None:
            raise Unauthenticated("a bearer token is needed")
        if len(bearer) > TOKEN_BYTES_MAX or not bearer.isascii():
            raise Unauthenticated(f"a token has at most {TOKEN_BYTES_MAX} characters, all of ASCII")
        kid, algorithm = _claimed_key(bearer)
        key = await self._keys.key_for(kid, algorithm)
        if key is None:
            raise Unauthenticated("the token is signed with a key that the issuer does not have")
        return principal_in(self._verified(bearer, key), self._options.scope_claim)

    def _verified(self, token: str, key: VerificationKey) -> dict[str, Any]:
        """Return the claims, once the signature and they have been found in order."""
        options = self._options
        try:
            return jwt.decode(
                token,
                key.key.key,
                algorithms=key.algorithms,
                audience=options.audience,
                issuer=options.issuer,
                leeway=options.clock_skew_s,
                options={"require": list(_REQUIRED), "enforce_minimum_key_length": True},
            )
        except jwt.PyJWTError as error:
            raise Unauthenticated(_reason(error)) from error
        except (RecursionError, ValueError, OverflowError) as error:
            raise Unauthenticated("the token's claims cannot be read") from error


@asynccontextmanager
async def opened_gatekeeper(
    options: IssuerOptions, steady: Callable[[], float] = time.monotonic
) -> AsyncIterator[OidcTokens]:
    """Give a gatekeeper, which asks the issuer for its keys as long as the context is open.

    An issuer that is away now is asked again with the first token.

    Raises:
        IssuerMisconfigured: the issuer is another one than the settings name, or has no keys.
    """
    async with Issuer(options) as issuer:
        known = await _first_keys(issuer)
        async with key_cache.opened(known, issuer.keys, steady) as keys:
            yield OidcTokens(options, keys)


async def _first_keys(issuer: Issuer) -> tuple[VerificationKey, ...]:
    try:
        return await issuer.keys()
    except IssuerUnavailable as error:
        log.warning("the issuer is away, and is asked again with the first token: %s", error)
        return ()


def _claimed_key(token: str) -> tuple[str | None, str]:
    """Return which key the token says it is signed with: a claim, until the signature is checked.

    Raises:
        Unauthenticated: it is no token, or is signed in a way that proves nothing.
    """
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, RecursionError, ValueError) as error:
        raise Unauthenticated("the token is none that an issuer has made") from error
    kid, algorithm = header.get("kid"), header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise Unauthenticated(f"the token is not signed by one of {', '.join(ALGORITHMS)}")
    return kid if isinstance(kid, str) else None, algorithm


def _reason(error: jwt.PyJWTError) -> str:
    """Say what is wrong without repeating anything of the token."""
    match error:
        case jwt.ExpiredSignatureError():
            return "the token has expired"
        case jwt.ImmatureSignatureError():
            return "the token is not valid yet"
        case jwt.InvalidAudienceError():
            return "the token is for another audience"
        case jwt.InvalidIssuerError():
            return "the token is of another issuer"
        case jwt.MissingRequiredClaimError():
            return f"the token has no claim {error.claim}"
        case jwt.InvalidSignatureError():
            return "the token's signature is wrong"
        case _:
            return "the token is not in order"
