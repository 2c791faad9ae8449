"""What doctor and `/ready` say of those who say who asks."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator_dynamic.bootstrap import tokens
from orchestrator_dynamic.bootstrap.probes import identity_checks
from orchestrator_dynamic.bootstrap.readiness import Readiness
from orchestrator_dynamic.config.loading import load_settings
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.ports.identity import Scope
from orchestrator_dynamic.ports.probing import Check, Verdict
from tests.support.oidc_issuer import DISCOVERY, KEYS, OidcIssuer

READ = frozenset({Scope.READ})
MISPLACED = "orq_what-nobody-else-may-see"


@pytest.fixture
def issuer() -> Iterator[OidcIssuer]:
    """An issuer with one key."""
    with OidcIssuer() as issuer:
        yield issuer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with a token that is good for ever."""
    path = tmp_path / "tokens.toml"
    tokens.issued(path, "ana", READ, None)
    return path


def settings_with(
    file: Path | None = None, issuer: OidcIssuer | None = None, **more: str
) -> Settings:
    """Return settings with one of these, both or none."""
    named = {} if file is None else {"AUTH_TOKENS_FILE": str(file)}
    return load_settings({**named, **({} if issuer is None else issuer.settings), **more}, None)


def open_to_others(file: Path, *, read: bool) -> None:
    """Let everybody read `file`, or nobody else."""
    file.chmod(0o644 if read else 0o600)


def spoil(file: Path) -> None:
    """Leave something else where tokens were."""
    file.write_text(f'[[token]]\nscopes = ["{MISPLACED}"]\n')


async def only_check(settings: Settings) -> Check:
    """Return the one thing that there is to say."""
    [check] = await identity_checks(settings)
    return check


async def test_where_nobody_is_asked_nothing_is_said(file: Path, issuer: OidcIssuer) -> None:
    """Each speaks for itself, and only where it is set."""
    both = await identity_checks(settings_with(file, issuer))

    assert await identity_checks(settings_with()) == []
    assert [(one.name, one.verdict) for one in both] == [
        ("tokens file", Verdict.OK),
        ("oidc issuer", Verdict.OK),
    ]


async def test_a_file_that_nothing_could_start_with_is_a_problem(tmp_path: Path) -> None:
    """With every complaint, as starting would have them."""
    broken = tmp_path / "tokens.toml"
    broken.write_text("[[token]]\nsubject = 1\n")

    missing = await only_check(settings_with(tmp_path / "nowhere.toml"))
    found = await only_check(settings_with(broken))

    assert missing.verdict is found.verdict is Verdict.PROBLEM
    assert "cannot be read" in missing.finding
    assert len(found.finding.splitlines()) > 1


async def test_a_file_that_lets_nobody_in_is_worth_a_look(tmp_path: Path) -> None:
    """Everything works, and everybody is sent away; one token that is good makes it well."""
    path = tmp_path / "tokens.toml"
    tokens.issued(path, "ana", READ, 0)

    check = await only_check(settings_with(path))
    tokens.issued(path, "bea", READ, None)

    assert (await only_check(settings_with(path))).verdict is Verdict.OK
    assert check.verdict is Verdict.WARNING
    assert "no token that is good now" in check.finding
    assert str(path) in check.remedy


async def test_a_file_that_others_read_is_worth_a_look(file: Path) -> None:
    """The command can be copied, and helps."""
    open_to_others(file, read=True)
    open_to_all = await only_check(settings_with(file))
    open_to_others(file, read=False)

    assert open_to_all.verdict is Verdict.WARNING
    assert "everybody" in open_to_all.finding
    assert open_to_all.remedy == f"chmod 600 {file}"
    assert (await only_check(settings_with(file))).verdict is Verdict.OK


async def test_an_issuer_that_is_away_is_worth_a_look(issuer: OidcIssuer) -> None:
    """A service starts without it, and its keys are remembered."""
    issuer.stop()

    check = await only_check(settings_with(issuer=issuer))

    assert check.verdict is Verdict.WARNING
    assert issuer.url in check.finding


@pytest.mark.parametrize("path", [DISCOVERY, KEYS])
async def test_an_issuer_that_hangs_keeps_nobody_waiting(issuer: OidcIssuer, path: str) -> None:
    """Each of its answers is waited for, and no longer than a person likes to."""
    issuer.free.clear()
    asking = settings_with(issuer=issuer)
    if path == KEYS:
        asking = settings_with(issuer=issuer, AUTH_OIDC_JWKS_URL=f"{issuer.url}{KEYS}")

    async with asyncio.timeout(8):
        check = await only_check(asking)

    issuer.free.set()
    assert check.verdict is Verdict.WARNING
    assert path in check.finding


async def test_another_issuer_is_a_problem(issuer: OidcIssuer) -> None:
    """What answers at an address need not be who was meant."""
    issuer.answers[DISCOVERY] = (200, b'{"issuer": "https://elsewhere.example"}')

    check = await only_check(settings_with(issuer=issuer))

    assert check.verdict is Verdict.PROBLEM
    assert "elsewhere.example" in check.finding


async def test_a_service_that_runs_takes_work_whatever_becomes_of_them(
    file: Path, issuer: OidcIssuer, tmp_path: Path
) -> None:
    """It goes on with what it knew; what is wrong with it is nothing for everybody's eyes."""
    running = settings_with(file, issuer, DATA_DIR=str(tmp_path))
    readiness = Readiness(running, lambda: asyncio.sleep(0))
    issuer.answers[DISCOVERY] = (404, b"{}")
    spoil(file)

    checks = {one.name: one for one in await readiness.checks()}

    assert checks["tokens file"].verdict is checks["oidc issuer"].verdict is Verdict.WARNING
    assert MISPLACED in (await identity_checks(running))[0].finding
    assert MISPLACED not in repr(checks)
    assert Verdict.PROBLEM not in {one.verdict for one in checks.values()}
