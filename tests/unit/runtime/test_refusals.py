"""A refused ticket is told to its plan as a worker's failure is."""

from orchestrator_dynamic.core.answers import answer_of
from orchestrator_dynamic.core.execution_state import ORCHESTRATOR
from orchestrator_dynamic.core.facts import TicketFailed
from orchestrator_dynamic.models.ids import TicketId
from orchestrator_dynamic.ports.ticket_publisher import Refusal
from orchestrator_dynamic.runtime.refusals import result_of_refusal


def test_a_refusal_is_a_failure_that_no_retry_mends() -> None:
    """Offered again, it would be refused again."""
    result = result_of_refusal(Refusal(TicketId("ticket-1"), 3, "it is too large"), 7)

    fact = answer_of(result, 0, 7, 0.5)

    assert isinstance(fact, TicketFailed)
    assert (fact.attempt, fact.retryable, fact.agent) == (3, False, ORCHESTRATOR)
    assert fact.error == "the bus does not take it: it is too large"
    assert result.timestamp == 7
