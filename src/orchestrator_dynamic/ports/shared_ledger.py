"""The durable memory of plans that any of several processes may drive, one turn at a time.

A turn appends facts to a plan's journal and keeps the records that follow from them. Whoever has
appended is the one whose turn counts: an append names the fact that it follows, so that a process
which was thought dead and wakes up again finds itself overtaken instead of writing a second story.
Records only ever repeat what the journal says, so that keeping them twice does no harm.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from orchestrator_dynamic.errors import Unavailable
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.records import (
    DecisionRecord,
    FactRecord,
    StoredPlan,
    TicketPlace,
    WorkflowRecord,
)


class Overtaken(Unavailable):
    """Another process has appended other facts meanwhile: read them, and take the turn again."""


class Known(NamedTuple):
    """A decision as it is kept: `new` where this very call has kept it."""

    workflow: int
    workflow_id: str
    content_hash: str
    outcome: str | None
    new: bool


class SharedLedger(Protocol):
    """Journals and records. Every call may be repeated; each returns once its effect is durable.

    Durable means that no single failure takes it back: a majority of a replica set where there is
    one. Each call has a deadline of its own.

    Raises:
        Unavailable: it cannot be reached now; the effect may have happened.
        Misconfigured: it refuses us (login, permissions, a schema that is not ours).
    """

    async def take_in(self, decision: DecisionRecord, workflow: WorkflowRecord) -> Known:
        """Keep a decision and its workflow, unless one with this decision id is kept already.

        The two records' own `workflow` is not looked at: the ledger gives the key, from 1.
        Of two that arrive at the same moment one is kept, and both callers hear which.
        """
        ...

    async def commit(self, batch: Batch) -> None:
        """Keep all of `batch`, facts before everything else.

        The facts of one plan are appended together or not at all. Where they are there already,
        word for word, that is fine; records are kept all the same. What is recorded of a ticket
        replaces what an earlier turn recorded, never what a later one did: a batch is as late as
        the last of its facts about that plan, and later than all others where it has none.

        Raises:
            Overtaken: the journal of a plan goes on otherwise than `batch` says. Nothing of the
                batch that concerns this plan was kept.
        """
        ...

    async def plan(self, workflow_id: str) -> StoredPlan | None:
        """Return a plan, its decision and its whole journal; None where there never was one."""
        ...

    async def facts_after(self, workflow: int, seq: int) -> Sequence[FactRecord]:
        """Return the facts of a plan's journal above `seq`, in order."""
        ...

    async def open_plans(self) -> Sequence[tuple[int, str]]:
        """Return key and workflow id of every plan without an outcome, oldest first.

        Those that were halted are left out.
        """
        ...

    async def places_of(self, ticket_ids: Sequence[str]) -> Mapping[str, TicketPlace]:
        """Return where tickets belong; those that nobody knows are left out."""
        ...

    async def parked(self, plan_id: str) -> Sequence[str]:
        """Return the ids of the open workflows of a plan, oldest first; an approval names a plan.

        The name of a plan may be that of several workflows, where it was decided on again.
        """
        ...
