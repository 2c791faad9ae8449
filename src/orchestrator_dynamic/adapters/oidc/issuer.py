"""Asking the issuer for its keys, and what its failures mean."""

import asyncio
import json
import ssl
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from orchestrator_dynamic.adapters.oidc.verification_keys import VerificationKey, keys_in
from orchestrator_dynamic.errors import Misconfigured, Unavailable
from orchestrator_dynamic.ports.loopback import is_loopback

# A discovery document has some 5 KB, a JWKS of ten keys some 20.
_BYTES_MAX = 262_144
_DISCOVERY = "/.well-known/openid-configuration"
_SHOWN_MAX = 200


class IssuerUnavailable(Unavailable):
    """The issuer cannot be reached, takes too long or is in trouble itself."""


class IssuerMisconfigured(Misconfigured):
    """What answers is not the issuer that the settings name, or its keys cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerOptions:
    """Whose tokens are accepted, and how.

    Attributes:
        issuer: exactly as it calls itself in `iss`.
        audience: what it calls us in `aud`.
        jwks_url: where its keys are; None means where its discovery document says.
        scope_claim: the name of a claim, or a path to it with dots.
        clock_skew_s: how far its clock may be from ours.
        timeout_s: for one call, all of it. Some issuers take a second when nobody has asked them
            for long.
    """

    issuer: str
    audience: str
    jwks_url: str | None = None
    scope_claim: str = "scope"
    clock_skew_s: int = 30
    timeout_s: float = 5.0


class Issuer:
    """An OIDC issuer over HTTP; open it as a context."""

    def __init__(self, options: IssuerOptions) -> None:
        self._options = options
        self._http = httpx.AsyncClient(
            verify=_trust(),
            timeout=options.timeout_s,
            # Compressed, a short answer could be a long one.
            headers={"accept": "application/json", "accept-encoding": "identity"},
            # It is asked where the settings say, not where an answer or a proxy sends us.
            follow_redirects=False,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        """Return the issuer."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def keys(self) -> tuple[VerificationKey, ...]:
        """Return the keys that it signs with now, at least one.

        Raises:
            IssuerUnavailable: try again.
            IssuerMisconfigured: it is another issuer, or has no key that we can use.
        """
        url = self._options.jwks_url or await self._discovered_url()
        keys = keys_in(await self._document(url))
        if not keys:
            raise IssuerMisconfigured(f"{url} lists no key that can verify a signature")
        return keys

    async def _discovered_url(self) -> str:
        issuer = self._options.issuer
        place = issuer.rstrip("/") + _DISCOVERY
        document = await self._document(place)
        if document.get("issuer") != issuer:
            named = str(document.get("issuer"))[:_SHOWN_MAX]
            problem = f"{place} is of the issuer {named!r}, but AUTH_OIDC_ISSUER is {issuer!r}"
            raise IssuerMisconfigured(f"{problem}; they must be equal to the letter")
        url = document.get("jwks_uri")
        if not isinstance(url, str) or not _guarded(url):
            raise IssuerMisconfigured(f"{place} names no https address of keys in `jwks_uri`")
        return url

    async def _document(self, url: str) -> dict[str, Any]:
        try:
            async with asyncio.timeout(self._options.timeout_s):
                status, content = await self._answer(url)
        except (TimeoutError, httpx.RequestError) as error:
            problem = str(error)[:_SHOWN_MAX] or type(error).__name__
            raise IssuerUnavailable(f"asking {url}: {problem}") from error
        except (httpx.InvalidURL, UnicodeError) as error:
            raise IssuerMisconfigured(f"{url[:_SHOWN_MAX]} is no address") from error
        if status in (408, 425, 429) or status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise IssuerUnavailable(f"asking {url}: it answered with status {status}")
        if status != httpx.codes.OK:
            raise IssuerMisconfigured(f"{url} answered with status {status}, not with a document")
        return _object_in(content, url)

    async def _answer(self, url: str) -> tuple[int, bytes]:
        """Return the status and the body, or of one that is too large somewhat too much."""
        async with self._http.stream("GET", url) as response:
            content = bytearray()
            async for part in response.aiter_raw():
                content += part
                if len(content) > _BYTES_MAX:
                    break
            return response.status_code, bytes(content)


def _object_in(content: bytes, url: str) -> dict[str, Any]:
    if len(content) > _BYTES_MAX:
        raise IssuerMisconfigured(f"{url} answered with more than {_BYTES_MAX} bytes")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise IssuerMisconfigured(f"{url} answered with something that is no JSON") from error
    if not isinstance(document, dict):
        raise IssuerMisconfigured(f"{url} answered with JSON that is no object")
    return document


def _guarded(url: str) -> bool:
    """Whether nobody between us and the address can answer in its place."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (
        parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    )


def _trust() -> ssl.SSLContext:
    """The public authorities, and those of the system, where a company's own may be."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context
