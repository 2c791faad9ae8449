"""The tasks of a plan: what is refused before it costs anything."""

from orchestrator_dynamic.wire.complaints import Complaints
from orchestrator_dynamic.wire.task_reader import TASKS_READ_MAX, read_tasks


def test_a_list_of_millions_of_tiny_tasks_is_refused_unread() -> None:
    """It fits into a message, and would fill the memory as models."""
    complaints = Complaints()

    tasks = read_tasks([{}] * (TASKS_READ_MAX + 1), "tasks", complaints)

    assert tasks == ()
    assert [finding.code for finding in complaints.refusal().findings] == ["too_many_tasks"]
