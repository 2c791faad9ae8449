"""Errors are of our five kinds, and only three places catch what they do not know."""

import ast
import builtins
from collections.abc import Iterator

from tests.architecture.rule import Breach, Rule
from tests.architecture.source_file import PACKAGE, SourceFile

# Each re-raises or records what it does not own: the engine stops a plan, the consumption loop
# keeps a dead letter, the API answers with a problem document.
MAY_CATCH_ALL = frozenset(
    PACKAGE / place
    for place in ("sdk/runner.py", "consumers/consumption.py", "api/problem_details.py")
)
BUILT_IN_ERRORS = frozenset(
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
)
# Pydantic turns a validator's ValueError into a finding; nothing else may raise one.
VALIDATED = ("config", "models")
CATCH_ALL = frozenset({"BaseException", "Exception"})


def foreign_errors(file: SourceFile) -> Iterator[Breach]:
    """Find built-in errors that are raised where a kind of ours would say what to do."""
    if not file.shipped:
        return
    protocol = _raised_in_dunders(file)
    for node in file.nodes:
        if not isinstance(node, ast.Raise) or node.exc is None or id(node) in protocol:
            continue
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        name = file.meaning(raised)
        if name not in BUILT_IN_ERRORS or name == "SystemExit":
            continue
        if name == "ValueError" and file.within(*VALIDATED):
            continue
        yield Breach(node.lineno, f"raise one of the five kinds of errors.py, not `{name}`")


def broad_handlers(file: SourceFile) -> Iterator[Breach]:
    """Find handlers for everything, which swallow our own bugs along with the world's.

    One that undoes its half-done work and raises again swallows nothing, and may stand.
    """
    if not file.shipped or file.path in MAY_CATCH_ALL:
        return
    for node in file.nodes:
        if isinstance(node, ast.ExceptHandler) and _catches_all(file, node.type):
            if not _raises_again(node):
                yield Breach(node.lineno, "catch what you can name, or raise it again")
        elif isinstance(node, ast.Call) and file.meaning(node.func) == "contextlib.suppress":
            for argument in node.args:
                if _catches_all(file, argument):
                    yield Breach(node.lineno, "suppress what you can name")


def _raised_in_dunders(file: SourceFile) -> frozenset[int]:
    """Return the raises that a protocol of Python's own asks for, as in `__getitem__`."""
    return frozenset(
        id(inner)
        for node in file.nodes
        if isinstance(node, ast.FunctionDef) and node.name.startswith("__get")
        for inner in ast.walk(node)
        if isinstance(inner, ast.Raise)
    )


def _raises_again(handler: ast.ExceptHandler) -> bool:
    """Tell whether every way through the handler ends with the error that it caught."""
    last = handler.body[-1]
    leaves = (ast.Return, ast.Break, ast.Continue)
    return (
        isinstance(last, ast.Raise)
        and last.exc is None
        and not any(isinstance(node, leaves) for node in ast.walk(handler))
    )


def _catches_all(file: SourceFile, caught: ast.expr | None) -> bool:
    """Tell whether `caught` names everything, alone or among others."""
    match caught:
        case None:
            return True
        case ast.Tuple(elts=several):
            return any(_catches_all(file, one) for one in several)
        case _:
            return file.meaning(caught).removeprefix("builtins.") in CATCH_ALL


RULES = (
    Rule("errors are of the five kinds", foreign_errors),
    Rule("only three places catch everything", broad_handlers),
)
