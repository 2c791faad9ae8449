"""For each rule, a text that breaks it beside the nearest text that does not."""

from dataclasses import dataclass

CORE = "src/orchestrator_dynamic/core/gate.py"
CONFIG = "src/orchestrator_dynamic/config/settings.py"
RUNNER = "src/orchestrator_dynamic/sdk/runner.py"
RUNTIME = "src/orchestrator_dynamic/runtime/mailbox.py"
MODELS = "src/orchestrator_dynamic/models/worker.py"
TEST = "tests/unit/test_gate.py"


@dataclass(frozen=True, slots=True)
class Example:
    """One pair of texts about one rule.

    Attributes:
        line: where the guilty text breaks the rule.
    """

    rule: str
    path: str
    guilty: str
    innocent: str
    line: int = 1

    def __str__(self) -> str:
        return f"{self.rule}: {self.guilty.strip().splitlines()[0][:40]}"


def _body(lines: int) -> str:
    """Return a function of that many lines."""
    return "def f():\n" + "    x = 1\n" * (lines - 1)


SIZE = (
    Example("files are short", RUNTIME, "x = 1\n" * 401, "x = 1\n" * 400, line=401),
    Example("files are short", CORE, "x = 1\n" * 251, "x = 1\n" * 250, line=251),
    Example("files are short", TEST, "x = 1\n" * 401, "x = 1\n" * 400, line=401),
    Example("functions fit on a screen", RUNTIME, _body(61), _body(60)),
    Example("functions fit on a screen", TEST, "async " + _body(61), "async " + _body(60)),
    Example(
        "packages hold a docstring only",
        "src/orchestrator_dynamic/core/__init__.py",
        '"""The core."""\nimport json\n',
        '"""The core."""\n',
        line=2,
    ),
    Example(
        "packages hold a docstring only",
        "src/orchestrator_dynamic/sdk/__init__.py",
        "from orchestrator_dynamic.sdk.kit import run\n",
        '"""The kit."""\nfrom orchestrator_dynamic.sdk.kit import run\n',
    ),
)

IMPORTS = (
    Example(
        "nothing comes from the future",
        RUNTIME,
        "from __future__ import annotations\n",
        "import __main__\n",
    ),
    Example("imports are absolute", RUNTIME, "from . import timers\n", "import json\n"),
    Example("imports are absolute", TEST, "from ..a import b\n", "from tests.a import b\n"),
    Example(
        "the core imports models and arithmetic only",
        CORE,
        "import heapq\nfrom time import monotonic\n",
        "import heapq\nfrom orchestrator_dynamic.models.ids import PlanId\n",
        line=2,
    ),
    Example(
        "the core imports models and arithmetic only",
        CORE,
        "import pydantic\n",
        "from collections.abc import Iterable\n",
    ),
)

PURITY = (
    Example("the core has no effects", CORE, "print(1)\n", "state.print(1)\n"),
    Example(
        "the core has no effects",
        CORE,
        "from uuid import uuid4 as fresh\nfresh()\n",
        "from uuid import uuid5\nuuid5(space, name)\n",
        line=2,
    ),
    Example("the core has no effects", CORE, "datetime.now(UTC)\n", "now(fact)\n"),
    Example("the core has no effects", CORE, "hash(task)\n", "hashlib.sha256(task)\n"),
    Example("the core never waits", CORE, "async def f(): ...\n", "def f(): ...\n"),
    Example("no order comes from a set", CORE, "for x in {1, 2}: ...\n", "for x in (1, 2): ...\n"),
    Example(
        "no order comes from a set",
        RUNTIME,
        "[x for x in set(tasks)]\n",
        "{x for x in set(tasks)}\n",
    ),
    Example("no order comes from a set", CORE, "tuple(set(tasks))\n", "sorted(set(tasks))\n"),
    Example(
        "no order comes from a set",
        CORE,
        '",".join(x for x in {1, 2})\n',
        "any(x for x in {1, 2})\n",
    ),
    Example("no order comes from a set", CORE, '",".join({a, b})\n', "len({a, b})\n"),
    Example("no order comes from a set", CORE, "f(*{a, b})\n", "f(*sorted({a, b}))\n"),
)

