"""Who tells the service who asks, as the settings say."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from orchestrator_dynamic.adapters.memory.system_clock import SystemClock
from orchestrator_dynamic.adapters.static_tokens.gatekeeper import StaticTokens
from orchestrator_dynamic.adapters.static_tokens.token_text import PREFIX
from orchestrator_dynamic.config.identity import IdentitySettings
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.ports.identity import LOCAL, Gatekeeper, Identity, Principal, Scope
from orchestrator_dynamic.ports.loopback import is_loopback

if TYPE_CHECKING:
    from orchestrator_dynamic.adapters.oidc.issuer import IssuerOptions


@asynccontextmanager
async def opened_gatekeeper(settings: Settings, host: str) -> AsyncIterator[Gatekeeper]:
    """Give the gatekeeper of a service that listens on `host`, as long as the context is open.

    Raises:
        Misconfigured: others can reach `host` and nothing says who they are, or what says so
            cannot be used; every complaint about the file of tokens at once.
    """
    identity = settings.identity
    async with AsyncExitStack() as opened:
        tokens = _static_tokens(identity)
        issued = await _issued_tokens(identity, opened)
        if tokens and issued:
            yield _Both(tokens, issued)
        elif either := tokens or issued:
            yield either
        elif is_loopback(host):
            yield _Open()
        else:
            raise Misconfigured(_what_to_set(host))


def _static_tokens(identity: IdentitySettings) -> Gatekeeper | None:
    if identity.tokens_file is None:
        return None
    return StaticTokens(identity.tokens_file, SystemClock())


async def _issued_tokens(identity: IdentitySettings, opened: AsyncExitStack) -> Gatekeeper | None:
    options = issuer_options(identity)
    if options is None:
        return None
    from orchestrator_dynamic.adapters.oidc import gatekeeper

    return await opened.enter_async_context(gatekeeper.opened_gatekeeper(options))


def issuer_options(identity: IdentitySettings) -> "IssuerOptions | None":
    """Return whose tokens are accepted, and how; None where no issuer's are."""
    if identity.oidc_issuer is None or identity.oidc_audience is None:
        return None
    # Its libraries take a tenth of a second, which nobody shall wait for who has no issuer.
    from orchestrator_dynamic.adapters.oidc.issuer import IssuerOptions

    return IssuerOptions(
        issuer=identity.oidc_issuer,
        audience=identity.oidc_audience,
        jwks_url=identity.oidc_jwks_url,
        scope_claim=identity.oidc_scope_claim,
        clock_skew_s=identity.clock_skew_s,
    )


class _Both:
    """A `Gatekeeper` that tells by a token's form whose it is."""

    def __init__(self, tokens: Gatekeeper, issued: Gatekeeper) -> None:
        self._tokens = tokens
        self._issued = issued

    async def principal_of(self, bearer: str | None) -> Principal:
        """As the port says."""
        # No issuer's token begins so: the first letters of theirs are the beginning of JSON.
        ours = bearer is None or bearer.startswith(PREFIX)
        return await (self._tokens if ours else self._issued).principal_of(bearer)


class _Open:
    """A `Gatekeeper` to whom everybody is the same; for those who are on this machine anyway."""

    _EVERYBODY = Principal(LOCAL, frozenset(Scope), Identity.OPEN)

    async def principal_of(self, bearer: str | None) -> Principal:
        """As the port says; nobody needs a token, and whoever shows one is not sent away."""
        return self._EVERYBODY


def _what_to_set(host: str) -> str:
    return "\n".join(
        (
            f"others can reach HTTP_HOST={host}, and nothing says who may do what; set one of",
            "  AUTH_TOKENS_FILE=FILE, made with `orq token SUBJECT --scope SCOPE --file FILE`",
            "  AUTH_OIDC_ISSUER=ADDRESS and AUTH_OIDC_AUDIENCE=NAME, for the tokens of an issuer",
            "  HTTP_HOST=127.0.0.1, to be reached from this machine alone",
        )
    )
