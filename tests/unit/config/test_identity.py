"""Settings of identity: what they allow, and what they do not allow together."""

import pytest

from orchestrator_dynamic.config.loading import load_settings
from orchestrator_dynamic.errors import Misconfigured

ISSUER = "https://login.example/realms/ops"


def complaints_about(**environ: str) -> list[str]:
    """Return every complaint."""
    with pytest.raises(Misconfigured) as refused:
        load_settings(environ, None)
    return str(refused.value).splitlines()


def test_an_issuer_needs_an_audience() -> None:
    """Without it a token for any other service would do."""
    words = "AUTH_OIDC_ISSUER needs AUTH_OIDC_AUDIENCE, or tokens for others would be accepted"

    assert complaints_about(AUTH_OIDC_ISSUER=ISSUER) == [
        f"{words} (AUTH_OIDC_ISSUER from environment)"
    ]


def test_what_has_no_effect_is_told_all_at_once() -> None:
    """Whoever sets it believes that it has."""
    complaints = complaints_about(
        AUTH_OIDC_AUDIENCE="orq",
        AUTH_OIDC_JWKS_URL="https://login.example/keys",
        AUTH_OIDC_SCOPE_CLAIM="roles",
        AUTH_CLOCK_SKEW_S="60",
    )

    assert len(complaints) == 4
    assert all("has no effect without AUTH_OIDC_ISSUER" in one for one in complaints)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("AUTH_OIDC_ISSUER", "http://login.example"),
        ("AUTH_OIDC_ISSUER", "login.example"),
        ("AUTH_OIDC_ISSUER", "https://me:secret@login.example"),
        ("AUTH_OIDC_ISSUER", "https://login.example?a=b"),
        ("AUTH_OIDC_ISSUER", "http://127.0.0.1.example"),
        ("AUTH_OIDC_JWKS_URL", "http://login.example/keys"),
        ("AUTH_OIDC_AUDIENCE", "two words"),
        ("AUTH_CLOCK_SKEW_S", "121"),
        ("AUTH_CLOCK_SKEW_S", "-1"),
        ("AUTH_SUBMITTER_MAY_APPROVE", "perhaps"),
    ],
)
def test_an_impossible_value_stops_the_start(name: str, text: str) -> None:
    """What is not encrypted, or would accept tokens of yesterday."""
    assert any(one.startswith(f"{name} is ") for one in complaints_about(**{name: text}))


@pytest.mark.parametrize(
    "issuer", [ISSUER, "https://x.example/", "http://127.0.0.1:8080", "http://[::1]:1"]
)
def test_an_issuer_is_encrypted_or_on_this_machine(issuer: str) -> None:
    """Its name is kept to the letter, for tokens repeat it so."""
    settings = load_settings({"AUTH_OIDC_ISSUER": issuer, "AUTH_OIDC_AUDIENCE": "orq"}, None)

    assert settings.identity.oidc_issuer == issuer