ERRORS = (
    Example(
        "errors are of the five kinds",
        CORE,
        'raise RuntimeError("lost")\n',
        'raise InvariantViolation("lost")\n',
    ),
    Example("errors are of the five kinds", CORE, "raise KeyError\n", "raise\n"),
    Example(
        "errors are of the five kinds",
        RUNTIME,
        "def find(x):\n    raise KeyError(x)\n",
        "def __getitem__(x):\n    raise KeyError(x)\n",
        line=2,
    ),
    Example(
        "errors are of the five kinds",
        MODELS,
        'raise TypeError("odd")\n',
        'raise ValueError("odd")\n',
    ),
    Example(
        "only three places catch everything",
        RUNTIME,
        "try: f()\nexcept Exception: g()\n",
        "try: f()\nexcept Unavailable: g()\n",
        line=2,
    ),
    Example(
        "only three places catch everything",
        RUNTIME,
        "try: f()\nexcept: g()\n",
        "try: f()\nexcept (OSError, Refused): g()\n",
        line=2,
    ),
    Example(
        "only three places catch everything",
        RUNTIME,
        "try: f()\nexcept (OSError, BaseException): g()\n",
        "try: f()\nfinally: g()\n",
        line=2,
    ),
    Example(
        "only three places catch everything",
        RUNTIME,
        "for x in y:\n  try: f()\n  except BaseException:\n    if x: continue\n    raise\n",
        "for x in y:\n  try: f()\n  except BaseException:\n    if x: undo()\n    raise\n",
        line=3,
    ),
    Example(
        "only three places catch everything",
        RUNTIME,
        "from contextlib import suppress\nwith suppress(Exception): f()\n",
        "from contextlib import suppress\nwith suppress(OSError): f()\n",
        line=2,
    ),
)

CONDUCT = (
    Example(
        "every task has an owner",
        RUNTIME,
        "import asyncio\nasyncio.create_task(f())\n",
        "import asyncio\ntasks: asyncio.TaskGroup = f()\ntasks.create_task(g())\n",
        line=2,
    ),
    Example("every task has an owner", RUNTIME, "self._loop.create_task(f())\n", "loop.time()\n"),
    Example(
        "every task has an owner",
        RUNTIME,
        "from asyncio import get_running_loop\nget_running_loop().create_task(f())\n",
        "from asyncio import get_running_loop\nget_running_loop().time()\n",
        line=2,
    ),
    Example(
        "settings have one reader",
        RUNTIME,
        'import os\nos.environ["X"]\n',
        "import os\nos.fsync(f)\n",
        line=2,
    ),
    Example(
        "settings have one reader",
        RUNTIME,
        'from os import getenv\ngetenv("X")\n',
        'getenv("X")\n',
        line=2,
    ),
    Example("promises have a number", TEST, "# TODO: later\n", "# TODO(#12): later\n"),
    Example("promises have a number", RUNTIME, "x = 1  # FIXME\n", 'x = "FIXME"\n'),
)

HONESTY = (
    Example(
        "tests use the real thing",
        TEST,
        "from unittest import mock\n",
        "from unittest import TestCase\n",
    ),
    Example("tests use the real thing", TEST, "def f(monkeypatch): ...\n", "def f(tmp): ...\n"),
    Example(
        "tests use the real thing",
        TEST,
        "import pytest\npytest.MonkeyPatch()\n",
        "import pytest\npytest.raises(OSError)\n",
        line=2,
    ),
    Example(
        "tests do not sleep",
        TEST,
        "from time import sleep as nap\nnap(1)\n",
        "from kit import sleep as nap\nnap(1)\n",
        line=2,
    ),
    Example(
        "tests do not sleep",
        TEST,
        "import asyncio\nasyncio.sleep(0.1)\n",
        "import asyncio\nasyncio.sleep(0)\n",
        line=2,
    ),
    Example("tests can fail", TEST, "assert True\n", "assert outcome\n"),
)

EXAMPLES = (*SIZE, *IMPORTS, *PURITY, *ERRORS, *CONDUCT, *HONESTY)

# The few places that a rule names as its exceptions.
EXEMPT = (
    ("only three places catch everything", RUNNER, "try: f()\nexcept Exception: g()\n"),
    ("settings have one reader", CONFIG, 'import os\nos.environ["X"]\n'),
    ("the core has no effects", RUNTIME, "print(1)\n"),
    ("the core never waits", RUNTIME, "async def f(): ...\n"),
    ("errors are of the five kinds", TEST, "raise RuntimeError\n"),
    ("tests do not sleep", "tests/support/processes.py", "import asyncio\nasyncio.sleep(1)\n"),
)
