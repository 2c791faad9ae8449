"""Files and functions stay small enough to be read whole."""

import ast
from collections.abc import Iterator

from tests.architecture.rule import Breach, Rule
from tests.architecture.source_file import PACKAGE, SourceFile

FILE_LINES_MAX = 400
CORE_FILE_LINES_MAX = 250
FUNCTION_LINES_MAX = 60

# The public kit is the one package whose users import from its top.
RE_EXPORTING = PACKAGE / "sdk/__init__.py"


def long_files(file: SourceFile) -> Iterator[Breach]:
    """Find a file that holds more than one idea, judged by its length."""
    limit = CORE_FILE_LINES_MAX if file.within("core") else FILE_LINES_MAX
    lines = len(file.text.splitlines())
    if lines > limit:
        yield Breach(limit + 1, f"{lines} lines, at most {limit}: look for the second idea")


def long_functions(file: SourceFile) -> Iterator[Breach]:
    """Find functions that do not fit on a screen, docstring included."""
    for node in file.nodes:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > FUNCTION_LINES_MAX:
            message = f"`{node.name}` has {lines} lines, at most {FUNCTION_LINES_MAX}"
            yield Breach(node.lineno, message)


def busy_packages(file: SourceFile) -> Iterator[Breach]:
    """Find an `__init__.py` that does more than say what its package is."""
    if file.path.name != "__init__.py":
        return
    if file.shipped and ast.get_docstring(file.tree) is None:
        yield Breach(1, "say in a docstring what this package is")
    if file.path == RE_EXPORTING:
        return
    body = file.tree.body[1:] if ast.get_docstring(file.tree) else file.tree.body
    if body:
        yield Breach(body[0].lineno, "an `__init__.py` holds a docstring only")


RULES = (
    Rule("files are short", long_files),
    Rule("functions fit on a screen", long_functions),
    Rule("packages hold a docstring only", busy_packages),
)
