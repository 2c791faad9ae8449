"""Messages made without checking are like those that were checked."""

import pytest
from pydantic import ValidationError

from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from tests.support.messages import a_ticket


def unchecked(ticket: ExecutionTicket) -> ExecutionTicket:
    """Return the same ticket, made of its own values."""
    return ExecutionTicket.of_valid(**dict(ticket))


def test_it_equals_one_that_was_checked() -> None:
    """Whoever gets it must not be able to tell."""
    checked = a_ticket()

    made = unchecked(checked)

    assert made == checked
    assert made.model_dump(mode="json") == checked.model_dump(mode="json")
    assert made.model_dump(exclude_unset=True) == checked.model_dump()
    assert ExecutionTicket.model_validate(made.model_dump()) == checked


def test_it_never_changes_either() -> None:
    """Frozen is frozen, however it was made."""
    made = unchecked(a_ticket())

    with pytest.raises(ValidationError):
        made.task_id = "other"  # type: ignore[misc, assignment]
    assert made.model_copy(update={"task_id": "other"}).task_id == "other"
    assert made.task_id == "a"
