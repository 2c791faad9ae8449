"""`python -m benchmarks`: the whole table, one line of JSON a measurement.

python -m benchmarks              everything that needs no server, some minutes
python -m benchmarks list         what there is
python -m benchmarks restart      only what is named; several may be
python -m benchmarks throughput --engine temporal
                                  one that needs servers, with its options; --help tells them
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path

from benchmarks import idle, restart, validation

SHAPES = (
    ("chain", 100, 9),
    ("chain", 1_000, 3),
    ("fan", 1_000, 9),
    ("layered", 1_000, 9),
    ("many", 1_000, 9),
    ("fan", 10_000, 3),
    ("layered", 10_000, 3),
)
LARGE = (("fan", 100_000, 1), ("layered", 100_000, 1))

Part = Callable[[Path], Iterator[str]]

PARTS: Mapping[str, tuple[str, Part]] = {
    "shapes": ("what a task costs, by the shape of its plan", lambda _: map(_shape, SHAPES)),
    "large": ("the same in plans of 100,000 tasks", lambda _: map(_shape, LARGE)),
    "validation": (
        "reading and examining a plan of 100,000 tasks",
        lambda _: iter([json.dumps(validation.measure(100_000))]),
    ),
    "restart": (
        "from the start of the process to the first ticket, 1,000 plans open",
        lambda folder: iter([json.dumps(restart.measure(folder / "restart"))]),
    ),
    "idle": (
        "what waiting costs, 1,000 plans open",
        lambda folder: iter([json.dumps(idle.measure(folder / "idle"))]),
    ),
}

# Each is a module here, and takes options of its own.
ON_SERVERS: Mapping[str, str] = {
    "throughput": "tickets a second over Kafka that one service sustains; needs Kafka",
    "history": "events and payloads that a plan of 10,000 tickets leaves; needs Temporal",
    "http_load": "latencies, a burst of plans and event streams over HTTP; starts its own",
    "http_worker": "tickets a second of one worker process over HTTP; starts its own",
    "restart_all": "from servers that serve again to the first ticket; starts its own",
}


def main(arguments: list[str]) -> None:
    """Measure what the arguments name; all that needs no server, if they name nothing."""
    if arguments in (["list"], ["--help"], ["-h"]):
        print(listed())
        return
    with tempfile.TemporaryDirectory(prefix=".orq-bench-", dir=Path.cwd()) as folder:
        for line in _measured(arguments, Path(folder)):
            print(line, flush=True)


def listed() -> str:
    """Return what there is, for people."""
    lines = [f"{name:<12} {what}" for name, (what, _) in PARTS.items()]
    lines += ["", "on servers, which `make services` starts, one at a time and with options:"]
    lines += [f"{name:<12} {what}" for name, what in ON_SERVERS.items()]
    lines += ["", "`orq bench --bus kafka` and `orq bench --engine temporal` compare with floors"]
    return "\n".join(lines)


def _measured(arguments: list[str], folder: Path) -> Iterator[str]:
    if arguments and arguments[0] in ON_SERVERS:
        # Their clients are imported only where they are used.
        module = import_module(f"benchmarks.{arguments[0]}")
        yield json.dumps(module.measure(folder / arguments[0], arguments[1:]))
        return
    wanted = arguments or [*PARTS]
    if unknown := [name for name in wanted if name not in PARTS]:
        sys.exit(f"unknown: {', '.join(unknown)}\n\n{listed()}")
    for name in wanted:
        yield from PARTS[name][1](folder)


def _shape(wanted: tuple[str, int, int]) -> str:
    """Measure in a process of its own, so that peak memory is that of this shape."""
    shape, tasks, runs = wanted
    options = ["--shape", shape, "--tasks", str(tasks), "--runs", str(runs), "--json"]
    command = [sys.executable, "-m", "orchestrator_dynamic.cli", "bench", *options]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main(sys.argv[1:])
