"""Tokens of an issuer: which are believed, whom they name, and what they may not get past."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Iterator

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as some

from orchestrator_dynamic.adapters.oidc.gatekeeper import OidcTokens, opened_gatekeeper
from orchestrator_dynamic.adapters.oidc.issuer import IssuerOptions
from orchestrator_dynamic.adapters.oidc.verification_keys import keys_in
from orchestrator_dynamic.ports.identity import Identity, Principal, Scope, Unauthenticated
from tests.support.oidc_issuer import AUDIENCE, OidcIssuer, SigningKey, new_key

# Far beyond any clock that is merely wrong.
LONG_S = 3_600


@pytest.fixture(scope="module")
def issuer() -> Iterator[OidcIssuer]:
    """An issuer that signs with RSA, which is what most do."""
    with OidcIssuer(new_key("RS256")) as issuer:
        yield issuer


@pytest.fixture
async def gate(issuer: OidcIssuer) -> AsyncIterator[OidcTokens]:
    """A gatekeeper that knows the issuer's keys."""
    async with opened_gatekeeper(options_of(issuer)) as gate:
        yield gate


def options_of(issuer: OidcIssuer, scope_claim: str = "scope") -> IssuerOptions:
    """Return how a service would accept tokens of `issuer`."""
    return IssuerOptions(issuer=issuer.url, audience=AUDIENCE, scope_claim=scope_claim)


async def refusal(gate: OidcTokens, token: str | None) -> str:
    """Return the words by which a token is refused."""
    with pytest.raises(Unauthenticated) as refused:
        await gate.principal_of(token)
    return str(refused.value)


def part(value: object) -> str:
    """Return one part of a token that is made by hand."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def claims_of(issuer: OidcIssuer) -> dict[str, object]:
    """Return claims with which nothing is wrong."""
    return {"iss": issuer.url, "aud": AUDIENCE, "sub": "eve", "exp": int(time.time()) + LONG_S}


@pytest.mark.parametrize("algorithm", ["RS256", "PS384", "ES256", "ES384", "EdDSA"])
async def test_a_token_names_its_subject_and_its_scopes(algorithm: str) -> None:
    """Whatever an issuer signs with, as long as only it can."""
    with OidcIssuer(new_key(algorithm)) as issuer:
        async with opened_gatekeeper(options_of(issuer)) as gate:
            principal = await gate.principal_of(issuer.token("ada", ["read", "approve", "email"]))

    scopes = frozenset({Scope.READ, Scope.APPROVE})
    assert principal == Principal("ada", scopes, Identity.OIDC)


async def test_without_a_token_nobody_is_known(gate: OidcTokens) -> None:
    """A service with an issuer lets nobody in unnamed."""
    assert await refusal(gate, None) == "a bearer token is needed"


async def test_a_token_that_has_expired_is_refused(issuer: OidcIssuer, gate: OidcTokens) -> None:
    """A token that was lost is worth nothing after a while."""
    token = issuer.token("ada", ["read"], expires_in_s=-LONG_S)

    assert await refusal(gate, token) == "the token has expired"


async def test_clocks_may_differ_within_bounds(issuer: OidcIssuer, gate: OidcTokens) -> None:
    """Half a minute is let pass, a minute is not."""
    await gate.principal_of(issuer.token(expires_in_s=-15))

    assert await refusal(gate, issuer.token(expires_in_s=-60)) == "the token has expired"


@pytest.mark.parametrize("claim", ["nbf", "iat"])
async def test_a_token_of_the_future_is_refused(
    issuer: OidcIssuer, gate: OidcTokens, claim: str
) -> None:
    """It is not valid yet, or somebody's clock is far off."""
    token = issuer.token(claims={claim: int(time.time()) + LONG_S}, expires_in_s=2 * LONG_S)

    assert await refusal(gate, token) == "the token is not valid yet"


async def test_a_token_for_others_is_refused(issuer: OidcIssuer, gate: OidcTokens) -> None:
    """Any other service that a person uses could act in their name here."""
    other = issuer.token("ada", ["read"], audience=["another-service"])

    assert await refusal(gate, other) == "the token is for another audience"
    await gate.principal_of(issuer.token("ada", audience=["another-service", AUDIENCE]))


