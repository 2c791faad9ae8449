"""Tasks have owners, settings have one reader, and what is to be done has a number."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator

from tests.architecture.rule import Breach, Rule
from tests.architecture.source_file import SourceFile

OWNERLESS = frozenset({"asyncio.create_task", "asyncio.ensure_future"})
LOOP_SOURCES = frozenset(
    {"asyncio.get_event_loop", "asyncio.get_running_loop", "asyncio.new_event_loop"}
)
ENVIRONMENT = ("os.environ", "os.environb", "os.getenv", "os.putenv")
READS_ENVIRONMENT = ("bootstrap.py", "cli", "config")
PROMISE = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b(?!\(#\d+\))")


def ownerless_tasks(file: SourceFile) -> Iterator[Breach]:
    """Find tasks that nobody awaits: their errors vanish and shutdown does not reach them."""
    if not file.shipped:
        return
    for call in file.calls():
        if file.meaning(call.func) in OWNERLESS or _asks_a_loop(file, call.func):
            yield Breach(call.lineno, "every task has an owner: use asyncio.TaskGroup")


def stray_settings(file: SourceFile) -> Iterator[Breach]:
    """Find readers of the environment beside the settings, which nobody could list or check."""
    if not file.shipped or file.within(*READS_ENVIRONMENT):
        return
    for node in file.nodes:
        if isinstance(node, ast.Attribute | ast.Name) and file.meaning(node) in ENVIRONMENT:
            yield Breach(node.lineno, "settings are read once, in config: take a value")


def loose_promises(file: SourceFile) -> Iterator[Breach]:
    """Find promises in comments that nobody can look up."""
    for token in tokenize.generate_tokens(io.StringIO(file.text).readline):
        if token.type == tokenize.COMMENT and (found := PROMISE.search(token.string)):
            yield Breach(token.start[0], f"write {found[1]}(#number), or do it, or delete it")


def _asks_a_loop(file: SourceFile, function: ast.expr) -> bool:
    """Tell whether `function` is `create_task` of something that is a loop by name or origin."""
    match function:
        case ast.Attribute(attr="create_task", value=ast.Call(func=source)):
            return file.meaning(source) in LOOP_SOURCES
        case ast.Attribute(attr="create_task", value=owner):
            return file.meaning(owner).rpartition(".")[2].strip("_").endswith("loop")
        case _:
            return False


RULES = (
    Rule("every task has an owner", ownerless_tasks),
    Rule("settings have one reader", stray_settings),
    Rule("promises have a number", loose_promises),
)
