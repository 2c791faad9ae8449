"""What the HTTP service stands on; whoever builds it opens and closes all of it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Protocol

from fastapi import Depends, Request

from orchestrator_dynamic.api.idempotency import IdempotencyKeys
from orchestrator_dynamic.core.execution_state import ExecutionState
from orchestrator_dynamic.errors import InvariantViolation
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.clock import Clock
from orchestrator_dynamic.ports.identity import Gatekeeper
from orchestrator_dynamic.ports.orchestrator import Orchestrator, Receipt
from orchestrator_dynamic.ports.probing import Check
from orchestrator_dynamic.ports.store import Store
from orchestrator_dynamic.runtime.feed import Feed
from orchestrator_dynamic.runtime.leases import LeaseDesk


class PlanStates(Protocol):
    """Looks up how an open plan is now."""

    async def state_of(self, workflow_id: WorkflowId) -> ExecutionState | None:
        """Return the state of an open plan, to be read at once and only read.

        None where it has ended, was halted, or never was.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiLimits:
    """How much is taken from outside.

    Attributes:
        local_names_only: whether requests must ask for this machine's own address: where identity
            is off, so that no other site's page can reach us by a name of its own.
        submitter_may_approve: whether somebody may approve what they have submitted.
    """

    body_bytes_max: int
    body_timeout_s: float
    streams_max: int
    local_names_only: bool
    submitter_may_approve: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What this process is."""

    version: str
    engine: str
    environment: str


@dataclass(slots=True)
class StreamPlaces:
    """How many event streams are open, those counted that have not said anything yet."""

    taken: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiParts:
    """Everything that routes may ask.

    Attributes:
        checks: looks whether each part can be used now; every call looks anew.
        rehearse: says what would become of a message with these headers (see `rehearsal_report`);
            costs the size of the plan, and touches nothing but that.
        requeue: hands in a dead letter again, for somebody, and says what became of it.
        desk: lends tickets to workers; None where they go over the broker.
    """

    orchestrator: Orchestrator
    store: Store
    states: PlanStates
    feed: Feed
    metrics: Metrics
    gatekeeper: Gatekeeper
    clock: Clock
    limits: ApiLimits
    about: About
    checks: Callable[[], Awaitable[Sequence[Check]]]
    rehearse: Callable[[bytes, Mapping[str, bytes]], dict[str, object]]
    requeue: Callable[[int, str], Awaitable[Receipt]]
    desk: LeaseDesk | None = None
    keys: IdempotencyKeys = field(default_factory=IdempotencyKeys)
    streams: StreamPlaces = field(default_factory=StreamPlaces)


def parts_of(request: Request) -> ApiParts:
    """Return what the service of this request stands on."""
    found = request.app.state.parts
    if not isinstance(found, ApiParts):
        raise InvariantViolation("the application was made without its parts")
    return found


async def _parts(request: Request) -> ApiParts:
    return parts_of(request)


Parts = Annotated[ApiParts, Depends(_parts)]
