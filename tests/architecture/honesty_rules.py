"""Tests use the real thing, wait for nothing, and can fail."""

import ast
from collections.abc import Iterator

from tests.architecture.rule import Breach, Rule
from tests.architecture.source_file import SourceFile

STAND_INS = ("freezegun", "mock", "pytest_mock", "time_machine", "unittest.mock")
PATCHING = frozenset({"mocker", "monkeypatch"})


def stand_ins(file: SourceFile) -> Iterator[Breach]:
    """Find mocks and patches: they agree with whatever the code does."""
    if not file.tests:
        return
    for line, name in file.imports():
        if any(f"{name}.".startswith(f"{module}.") for module in STAND_INS):
            yield Breach(line, f"no `{name}`: use a memory adapter, or wrap one in a fault")
    for node in file.nodes:
        if isinstance(node, ast.arg) and node.arg in PATCHING:
            yield Breach(node.lineno, f"no `{node.arg}`: time, ids and chance are passed in")
        elif isinstance(node, ast.Attribute) and file.meaning(node) == "pytest.MonkeyPatch":
            yield Breach(node.lineno, "no patches: time, ids and chance are passed in")


def sleeps(file: SourceFile) -> Iterator[Breach]:
    """Find real waiting: it is slow where it is long and flaky where it is short."""
    if not file.tests:
        return
    for call in file.calls():
        name = file.meaning(call.func)
        if name == "time.sleep":
            yield Breach(call.lineno, "no sleeps: turn the clock, or wait for an event")
        elif name == "asyncio.sleep" and file.path.name.startswith("test_") and _positive(call):
            yield Breach(call.lineno, "no sleeps but `asyncio.sleep(0)`: turn the clock")


def empty_claims(file: SourceFile) -> Iterator[Breach]:
    """Find assertions about a constant, which nothing can break."""
    if not file.tests:
        return
    for node in file.nodes:
        if isinstance(node, ast.Assert) and isinstance(node.test, ast.Constant) and node.test.value:
            yield Breach(node.lineno, "this cannot fail: assert what the code did")


def _positive(call: ast.Call) -> bool:
    """Tell whether the first argument is a number above zero."""
    match call.args:
        case [ast.Constant(value=int() | float() as seconds), *_]:
            return seconds > 0
        case _:
            return False


RULES = (
    Rule("tests use the real thing", stand_ins),
    Rule("tests do not sleep", sleeps),
    Rule("tests can fail", empty_claims),
)
