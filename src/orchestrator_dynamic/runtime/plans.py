"""The open plans in memory, and which of them a ticket or a workflow belongs to."""

from collections.abc import Iterator

from orchestrator_dynamic.models.ids import TicketId, WorkflowId
from orchestrator_dynamic.ports.ledger import Ledger
from orchestrator_dynamic.runtime.open_plan import OpenPlan


class OpenPlans:
    """Every plan without an outcome. What has ended is forgotten here, and found in the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._by_key: dict[int, OpenPlan] = {}
        self._by_id: dict[WorkflowId, OpenPlan] = {}
        # Only tickets that are out with a worker, so that answers find their plan at once; any
        # other answer is rare, and the ledger knows where it belongs.
        self._out: dict[str, tuple[OpenPlan, int]] = {}

    def __len__(self) -> int:
        """How many plans are open."""
        return len(self._by_key)

    def __iter__(self) -> Iterator[OpenPlan]:
        """All open plans, oldest first."""
        return iter(self._by_key.values())

    def add(self, plan: OpenPlan) -> None:
        """Take in a plan."""
        self._by_key[plan.workflow] = plan
        self._by_id[plan.state.workflow_id] = plan

    def remove(self, plan: OpenPlan) -> None:
        """Forget a plan and its tickets."""
        self._by_key.pop(plan.workflow, None)
        self._by_id.pop(plan.state.workflow_id, None)
        for ticket in plan.state.tickets:
            self._out.pop(ticket.ticket_id, None)

    def by_key(self, workflow: int) -> OpenPlan | None:
        """Return the open plan with this key."""
        return self._by_key.get(workflow)

    def by_id(self, workflow_id: WorkflowId) -> OpenPlan | None:
        """Return the open plan of this workflow."""
        return self._by_id.get(workflow_id)

    def ticket_out(self, plan: OpenPlan, number: int, ticket_id: TicketId) -> None:
        """Note that this ticket is on its way to a worker."""
        self._out[ticket_id] = (plan, number)

    def ticket_over(self, ticket_id: TicketId) -> None:
        """Note that nobody is expected to answer for this ticket any more."""
        self._out.pop(ticket_id, None)

    def find(self, ticket_id: str) -> tuple[OpenPlan | None, int | None, int | None]:
        """Return the open plan, the workflow's key and the number of a ticket.

        The plan is None where it has ended, all three are where nobody knows the ticket.
        """
        if found := self._out.get(ticket_id):
            return found[0], found[0].workflow, found[1]
        if place := self._ledger.place_of(ticket_id):
            return self._by_key.get(place.workflow), place.workflow, place.number
        return None, None, None