async def test_a_token_of_another_issuer_is_refused(issuer: OidcIssuer, gate: OidcTokens) -> None:
    """Issuers that share keys do not share subjects."""
    token = issuer.token("ada", ["read"], issuer=f"{issuer.url}/")

    assert await refusal(gate, token) == "the token is of another issuer"


@pytest.mark.parametrize("claim", ["exp", "iss", "aud", "sub"])
async def test_what_a_token_must_say_cannot_be_left_out(
    issuer: OidcIssuer, gate: OidcTokens, claim: str
) -> None:
    """A check of a claim that is not there would pass."""
    assert (
        await refusal(gate, issuer.token(claims={claim: None})) == f"the token has no claim {claim}"
    )


async def test_a_forged_signature_is_refused(issuer: OidcIssuer, gate: OidcTokens) -> None:
    """Anybody can write the issuer's name of a key on a token."""
    forged = issuer.token("ada", ["approve"], key=new_key("RS256", kid=issuer.keys[0].kid))

    assert await refusal(gate, forged) == "the token's signature is wrong"


async def test_what_was_signed_cannot_be_changed(issuer: OidcIssuer, gate: OidcTokens) -> None:
    """A reader must not become an approver."""
    header, _, signature = issuer.token("eve", ["read"]).split(".")
    changed = part({**claims_of(issuer), "scope": "approve"})

    assert (
        await refusal(gate, f"{header}.{changed}.{signature}") == "the token's signature is wrong"
    )


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", None, ["RS256"], 1])
async def test_a_token_that_nobody_has_signed_is_refused(
    issuer: OidcIssuer, gate: OidcTokens, algorithm: object
) -> None:
    """`alg: none` is the oldest trick."""
    header = part({"alg": algorithm, "typ": "JWT", "kid": "first"})

    for signature in ("", "AAAA"):
        token = f"{header}.{part(claims_of(issuer))}.{signature}"
        assert "not signed by one of" in await refusal(gate, token)


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
async def test_the_public_key_is_no_shared_secret(
    issuer: OidcIssuer, gate: OidcTokens, encoding: Encoding
) -> None:
    """Everybody has it, and could sign with it where HS256 were allowed."""
    public = issuer.keys[0].private.public_key()
    secret = public.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{part({'alg': 'HS256', 'kid': 'first'})}.{part(claims_of(issuer))}"
    digest = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    signature = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    assert "not signed by one of" in await refusal(gate, f"{signed}.{signature}")


async def test_a_key_verifies_what_it_is_listed_for_alone(
    issuer: OidcIssuer, gate: OidcTokens
) -> None:
    """An issuer that lists a key for RS256 signs nothing else with it."""
    listed = issuer.keys[0]

    token = issuer.token(key=SigningKey(listed.private, "RS512", listed.kid))

    assert "a key that the issuer does not have" in await refusal(gate, token)


async def test_a_token_without_the_name_of_a_key_is_of_the_only_one() -> None:
    """Issuers with one key may leave the name away; of several, none is guessed."""
    nameless = new_key("ES256", kid=None)
    with OidcIssuer(nameless) as issuer:
        async with opened_gatekeeper(options_of(issuer)) as gate:
            assert (await gate.principal_of(issuer.token("ada"))).subject == "ada"

        issuer.keys.append(new_key("ES256", kid=None))
        async with opened_gatekeeper(options_of(issuer)) as gate:
            assert "a key that the issuer does not have" in await refusal(gate, issuer.token())


@pytest.mark.parametrize("subject", ["", "a\nb", " ada", "ada\u0000", "a" * 256, 7, ["ada"]])
async def test_a_subject_is_what_an_audit_can_name(
    issuer: OidcIssuer, gate: OidcTokens, subject: object
) -> None:
    """Audits are read in terminals, line by line."""
    await refusal(gate, issuer.token(claims={"sub": subject}))


@pytest.mark.parametrize(
    ("scope_claim", "claims"),
    [
        ("scope", {"scope": "openid read work"}),
        ("scope", {"scope": ["read", "work", 7]}),
        ("scope", {"scope": None, "scp": ["read", "work"]}),
        ("scope", {"scope": None, "scp": "read work"}),
        ("roles", {"scope": "approve", "roles": ["read", "work"]}),
        ("realm_access.roles", {"realm_access": {"roles": ["read", "work"]}}),
        ("https://orq.example/roles", {"https://orq.example/roles": ["read", "work"]}),
    ],
)
async def test_scopes_are_found_where_issuers_put_them(
    issuer: OidcIssuer, scope_claim: str, claims: dict[str, object]
) -> None:
    """As text or as a list, at the top or within; what is not ours is left out."""
    async with opened_gatekeeper(options_of(issuer, scope_claim)) as gate:
        principal = await gate.principal_of(issuer.token(claims=claims))

    assert principal.scopes == {Scope.READ, Scope.WORK}


