"""What is told to a workflow travels as one text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_dynamic.errors import InvariantViolation
from orchestrator_dynamic.ports.plan_workflows import Told
from orchestrator_dynamic.wire import told_text
from tests.support.messages import counts, longs

THINGS = st.builds(Told, at=longs, number=st.none() | counts, version=counts)


@given(st.lists(THINGS, max_size=5))
def test_what_is_read_is_what_was_told(told: list[Told]) -> None:
    """In its order, whatever the texts in it are."""
    assert told_text.decode(told_text.encode(told)) == tuple(told)


@pytest.mark.parametrize("text", ["", "{}", "[[1]]", '[["a"]]', "no json", "[null]"])
def test_what_we_have_not_written_is_our_mistake(text: str) -> None:
    """A workflow with a text that nobody can read must stop, and say so."""
    with pytest.raises(InvariantViolation, match="cannot be read"):
        told_text.decode(text)
