"""The numbers behind metrics: quick to find, and no more of them than there may be."""

from orchestrator_dynamic.observability.cells import Cells

LABELS = {"kind": ("a", "b"), "size": ("s", "l")}


def test_what_is_known_is_found_with_one_look_up_from_then_on() -> None:
    """The engine counts for every ticket, so that the slow way is for the first time only."""
    cells = Cells(LABELS)
    one_way, other_way = (("kind", "a"), ("size", "s")), (("size", "s"), ("kind", "a"))

    cell = cells[one_way]

    assert cells[other_way] is cell
    assert set(cells) == {one_way, other_way}
    assert cells.rows == {("a", "s"): cell}


def test_what_is_not_known_is_not_remembered() -> None:
    """There is no end to what senders write, and memory has one."""
    cells = Cells(LABELS)

    for number in range(100):
        cells[("kind", f"kind {number}"), ("size", "l")][0] += 1

    assert len(cells) == 0
    assert cells.rows == {("other", "l"): [100.0]}


def test_filling_makes_every_combination_once() -> None:
    """A series that begins at zero shows its first event as a rise."""
    assert set(Cells(LABELS).fill().rows) == {("a", "s"), ("a", "l"), ("b", "s"), ("b", "l")}
