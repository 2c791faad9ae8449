"""A plan along time, drawn in characters."""

from orchestrator_dynamic.cli.timeline import Kind, Row, Stretch, bar, legend

WIDTH = 10


def row(*stretches: tuple[Kind, int, int]) -> Row:
    """Return a row of these stretches."""
    return Row("boil", tuple(Stretch(*one) for one in stretches), "")


def test_a_bar_shows_each_stretch_at_its_place() -> None:
    """A retry and the wait before it are seen at a glance."""
    tried = row((Kind.FAILED, 10, 30), (Kind.BACKING_OFF, 30, 60), (Kind.RAN, 60, 100))

    assert bar(tried, 0, 100, WIDTH).plain == " ▒▒┄┄┄████"


def test_what_took_no_time_to_speak_of_is_still_seen() -> None:
    """Also at the very end, where there is hardly any room."""
    assert bar(row((Kind.RAN, 50, 50)), 0, 100, WIDTH).plain == "     █    "
    assert bar(row((Kind.RAN, 100, 100)), 0, 100, WIDTH).plain == "         █"


def test_a_plan_that_took_no_time_at_all_can_be_drawn() -> None:
    """Simulated workers can be that quick."""
    assert bar(row((Kind.RAN, 7, 7)), 7, 7, WIDTH).plain.startswith("█")


def test_a_bar_is_as_wide_as_it_was_told_to_be() -> None:
    """Whatever the rounding, the columns stay below each other."""
    for end in range(1, 200):
        drawn = bar(row((Kind.QUEUED, 0, end // 3), (Kind.RAN, end // 3, end)), 0, end, WIDTH)
        assert len(drawn.plain) == WIDTH


def test_the_legend_explains_what_is_drawn_and_nothing_else() -> None:
    """A reader looks for what they see."""
    said = legend([row((Kind.RAN, 0, 1)), row((Kind.UNDONE, 1, 2))]).plain

    assert "█ runs" in said
    assert "▓ is undone" in said
    assert "waits" not in said
