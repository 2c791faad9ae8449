"""The issuer's keys: when it is asked, how often, and what happens while it is away."""

import asyncio
import json
from collections.abc import Iterator

import pytest

from orchestrator_dynamic.adapters.oidc.gatekeeper import OidcTokens, opened_gatekeeper
from orchestrator_dynamic.adapters.oidc.issuer import (
    Issuer,
    IssuerMisconfigured,
    IssuerOptions,
    IssuerUnavailable,
)
from orchestrator_dynamic.ports.identity import Unauthenticated
from tests.support.oidc_issuer import AUDIENCE, DISCOVERY, KEYS, OidcIssuer, new_key

FRESH_S, USABLE_S, ASK_AGAIN_S = 600.0, 3_600.0, 10.0

# Turns of the loop after which a call on loopback must have been answered.
_TURNS_MAX = 1_000_000


class Hand:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.now

    def turn(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@pytest.fixture
def issuer() -> Iterator[OidcIssuer]:
    """An issuer with one key."""
    with OidcIssuer() as issuer:
        yield issuer


@pytest.fixture
def clock() -> Hand:
    """The clock by which keys grow old."""
    return Hand()


def options_of(issuer: OidcIssuer, jwks_url: str | None = None) -> IssuerOptions:
    """Return how a service would accept tokens of `issuer`."""
    return IssuerOptions(issuer=issuer.url, audience=AUDIENCE, jwks_url=jwks_url)


async def until_asked(issuer: OidcIssuer, times: int) -> None:
    """Return when the issuer's keys have been asked for so often."""
    for _ in range(_TURNS_MAX):
        if issuer.asked[KEYS] >= times:
            return
        await asyncio.sleep(0)
    raise AssertionError(f"asked {issuer.asked[KEYS]} times, not {times}")


async def known_subject(gate: OidcTokens, token: str) -> str:
    """Return whom a token names."""
    return (await gate.principal_of(token)).subject


async def test_many_tokens_cost_one_question(issuer: OidcIssuer, clock: Hand) -> None:
    """A service asks the issuer at its start, and not for every request."""
    async with opened_gatekeeper(options_of(issuer), clock) as gate:
        for _ in range(20):
            await known_subject(gate, issuer.token())

    assert issuer.asked == {DISCOVERY: 1, KEYS: 1}


async def test_a_new_key_is_known_at_once(issuer: OidcIssuer, clock: Hand) -> None:
    """Issuers change their keys without telling anybody."""
    async with opened_gatekeeper(options_of(issuer), clock) as gate:
        clock.turn(ASK_AGAIN_S)
        issuer.keys.append(new_key("EdDSA", kid="second"))

        assert await known_subject(gate, issuer.token("ada")) == "ada"
        assert await known_subject(gate, issuer.token("bob", key=issuer.keys[0])) == "bob"


async def test_a_withdrawn_key_is_refused_once_the_keys_are_old(
    issuer: OidcIssuer, clock: Hand
) -> None:
    """An issuer withdraws a key that was stolen."""
    async with opened_gatekeeper(options_of(issuer), clock) as gate:
        token = issuer.token()
        issuer.keys[:] = [new_key(kid="second")]
        clock.turn(FRESH_S - 1)
        await gate.principal_of(token)

        clock.turn(1)
        await gate.principal_of(token)
        await known_subject(gate, issuer.token())

        with pytest.raises(Unauthenticated, match="a key that the issuer does not have"):
            await gate.principal_of(token)


async def test_invented_keys_do_not_flood_the_issuer(issuer: OidcIssuer, clock: Hand) -> None:
    """Whoever sends rubbish to us must not be able to send it on."""
    async with opened_gatekeeper(options_of(issuer), clock) as gate:
        for second in range(30):
            token = issuer.token(key=new_key(kid=f"invented-{second}"))
            with pytest.raises(Unauthenticated, match="a key that the issuer does not have"):
                await gate.principal_of(token)
            clock.turn(1)

    assert issuer.asked[KEYS] == 1 + 2


async def test_who_waits_for_a_new_key_waits_together(issuer: OidcIssuer, clock: Hand) -> None:
    """A thousand requests after a rotation are one question, and giving up is nobody else's end."""
    async with opened_gatekeeper(options_of(issuer), clock) as gate:
        clock.turn(ASK_AGAIN_S)
        issuer.keys.append(new_key(kid="second"))
        issuer.free.clear()
        async with asyncio.TaskGroup() as tasks:
            waiting = [
                tasks.create_task(known_subject(gate, issuer.token(f"s{number}")))
                for number in range(10)
            ]
            for _ in range(_TURNS_MAX):
                if issuer.asked[DISCOVERY] == 2:
                    break
                await asyncio.sleep(0)
            waiting[0].cancel()
            issuer.free.set()

        assert [one.result() for one in waiting[1:]] == [f"s{number}" for number in range(1, 10)]
        assert issuer.asked == {DISCOVERY: 2, KEYS: 2}


async def test_old_keys_are_renewed_without_anybody_waiting(
    issuer: OidcIssuer, clock: Hand
) -> None:
    """An issuer that is slow must not slow down requests whose keys are known."""
    async with opened_gatekeeper(options_of(issuer), clock) as gate:
        clock.turn(FRESH_S)
        issuer.free.clear()

        assert await known_subject(gate, issuer.token("ada")) == "ada"

        issuer.free.set()
        await until_asked(issuer, 2)


async def test_known_keys_outlast_an_outage_of_the_issuer(issuer: OidcIssuer, clock: Hand) -> None:
    """People go on working for an hour; after it nobody could have told us of a stolen key."""
    async with opened_gatekeeper(options_of(issuer), clock) as gate:
        token = issuer.token("ada")
        issuer.stop()
        clock.turn(USABLE_S - 1)
        assert await known_subject(gate, token) == "ada"

        clock.turn(ASK_AGAIN_S)
        with pytest.raises(IssuerUnavailable):
            await gate.principal_of(token)

        issuer.start()
        clock.turn(ASK_AGAIN_S)
        assert await known_subject(gate, token) == "ada"


async def test_an_unknown_key_cannot_be_judged_while_the_issuer_is_away(
    issuer: OidcIssuer, clock: Hand
) -> None:
    """It may be the issuer's newest, so that the client is to try again, not to log in again."""
    async with opened_gatekeeper(options_of(issuer), clock) as gate:
        issuer.stop()
        clock.turn(ASK_AGAIN_S)

        with pytest.raises(IssuerUnavailable) as refused:
            await gate.principal_of(issuer.token(key=new_key(kid="second")))

    assert issuer.url not in str(refused.value)


async def test_a_service_starts_while_the_issuer_is_away(issuer: OidcIssuer, clock: Hand) -> None:
    """Both may be started after the same power cut."""
    issuer.stop()
    async with opened_gatekeeper(options_of(issuer), clock) as gate:
        with pytest.raises(IssuerUnavailable):
            await gate.principal_of(issuer.token())

        issuer.start()
        clock.turn(ASK_AGAIN_S)
        assert await known_subject(gate, issuer.token("ada")) == "ada"


async def test_an_outage_is_not_waited_out_by_each_request(issuer: OidcIssuer, clock: Hand) -> None:
    """The issuer is asked once in ten seconds, and until then the answer is known."""
    issuer.answers[DISCOVERY] = (503, b"")
    async with opened_gatekeeper(options_of(issuer), clock) as gate:
        for _ in range(5):
            with pytest.raises(IssuerUnavailable):
                await gate.principal_of(issuer.token())

    assert issuer.asked[DISCOVERY] == 2


async def test_keys_can_be_named_without_discovery(issuer: OidcIssuer, clock: Hand) -> None:
    """Some issuers have none."""
    issuer.answers[DISCOVERY] = (404, b"")
    options = options_of(issuer, f"{issuer.url}{KEYS}")
    async with opened_gatekeeper(options, clock) as gate:
        assert await known_subject(gate, issuer.token("ada")) == "ada"

    assert issuer.asked == {KEYS: 1}


def keys_at(url: str, issuer: OidcIssuer) -> bytes:
    """Return a discovery document that sends us elsewhere for keys."""
    return json.dumps({"issuer": issuer.url, "jwks_uri": url}).encode()


@pytest.mark.parametrize(
    ("path", "status", "body", "words"),
    [
        (DISCOVERY, 200, b'{"issuer": "https://other.example"}', "equal to the letter"),
        (DISCOVERY, 404, b"{}", "answered with status 404"),
        (DISCOVERY, 302, b"", "answered with status 302"),
        (DISCOVERY, 200, b"<html>", "is no JSON"),
        (DISCOVERY, 200, b"[]", "is no object"),
        (DISCOVERY, 200, b"[" * 100_000, "is no JSON"),
        (KEYS, 200, b'{"keys": []}', "lists no key"),
        (KEYS, 200, b'{"keys": [{"kty": "oct", "k": "AAAA"}]}', "lists no key"),
        (KEYS, 200, b" " * 300_000, "more than 262144 bytes"),
    ],
)
async def test_what_is_no_issuer_stops_the_start(
    issuer: OidcIssuer, path: str, status: int, body: bytes, words: str
) -> None:
    """A wrong address is told at once, not with the first request at night."""
    issuer.answers[path] = (status, body)

    with pytest.raises(IssuerMisconfigured, match=words):
        async with opened_gatekeeper(options_of(issuer)):
            raise AssertionError("it opened")


@pytest.mark.parametrize(
    "url", ["http://keys.example/jwks", "file:///etc/passwd", "//x", "http://"]
)
async def test_keys_come_encrypted_or_from_this_machine(issuer: OidcIssuer, url: str) -> None:
    """Whoever can change them on the way can be anybody."""
    issuer.answers[DISCOVERY] = (200, keys_at(url, issuer))

    with pytest.raises(IssuerMisconfigured, match="no https address"):
        async with opened_gatekeeper(options_of(issuer)):
            raise AssertionError("it opened")


async def test_a_call_has_a_deadline(issuer: OidcIssuer) -> None:
    """An issuer that takes the connection and says nothing is one that is away."""
    issuer.free.clear()
    options = IssuerOptions(issuer=issuer.url, audience=AUDIENCE, timeout_s=0.05)

    async with Issuer(options) as asking:
        with pytest.raises(IssuerUnavailable):
            await asking.keys()
