"""What a benchmark tells: numbers of our engine and of its floor, taken in turns in one run."""

import os
import resource
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.table import Table

from orchestrator_dynamic.simulation.bench_plans import Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What was measured for one shape; times are medians over the runs, per task.

    Attributes:
        beside: what the floor is.
        cpu_ms_per_task: of this process, in which the engine is; workers elsewhere have their own.
        ratio: the median of the runs' own ratios.
        load_average: of the machine over the last minute, when it was done.
    """

    shape: str
    tasks: int
    ms_per_task: float
    cpu_ms_per_task: float
    floor_ms_per_task: float
    ratio: float
    rss_mb: int
    commits: int | None
    beside: str
    runs: int
    load_average: float


@dataclass(slots=True)
class Comparison:
    """Seconds for each run, of ours and of the floor that was run right after it."""

    shape: Shape
    tasks: int
    beside: str
    walls: list[float] = field(default_factory=list)
    cpus: list[float] = field(default_factory=list)
    floors: list[float] = field(default_factory=list)
    commits: int | None = None

    def note(self, wall: float, cpu: float, floor: float) -> None:
        """Take down one run of each."""
        self.walls.append(wall)
        self.cpus.append(cpu)
        self.floors.append(floor)

    def told(self) -> Measurement:
        """Return what all runs came to."""
        pairs = zip(self.walls, self.floors, strict=True)
        return Measurement(
            shape=self.shape.value,
            tasks=self.tasks,
            ms_per_task=self._ms(self.walls),
            cpu_ms_per_task=self._ms(self.cpus),
            floor_ms_per_task=self._ms(self.floors),
            ratio=round(statistics.median(wall / floor for wall, floor in pairs), 2),
            rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            commits=self.commits,
            beside=self.beside,
            runs=len(self.walls),
            load_average=round(os.getloadavg()[0], 2),
        )

    def _ms(self, seconds: Sequence[float]) -> float:
        return round(statistics.median(seconds) / self.tasks * 1000, 4)


def table_of(measured: Sequence[Measurement]) -> Table:
    """Return all of it for people."""
    table = Table(title="What a task costs (medians; ms of wall time and CPU for each task)")
    for name in ("shape", "tasks", "wall", "CPU", "floor", "ratio", "peak MB", "commits"):
        table.add_column(name, justify="left" if name == "shape" else "right")
    for one in measured:
        table.add_row(*_cells(one))
    if measured:
        last = measured[-1]
        table.caption = f"Floor: {last.beside}. Load average: {last.load_average}."
    return table


def _cells(one: Measurement) -> tuple[str, ...]:
    return (
        one.shape,
        f"{one.tasks:,}",
        f"{one.ms_per_task:.3f}",
        f"{one.cpu_ms_per_task:.3f}",
        f"{one.floor_ms_per_task:.3f}",
        f"{one.ratio:.2f} ×" if one.ratio < 10 else f"{one.ratio:.1f} ×",
        str(one.rss_mb),
        "" if one.commits is None else f"{one.commits:,}",
    )