@pytest.mark.parametrize("granted", [None, 7, {"read": True}, "reads readapprove", [["read"]]])
async def test_what_grants_nothing_grants_nothing(
    issuer: OidcIssuer, gate: OidcTokens, granted: object
) -> None:
    """A known subject without scopes may do nothing."""
    principal = await gate.principal_of(issuer.token("ada", claims={"scope": granted}))

    assert principal == Principal("ada", frozenset(), Identity.OIDC)


async def test_an_oversized_token_is_not_even_read(issuer: OidcIssuer, gate: OidcTokens) -> None:
    """Reading costs more than sending."""
    token = issuer.token("ada", ["read"], claims={"groups": ["g" * 100] * 100})

    assert await refusal(gate, token) == "a token has at most 8192 characters, all of ASCII"


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "é.é.é",
        "\udcff",
        f"{part([])}.{part({})}.AA",
        f"{part({'alg': 'RS256', 'kid': ['first']})}.{part({})}.AA",
        f"{part({'alg': 'RS256', 'kid': 'first', 'crit': ['exp']})}.{part({})}.AA",
        base64.urlsafe_b64encode(b"[" * 6_000).decode() + ".AA.AA",
        base64.urlsafe_b64encode(b'{"alg":' + b"9" * 5_000 + b"}").decode() + ".AA.AA",
    ],
)
async def test_garbage_is_refused_as_garbage(gate: OidcTokens, token: str) -> None:
    """Whatever is sent, the answer is that nobody is known by it."""
    await refusal(gate, token)


@trying(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(header=some.dictionaries(some.sampled_from(["alg", "kid", "crit", "b64"]), some.text()
       | some.integers() | some.none() | some.lists(some.text()) | some.sampled_from(["RS256"])),
       body=some.binary(max_size=40))  # fmt: skip
async def test_no_header_gets_past_or_breaks_anything(
    gate: OidcTokens, header: dict[str, object], body: bytes
) -> None:
    """An error of any other kind would be answered as a fault of ours."""
    middle = base64.urlsafe_b64encode(body).rstrip(b"=").decode()

    await refusal(gate, f"{part(header)}.{middle}.{middle}")


async def test_no_refusal_repeats_the_token(issuer: OidcIssuer, gate: OidcTokens) -> None:
    """Refusals are answered, logged and traced."""
    for token in (issuer.token("secret-name", expires_in_s=-LONG_S), "very.secret.token"):
        words = await refusal(gate, token)

        assert "secret" not in words
        assert token not in words


def test_only_keys_for_signatures_are_taken_from_a_list() -> None:
    """Issuers list keys for encryption and of kinds that we do not know, beside those we need."""
    good = new_key("ES256", kid="good").jwk
    listed: list[object] = [
        good,
        {**good, "use": "enc"},
        {**good, "key_ops": ["sign"]},
        {**good, "key_ops": 7},
        {**good, "alg": "HS256"},
        {**good, "alg": "none"},
        {**good, "kid": 7},
        {**good, "crv": "P-999"},
        {**good, "d": "AAAA"},
        {**good, "x": 7},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"},
        {"kty": "RSA", "n": [], "e": None},
        {},
        None,
        "key",
    ]

    assert [key.kid for key in keys_in({"keys": listed})] == ["good"]
    assert keys_in({"keys": "none"}) == ()


json_values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(max_size=8),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(), inner, max_size=3),
    max_leaves=5,
)


@given(
    entry=some.dictionaries(
        some.sampled_from(["kty", "crv", "alg", "use", "key_ops", "kid", "n", "e", "x", "y"]),
        json_values | some.sampled_from(["RSA", "EC", "OKP", "P-256", "Ed25519", "RS256", "AQAB"]),
    )
)
def test_no_list_of_keys_breaks_anything(entry: dict[str, object]) -> None:
    """One odd key must not cost those beside it."""
    good = new_key("ES256", kid="good").jwk

    assert "good" in [key.kid for key in keys_in({"keys": [entry, good]})]
