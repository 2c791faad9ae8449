"""What the arguments of a command name, looked at before anything begins."""

from pathlib import Path

from orchestrator_dynamic.cli.inputs import BYTES_MAX, inputs_named


def test_a_directory_means_its_decisions_sorted_by_name(tmp_path: Path) -> None:
    """The same directory is the same command on every machine."""
    for name in ("b.json", "a.avro", "c.BIN", "d.txt", "e.json.bak"):
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "folder.json").mkdir()
    complaints: list[str] = []

    found = inputs_named([str(tmp_path)], complaints)

    assert [Path(one.source).name for one in found] == ["a.avro", "b.json", "c.BIN"]
    assert [one.read() for one in found] == [b"a.avro", b"b.json", b"c.BIN"]
    assert complaints == []


def test_files_keep_the_order_in_which_they_are_named_and_count_once(tmp_path: Path) -> None:
    """People put first what matters first; a slip of the hand does not run anything twice."""
    names = [str(tmp_path / name) for name in ("z.json", "a.json")]
    for name in names:
        Path(name).touch()

    found = inputs_named([*names, names[0]], [])

    assert [one.source for one in found] == names


def test_every_argument_that_names_nothing_usable_is_complained_about(tmp_path: Path) -> None:
    """All at once, each with its reason, whatever else is fine."""
    fine, huge, empty = tmp_path / "fine.json", tmp_path / "huge.json", tmp_path / "empty"
    fine.touch()
    empty.mkdir()
    with huge.open("wb") as file:
        file.truncate(BYTES_MAX + 1)  # As long as said, and hardly any of it on the disk.
    complaints: list[str] = []

    found = inputs_named([str(tmp_path / "absent"), str(fine), str(huge), str(empty)], complaints)

    assert [one.source for one in found] == [str(fine)]
    absent, large, bare = complaints
    assert "absent cannot be read: No such file" in absent
    assert "huge.json has 1,073,741,825 bytes" in large
    assert "empty holds no decision" in bare


def test_a_file_is_read_when_its_turn_comes(tmp_path: Path) -> None:
    """A directory of large plans must not be in memory as a whole."""
    path = tmp_path / "plan.json"
    path.write_text("early")
    (found,) = inputs_named([str(path)], [])

    path.write_text("late")

    assert found.at_hand().read() == b"late"
