"""The core decides and does nothing else; what order it sees is the same in every process."""

import ast
from collections.abc import Iterator

from tests.architecture.rule import Breach, Rule
from tests.architecture.source_file import SourceFile

EFFECTS = frozenset({"__import__", "breakpoint", "eval", "exec", "input", "open", "print"})
CHANCE = frozenset({"uuid.uuid1", "uuid.uuid4"})
CLOCK_METHODS = frozenset({"now", "today", "utcnow"})
ASYNCHRONOUS = (ast.AsyncFor, ast.AsyncFunctionDef, ast.AsyncWith, ast.Await)
# What these make of their argument does not depend on its order.
ORDER_BLIND = frozenset({"all", "any", "frozenset", "len", "max", "min", "set", "sorted", "sum"})
ORDER_KEEPING = frozenset({"enumerate", "iter", "list", "map", "next", "tuple", "zip"})


def impure_calls(file: SourceFile) -> Iterator[Breach]:
    """Find calls in the core that touch the world or differ from process to process."""
    if not file.within("core"):
        return
    for call in file.calls():
        name = file.meaning(call.func)
        if name in EFFECTS:
            yield Breach(call.lineno, f"`{name}` is an effect: return a command instead")
        elif name in CHANCE:
            yield Breach(call.lineno, f"`{name}` is chance: derive the id from what it names")
        elif name.rpartition(".")[2] in CLOCK_METHODS and "." in name:
            yield Breach(call.lineno, f"`{name}` reads a clock: compare with the fact's `at`")
        elif name == "hash":
            yield Breach(call.lineno, "`hash` of a text differs between processes: use hashlib")


def asynchronous_core(file: SourceFile) -> Iterator[Breach]:
    """Find waiting in the core, which is a fold over facts and never awaits."""
    if not file.within("core"):
        return
    for node in file.nodes:
        if isinstance(node, ASYNCHRONOUS):
            yield Breach(node.lineno, "the core never awaits: return a command instead")


def visible_set_order(file: SourceFile) -> Iterator[Breach]:
    """Find sets that are iterated where the order can be seen; it differs between processes."""
    if not file.shipped:
        return
    blind = {
        id(call.args[0])
        for call in file.calls()
        if call.args and file.meaning(call.func) in ORDER_BLIND
    }
    for node in file.nodes:
        for iterated in _iterated(file, node):
            if id(node) not in blind and _is_set(file, iterated):
                yield Breach(iterated.lineno, "a set has no order: sort it, or use a dict")


def _iterated(file: SourceFile, node: ast.AST) -> Iterator[ast.expr]:
    """Yield what `node` goes through in an order that its result shows."""
    match node:
        case ast.For(iter=iterated):
            yield iterated
        case ast.ListComp() | ast.DictComp() | ast.GeneratorExp():
            yield from (generator.iter for generator in node.generators)
        case ast.Call(func=ast.Attribute(attr="join"), args=[argument]):
            yield argument
        case ast.Call(func=function) if file.meaning(function) in ORDER_KEEPING:
            yield from node.args
        case ast.Starred(value=value):
            yield value
        case _:
            return


def _is_set(file: SourceFile, node: ast.expr) -> bool:
    """Tell whether `node` is a set by its very form; a variable's type is not known here."""
    match node:
        case ast.Set() | ast.SetComp():
            return True
        case ast.Call(func=function):
            return file.meaning(function) in {"frozenset", "set"}
        case _:
            return False


RULES = (
    Rule("the core has no effects", impure_calls),
    Rule("the core never waits", asynchronous_core),
    Rule("no order comes from a set", visible_set_order),
)
