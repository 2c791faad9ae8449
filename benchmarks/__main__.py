"""`python -m benchmarks`: the whole table, one line of JSON a measurement.

python -m benchmarks              everything, some minutes
python -m benchmarks restart      only what is named: shapes, large, validation, restart, idle
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
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
PARTS = ("shapes", "large", "validation", "restart", "idle")


def main() -> None:
    """Measure what the arguments name; everything, if they name nothing."""
    wanted = sys.argv[1:] or PARTS
    if unknown := [name for name in wanted if name not in PARTS]:
        sys.exit(f"unknown: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    with tempfile.TemporaryDirectory(prefix=".orq-bench-", dir=Path.cwd()) as folder:
        for part in wanted:
            for measured in _measured(part, Path(folder)):
                print(measured, flush=True)


def _measured(part: str, folder: Path) -> Iterator[str]:
    match part:
        case "shapes":
            yield from map(_shape, SHAPES)
        case "large":
            yield from map(_shape, LARGE)
        case "validation":
            yield json.dumps(validation.measure(100_000))
        case "restart":
            yield json.dumps(restart.measure(folder / "restart"))
        case "idle":
            yield json.dumps(idle.measure(folder / "idle"))


def _shape(wanted: tuple[str, int, int]) -> str:
    """Measure in a process of its own, so that peak memory is that of this shape."""
    shape, tasks, runs = wanted
    options = ["--shape", shape, "--tasks", str(tasks), "--runs", str(runs), "--json"]
    command = [sys.executable, "-m", "orchestrator_dynamic.cli", "bench", *options]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()
