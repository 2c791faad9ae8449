"""What is imported, and how; which way imports point is import-linter's to keep."""

from collections.abc import Iterator

from tests.architecture.rule import Breach, Rule
from tests.architecture.source_file import SourceFile

# An import contract can only forbid by name; for the core, what is not named here is forbidden.
CORE_MAY_IMPORT = frozenset(
    {
        "abc",
        "bisect",
        "collections",
        "dataclasses",
        "enum",
        "fractions",
        "functools",
        "hashlib",
        "heapq",
        "itertools",
        "json",
        "math",
        "operator",
        "orchestrator_dynamic",
        "re",
        "string",
        "types",
        "typing",
        "uuid",
    }
)


def future_imports(file: SourceFile) -> Iterator[Breach]:
    """Find `from __future__`: with annotations as text, Temporal drops signals in its sandbox."""
    for line, name in file.imports():
        if name.startswith("__future__."):
            yield Breach(line, f"no `{name}`: this Python has what is needed")


def relative_imports(file: SourceFile) -> Iterator[Breach]:
    """Find imports that change their meaning when a file moves."""
    for line, name in file.imports():
        if name.startswith("."):
            yield Breach(line, f"write `{name}` from the root")


def strangers_in_the_core(file: SourceFile) -> Iterator[Breach]:
    """Find what the core imports beyond the calculating part of the standard library."""
    if not file.within("core"):
        return
    for line, name in file.imports():
        root = name.partition(".")[0]
        if root and root not in CORE_MAY_IMPORT:
            yield Breach(line, f"the core may not import `{root}`: a driver passes it in")


RULES = (
    Rule("nothing comes from the future", future_imports),
    Rule("imports are absolute", relative_imports),
    Rule("the core imports models and arithmetic only", strangers_in_the_core),
)
