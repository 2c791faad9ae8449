"""What a process of the scale-out engine is made of, whichever roles it has."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing

from orchestrator_dynamic.activities.plan_turn import PlanTurns
from orchestrator_dynamic.adapters.memory.cache import MemoryCache
from orchestrator_dynamic.adapters.memory.system_clock import SystemClock
from orchestrator_dynamic.adapters.memory.ticket_queue import TicketQueue
from orchestrator_dynamic.adapters.mongodb.ledger import MongoLedger
from orchestrator_dynamic.adapters.redis.cache import DEFAULT_PREFIX, RedisClusterCache
from orchestrator_dynamic.adapters.sqlite import database
from orchestrator_dynamic.adapters.sqlite.ledger import SqliteLedger
from orchestrator_dynamic.adapters.sqlite.shared_ledger import SqliteSharedLedger
from orchestrator_dynamic.adapters.temporal.plan_workflows import TemporalPlanWorkflows
from orchestrator_dynamic.bootstrap import driver_mark
from orchestrator_dynamic.bootstrap.breakers import Breakers
from orchestrator_dynamic.bootstrap.broker import Broker
from orchestrator_dynamic.bootstrap.embedded import read_limits_of
from orchestrator_dynamic.bootstrap.record_store import made_ready, opened_mongo_ledger
from orchestrator_dynamic.bootstrap.shared_addresses import redis_access
from orchestrator_dynamic.bootstrap.topics import topics_of
from orchestrator_dynamic.bootstrap.workers import opened_transport
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.cache import Cache
from orchestrator_dynamic.runtime.engine import skills_of
from orchestrator_dynamic.runtime.in_process import SharedTransport
from orchestrator_dynamic.runtime.intake import Intake, NewPlan
from orchestrator_dynamic.runtime.lease_keeping import SharedLeases
from orchestrator_dynamic.runtime.plan_replicas import PlanReplicas
from orchestrator_dynamic.runtime.queue_publishing import QueuedTickets
from orchestrator_dynamic.runtime.shared_orchestrator import SharedOrchestrator
from orchestrator_dynamic.runtime.shared_results import SharedResults
from orchestrator_dynamic.runtime.step import Onlooker
from orchestrator_dynamic.runtime.tally import Tally
from orchestrator_dynamic.runtime.telling import Telling
from orchestrator_dynamic.runtime.ticket_places import TicketPlaces
from orchestrator_dynamic.sdk.transport import TicketTransport
from orchestrator_dynamic.sdk.worker import Worker

# Some 200 bytes each: as many tickets as are out at a time, many times over.
_PLACES_MAX = 200_000
_CACHED_MAX = 100_000

SharedRecords = SqliteSharedLedger | MongoLedger


class TemporalParts:
    """Builds the parts of one process on what they have in common, which others open and close."""

    def __init__(
        self,
        settings: Settings,
        ledger: SharedRecords,
        workflows: TemporalPlanWorkflows,
        broker: Broker | None,
        cache: Cache,
        metrics: Metrics,
        onlookers: Sequence[Onlooker] = (),
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._workflows = workflows
        self._broker = broker
        self._metrics = metrics
        self._onlookers = onlookers
        self._clock = SystemClock()
        self.queue = TicketQueue(self._clock)
        self.queue.on_handover = lambda handover: None  # What is queued counts as handed over.
        self._tally = Tally(metrics)
        self._places = TicketPlaces(ledger, cache, _PLACES_MAX)
        self._replicas = PlanReplicas(ledger)
        telling = Telling(workflows)
        self._results = SharedResults(ledger, self._places, telling, self._clock, self._tally)
        self.relay = None if broker is None else broker.relay(ledger, self._clock, metrics)

    def orchestrator(
        self, workers: Sequence[Worker], *, takes_turns: bool, lends: bool = False
    ) -> SharedOrchestrator:
        """Return what takes decisions, answers and requests in.

        Args:
            lends: whether workers elsewhere may take tickets, so that nobody knows who there is.
        """
        settings, policy = self._settings, self._settings.policy()
        unknown = lends or self._broker is not None
        profiles = None if unknown else [worker.profile() for worker in workers]
        return SharedOrchestrator(
            ledger=self._ledger,
            workflows=self._workflows,
            results=self._results,
            intake=Intake(self._clock, read_limits_of(settings), settings.plan_limits(), policy),
            clock=self._clock,
            policy=policy,
            tally=self._tally,
            workers=skills_of(profiles),
            on_dead_letter=self._ring,
            offer=self._offer if takes_turns else _keep_nothing,
        )

    def turns(self) -> PlanTurns:
        """Return what takes plans' turns."""
        queued = QueuedTickets(self.queue)
        return PlanTurns(
            ledger=self._ledger,
            publisher=queued if self._broker is None else self._broker.tickets(self._metrics),
            places=self._places,
            replicas=self._replicas,
            clock=self._clock,
            topics=topics_of(self._settings, relayed=self._broker is not None),
            tally=self._tally,
            on_messages=self._ring,
            bring_home=self._results.take_anew,
            onlookers=self._onlookers,
        )

    def leases(self, orchestrator: SharedOrchestrator) -> SharedLeases | None:
        """Return what keeps leases of what is queued here; None where a broker has tickets."""
        if self._broker is not None:
            return None
        return SharedLeases(orchestrator, self.queue, self._places, self._clock)

    async def transport(
        self, worker: Worker, orchestrator: SharedOrchestrator, opened: AsyncExitStack
    ) -> TicketTransport:
        """Return the way of a worker of this process to its tickets and back."""
        if self._broker is None:
            return SharedTransport(orchestrator, self.queue)
        profile = worker.profile()
        way = opened_transport(self._settings, profile, f"worker-{profile.worker_id}")
        return await opened.enter_async_context(way)

    def _ring(self) -> None:
        if self.relay is not None:
            self.relay.ring()

    def _offer(self, workflow: int, new: NewPlan) -> None:
        self._replicas.offer(workflow, new.execution)


def _keep_nothing(workflow: int, new: NewPlan) -> None:
    """Another process takes the plan's turns."""


@asynccontextmanager
async def opened_ledger(settings: Settings, breakers: Breakers) -> AsyncIterator[SharedRecords]:
    """Open the shared ledger: in MongoDB where it is set, else in the data directory's file."""
    if settings.mongodb.uri:
        async with opened_mongo_ledger(settings, breakers=breakers) as mongo:
            await made_ready(mongo)
            yield mongo
        return
    with closing(database.open_for_writing(settings.data_dir)) as connection:
        driver_mark.claim(SqliteLedger(connection), driver_mark.TEMPORAL)
        yield SqliteSharedLedger(connection)


@asynccontextmanager
async def opened_cache(settings: Settings, metrics: Metrics) -> AsyncIterator[Cache]:
    """Open the cache: the Redis cluster where it is set, else this process's memory."""
    access = redis_access(settings)
    if access is None:
        yield MemoryCache(_CACHED_MAX, time.monotonic)
        return
    # Another store knows the same tickets under other keys.
    prefix = f"{DEFAULT_PREFIX}{settings.mongodb.database}:"
    async with RedisClusterCache(access, prefix=prefix) as cache:
        metrics.before_fetch(
            lambda: metrics.set(
                "orchestration_breaker_state", float(cache.breaker_state), service="redis"
            )
        )
        yield cache
