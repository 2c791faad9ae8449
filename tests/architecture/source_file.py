"""One Python file as the rules see it: its place, its text, its syntax and what its names mean."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]
PACKAGE = PurePosixPath("src/orchestrator_dynamic")
PYTHON_FOLDERS = ("src", "tests", "benchmarks", "examples", "scripts")


@dataclass(frozen=True)
class SourceFile:
    """A file's text and what follows from it, parsed once however many rules ask.

    Attributes:
        path: relative to the repository root.
    """

    path: PurePosixPath
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, filename=str(self.path))

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def imported(self) -> dict[str, str]:
        """What each imported name stands for: `{"nap": "time.sleep"}` after `as nap`."""
        meanings: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for name in node.names:
                    root = name.name.partition(".")[0]
                    meanings[name.asname or root] = name.name if name.asname else root
            elif isinstance(node, ast.ImportFrom) and node.module:
                for name in node.names:
                    meanings[name.asname or name.name] = f"{node.module}.{name.name}"
        return meanings

    def meaning(self, node: ast.expr) -> str:
        """Return the dotted name that `node` stands for, or "" where it is no name."""
        match node:
            case ast.Name(id=name):
                return self.imported.get(name, name)
            case ast.Attribute(value=value, attr=attribute):
                owner = self.meaning(value)
                return f"{owner}.{attribute}" if owner else ""
            case _:
                return ""

    def calls(self) -> Iterator[ast.Call]:
        """Yield every call in the file."""
        return (node for node in self.nodes if isinstance(node, ast.Call))

    def imports(self) -> Iterator[tuple[int, str]]:
        """Yield the line and the full name of everything that is imported."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((node.lineno, name.name) for name in node.names)
            elif isinstance(node, ast.ImportFrom):
                dots = "." * node.level
                module = f"{dots}{node.module or ''}"
                yield from ((node.lineno, f"{module}.{name.name}") for name in node.names)

    def within(self, *rooms: str) -> bool:
        """Tell whether the file is one of these rooms of the package, or inside one."""
        places = [PACKAGE / room for room in rooms]
        return any(place in (self.path, *self.path.parents) for place in places)

    @property
    def shipped(self) -> bool:
        """Whether the file is part of the package."""
        return PACKAGE in self.path.parents

    @property
    def tests(self) -> bool:
        """Whether the file belongs to the tests."""
        return self.path.parts[0] == "tests"


def repository_files() -> tuple[SourceFile, ...]:
    """Return every Python file of the repository, in order of path."""
    paths = [path for folder in PYTHON_FOLDERS for path in (ROOT / folder).rglob("*.py")]
    return tuple(
        SourceFile(PurePosixPath(path.relative_to(ROOT).as_posix()), path.read_text("utf-8"))
        for path in sorted(paths)
    )
