"""Which gatekeeper a service gets, and when it may not start."""

from pathlib import Path

import pytest

from orchestrator_dynamic.bootstrap.identity import opened_gatekeeper
from orchestrator_dynamic.bootstrap.tokens import issued
from orchestrator_dynamic.config.loading import load_settings
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.ports.identity import Identity, Principal, Scope, Unauthenticated
from tests.support.oidc_issuer import OidcIssuer

EVERYWHERE = "0.0.0.0"
READ = frozenset({Scope.READ})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost", "LOCALHOST"])
async def test_who_reaches_this_machine_needs_no_token(host: str) -> None:
    """The first minute with the service is one without set-up."""
    async with opened_gatekeeper(load_settings({}, None), host) as gate:
        for bearer in (None, "anything"):
            everybody = Principal("local", frozenset(Scope), Identity.OPEN)
            assert await gate.principal_of(bearer) == everybody


@pytest.mark.parametrize("host", [EVERYWHERE, "::", "10.0.0.1", "orq.example", "localhost.example"])
async def test_others_are_let_near_only_with_identity(host: str) -> None:
    """It says what to set."""
    with pytest.raises(Misconfigured) as refused:
        async with opened_gatekeeper(load_settings({}, None), host):
            raise AssertionError("it opened")

    for name in ("AUTH_TOKENS_FILE", "orq token", "AUTH_OIDC_ISSUER", "AUTH_OIDC_AUDIENCE"):
        assert name in str(refused.value)
    assert "HTTP_HOST=127.0.0.1" in str(refused.value)


async def test_both_kinds_of_token_are_let_in_together(tmp_path: Path) -> None:
    """People log in by the issuer, and jobs have tokens of ours."""
    file = tmp_path / "tokens.toml"
    token, _ = issued(file, "nightly", READ, None)
    with OidcIssuer() as issuer:
        both = load_settings({**issuer.settings, "AUTH_TOKENS_FILE": str(file)}, None)
        async with opened_gatekeeper(both, EVERYWHERE) as gate:
            job = await gate.principal_of(token)
            person = await gate.principal_of(issuer.token("ada", ["read"]))
            for bearer in (None, token[:-1], "a.b.c"):
                with pytest.raises(Unauthenticated):
                    await gate.principal_of(bearer)

    assert job == Principal("nightly", READ, Identity.TOKEN)
    assert person == Principal("ada", READ, Identity.OIDC)


async def test_one_kind_alone_is_enough(tmp_path: Path) -> None:
    """Also on this machine's own address, which is then no longer open."""
    file = tmp_path / "tokens.toml"
    token, _ = issued(file, "nightly", READ, None)
    with OidcIssuer() as issuer:
        for environ, bearer in (
            ({"AUTH_TOKENS_FILE": str(file)}, token),
            (issuer.settings, issuer.token("nightly", ["read"])),
        ):
            async with opened_gatekeeper(load_settings(environ, None), "127.0.0.1") as gate:
                assert (await gate.principal_of(bearer)).subject == "nightly"
                with pytest.raises(Unauthenticated):
                    await gate.principal_of(None)


async def test_a_file_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    """A service that lets nobody in is told of at once."""
    environ = {"AUTH_TOKENS_FILE": str(tmp_path / "none.toml")}

    with pytest.raises(Misconfigured, match="cannot be read"):
        async with opened_gatekeeper(load_settings(environ, None), EVERYWHERE):
            raise AssertionError("it opened")
