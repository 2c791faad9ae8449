"""The numbers behind metrics: a cell for each combination of labels, found with one look-up."""

from bisect import bisect_left
from collections.abc import Mapping
from itertools import product

from orchestrator_dynamic.errors import InvariantViolation
from orchestrator_dynamic.observability.metric_names import OTHER, Labels

LabelItems = tuple[tuple[str, str], ...]
Cell = list[float]


class Measure:
    """Adds measurements to one cell of a histogram."""

    __slots__ = ("_buckets", "_cell")

    def __init__(self, cell: Cell, buckets: tuple[float, ...]) -> None:
        self._cell = cell
        self._buckets = buckets

    def __call__(self, value: float) -> None:
        """Add one measurement."""
        self._cell[bisect_left(self._buckets, value)] += 1
        self._cell[-1] += value


class Cells(dict[LabelItems, Cell]):
    """The cells of one metric, by labels with their values in whatever order they are written.

    Attributes:
        rows: every cell once, by the labels' values in the order of the table.
    """

    def __init__(self, labels: Labels, size: int = 1) -> None:
        super().__init__()
        self.rows: dict[tuple[str, ...], Cell] = {}
        self._labels = labels
        self._size = size

    def fill(self) -> "Cells":
        """Make a cell at zero for every combination, so that rates are right from the start."""
        for values in product(*self._labels.values()):
            self._row(tuple(map(str, values)))
        return self

    def __missing__(self, key: LabelItems) -> Cell:
        given = dict(key)
        if given.keys() != self._labels.keys():
            names, wanted = ", ".join(given) or "none", ", ".join(self._labels) or "none"
            raise InvariantViolation(f"a metric with the labels {wanted} was given {names}")
        known = all(given[name] in values for name, values in self._labels.items())
        cell = self._row(
            tuple(
                str(given[name]) if given[name] in values else OTHER
                for name, values in self._labels.items()
            )
        )
        if known:
            # Only then is it remembered, for there is no end to what is not known.
            self[key] = cell
        return cell

    def _row(self, values: tuple[str, ...]) -> Cell:
        return self.rows.setdefault(values, [0.0] * self._size)


class Table(dict[str, Cells]):
    """The cells of all metrics of one kind, by the metric's name."""

    def __init__(self, cells: Mapping[str, Cells]) -> None:
        super().__init__(cells)

    def __missing__(self, name: str) -> Cells:
        raise InvariantViolation(f"{name} is not a metric of this kind; see metric_names")
