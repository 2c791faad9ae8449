"""What can be said about a data directory, whatever its state."""

from pathlib import Path

from orchestrator_dynamic.adapters.sqlite.database import FILE_NAME
from orchestrator_dynamic.adapters.sqlite.inspection import inspect
from orchestrator_dynamic.ports.inspection import Records
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.records import DeadLetterRecord, MessageRecord
from tests.support.ledgers import NOON, a_plan_on_record, a_workflow, committed, ended


def test_what_is_recorded_is_counted(tmp_path: Path) -> None:
    """The numbers that an operator asks for first."""
    letter = DeadLetterRecord(NOON, "not_json", "test", "[]", "{}", 1, "hash", b"x")
    committed(
        tmp_path,
        a_plan_on_record(a_workflow(1)),
        a_plan_on_record(a_workflow(2, phase="AWAITING_APPROVAL")),
        a_plan_on_record(a_workflow(3, phase="HALTED")),
        a_plan_on_record(ended(4), facts=7),
        Batch(
            dead_letters=[letter],
            messages=[MessageRecord("frames", "f", "{}", NOON, None)],
        ),
    )

    inspection = inspect(tmp_path)

    assert inspection.faults == ()
    assert inspection.schema_version == inspection.schema_known
    assert inspection.records == Records(
        last_fact_at=NOON + 7,
        open_plans=3,
        parked_plans=1,
        halted_plans=1,
        dead_letters=1,
        buffered_messages=1,
        unanswered_requests=0,
    )


def test_where_there_is_no_file_there_is_nothing_to_say(tmp_path: Path) -> None:
    """And none is made."""
    inspection = inspect(tmp_path)

    assert (inspection.size, inspection.records) == (None, None)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_found_out(tmp_path: Path) -> None:
    """A page of noise in the middle, as a failing disk leaves it."""
    committed(tmp_path, a_plan_on_record(a_workflow(), facts=5_000, tickets=5_000))
    path = tmp_path / FILE_NAME
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 4096] = bytes([0xA5]) * 4096
    path.write_bytes(data)

    assert inspect(tmp_path).faults != ()


def test_a_file_of_something_else_is_found_out(tmp_path: Path) -> None:
    """With words, whatever it is."""
    (tmp_path / FILE_NAME).write_text("Dear orchestrator, this is a letter. " * 200)

    inspection = inspect(tmp_path)

    assert inspection.faults == ("file is not a database",)
    assert (inspection.schema_version, inspection.records) == (None, None)
