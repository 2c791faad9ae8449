"""Container images are pinned, ports are open to one machine, and no password stands in a file."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMAGE = re.compile(r"^\s*(?:image:|FROM)\s+(\S+)", re.MULTILINE)
# At least two numbers: `15` and `3.12-slim` move, and what moves breaks on somebody's Monday.
PINNED = re.compile(r"^[\w./-]+:v?\d+\.\d+(?:\.\d+)?(?:-[\w.-]+)?(?:@sha256:[0-9a-f]{64})?$")
# Those that count major.minor only; everything else has a third number.
TWO_NUMBERS = ("postgres",)
PUBLISHED = re.compile(r'^\s*ports: \["(.+?)"\]', re.MULTILINE)
PASSWORD = re.compile(
    r"^\s*-*\w*(?:PASSWORD|_PWD|AUTH|requirepass|masterauth):? (.+)$", re.MULTILINE
)


def _images(name: str) -> list[str]:
    return IMAGE.findall((ROOT / name).read_text("utf-8"))


def _pinned(image: str) -> bool:
    name, _, version = image.partition(":")
    numbers = 2 if name in TWO_NUMBERS else 3
    return bool(PINNED.match(image)) and len(re.findall(r"\d+", version.split("-")[0])) == numbers


@pytest.mark.parametrize("name", ["compose.yaml", "Dockerfile"])
def test_every_image_has_a_version(name: str) -> None:
    """Two people who start it on two days start the same."""
    images = _images(name)

    assert images
    assert [image for image in images if not _pinned(image)] == []


@pytest.mark.parametrize(
    "image", ["redis", "redis:latest", "redis:7", "postgres:15", "python:3.12-slim"]
)
def test_a_moving_version_is_found(image: str) -> None:
    """A rule that cannot fail is worthless."""
    assert not _pinned(image)


def test_every_port_is_open_to_one_machine() -> None:
    """Development servers have passwords that everybody knows, or none."""
    ports = PUBLISHED.findall((ROOT / "compose.yaml").read_text("utf-8"))

    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_every_password_comes_from_the_environment() -> None:
    """What stands in a file of the repository is no secret, and is called so."""
    passwords = PASSWORD.findall((ROOT / "compose.yaml").read_text("utf-8"))

    assert passwords
    assert {value for value in passwords if not value.endswith(":-development-only}")} == set()
