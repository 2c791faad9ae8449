"""What commands print: tables and pairs for people, JSON for programs.

On a terminal there are colours and the width of the window; elsewhere there is plain text in
columns, in which nothing is cut off, so that a script finds whole ids in it.
"""

import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import NamedTuple

import typer
from pydantic import BaseModel
from rich import box
from rich.table import Table
from rich.text import Text

from orchestrator_dynamic.cli.durations import spoken
from orchestrator_dynamic.cli.failures import NOT_BEGUN
from orchestrator_dynamic.cli.options import console
from orchestrator_dynamic.errors import InvalidInput

DASH = "-"

_STYLES = {
    "green": ("SUCCESS", "COMPLETED", "ok", "accepted", "started"),
    "red": ("FAILED", "REJECTED", "EXPIRED", "HALTED", "problem", "error", "refused"),
    "yellow": (
        "PARTIAL", "COMPENSATED", "CANCELLED", "COMPENSATING", "DRAINING", "CANCELLING",
        "AWAITING_APPROVAL", "STARVED", "BACKING_OFF", "warning", "paused",
    ),
    "cyan": ("RUNNING", "PUBLISHING"),
}  # fmt: skip
_STYLE_OF = {word: style for style, words in _STYLES.items() for word in words}

# The explanations of the core name moments in epoch milliseconds; these are of 2001 to 2286.
_EPOCH_MS = re.compile(r"\b([1-9]\d{12})\b(?: \(epoch ms\))?")


class Column(NamedTuple):
    """A table's column.

    Attributes:
        right: whether it is aligned to the right, as numbers are.
        whole: whether others give way first where a window is too narrow for all.
    """

    name: str
    right: bool = False
    whole: bool = False


def print_table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Print a table."""
    cells = [[clean(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _print_for_eyes(columns, cells)
        return
    names = [column.name.upper() for column in columns]
    widths = [max(map(len, cells_of)) for cells_of in zip(names, *cells, strict=True)]
    for row in (names, *cells):
        aligned = [
            cell.rjust(width) if column.right else cell.ljust(width)
            for column, cell, width in zip(columns, row, widths, strict=True)
        ]
        print("  ".join(aligned).rstrip())


def _print_for_eyes(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(
            column.name,
            justify="right" if column.right else "left",
            overflow="fold",
            no_wrap=column.whole,
        )
    for row in rows:
        table.add_row(*(Text(cell, style=_style(cell)) for cell in row))
    console().print(table)


def print_pairs(pairs: Iterable[tuple[str, str]]) -> None:
    """Print names and values below each other; a name without a value is left out."""
    told = [(name, clean(value)) for name, value in pairs if value]
    width = max((len(name) for name, _ in told), default=0)
    for name, value in told:
        say((f"{name.ljust(width)}  ", "bold"), (value, _style(value)))


def print_heading(text: str) -> None:
    """Print a heading, with an empty line before it."""
    say()
    say((text, "bold"))


def say_aside(line: str) -> None:
    """Tell people a line on stderr, where it is in no program's way."""
    print(f"orq: {line}", file=sys.stderr, flush=True)


def say(*parts: str | tuple[str, str]) -> None:
    """Print a line; a part may come with a style that shows on terminals."""
    texts = [(clean(one), "") if isinstance(one, str) else (clean(one[0]), one[1]) for one in parts]
    if sys.stdout.isatty():
        # The terminal breaks lines itself, so that a command in it can be copied whole.
        console().print(Text.assemble(*texts), soft_wrap=True)
    else:
        print("".join(text for text, _ in texts))


def print_json(value: object) -> None:
    """Print `value` as JSON; moments are epoch milliseconds, durations say so in their names."""
    print(json.dumps(plain(value), ensure_ascii=False, indent=2))


def plain(value: object) -> object:
    """Return `value` as JSON knows it."""
    match value:
        case Enum():
            return value.value
        case BaseModel():
            return value.model_dump(mode="json")
        case Mapping():
            return {str(key): plain(one) for key, one in value.items()}
        case list() | tuple() | frozenset():
            return [plain(one) for one in value]
        case bytes():
            return value.decode(errors="backslashreplace")
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {key: plain(one) for key, one in as_mapping(value).items()}
        case _:
            return value


def as_mapping(value: object) -> dict[str, object]:
    """Return the fields of a dataclass by name, their values as they are."""
    if not is_dataclass(value):
        return {}
    return {field.name: getattr(value, field.name) for field in fields(value)}


def moment(at: int | None) -> str:
    """Return a moment (epoch ms) as ISO 8601 in UTC, to the second."""
    if at is None:
        return DASH
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def exact_moment(at: int) -> str:
    """Return a moment (epoch ms) as ISO 8601 in UTC, to the millisecond."""
    return f"{moment(at)[:-1]}.{at % 1000:03}Z"


def duration(ms: int | None) -> str:
    """Return a duration for people."""
    return DASH if ms is None else spoken(ms)


def readable(text: str) -> str:
    """Return `text` with the moments in it as people read them."""
    return _EPOCH_MS.sub(lambda found: moment(int(found[1])), text)


def counted(count: int, one: str, several: str | None = None) -> str:
    """Return `count` with what it counts: `1 task`, `1,200 tasks`."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def clean(text: str) -> str:
    """Return `text` as one line without control characters, which could rule the terminal."""
    if text.isprintable():
        return text
    return "".join(" " if one in "\r\n\t" else _visible(one) for one in text)


def _visible(character: str) -> str:
    if unicodedata.category(character)[0] == "C" and character not in ("\u200c", "\u200d"):
        return character.encode("unicode_escape").decode()
    return character


def unusable(error: InvalidInput, hint: str = "") -> typer.Exit:
    """Tell on stderr why an argument cannot be used, and return what ends the command.

    Args:
        hint: how to find out what there is, for where there is nothing of this name.
    """
    lines = [line for finding in error.findings for line in finding.message.splitlines()]
    if hint and lines[-1].startswith("there is no "):
        lines[-1] += f"; {hint}"
    for line in lines:
        # The lines of a list are indented, and belong to the line before them.
        print(clean(line) if line.startswith(" ") else f"orq: {clean(line)}", file=sys.stderr)
    return typer.Exit(NOT_BEGUN)


def _style(text: str) -> str:
    return _STYLE_OF.get(text.split(" ")[0].rstrip(":,"), "")
