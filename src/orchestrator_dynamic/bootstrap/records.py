"""What is recorded: reading it, and what little is done to it beside an engine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from functools import partial

from orchestrator_dynamic.adapters.memory.system_clock import SystemClock
from orchestrator_dynamic.adapters.sqlite import database, lease
from orchestrator_dynamic.adapters.sqlite.beside import opened_beside_engine
from orchestrator_dynamic.adapters.sqlite.inspection import inspect
from orchestrator_dynamic.adapters.sqlite.ledger import SqliteLedger
from orchestrator_dynamic.adapters.sqlite.requests import OperatorDesk
from orchestrator_dynamic.adapters.sqlite.retention import SqliteRetention
from orchestrator_dynamic.adapters.sqlite.store import SqliteStore
from orchestrator_dynamic.bootstrap import driver_mark
from orchestrator_dynamic.bootstrap.breakers import Breakers
from orchestrator_dynamic.bootstrap.embedded import application, now_text
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.ports.inspection import Inspection
from orchestrator_dynamic.ports.orchestrator import Incoming, Receipt, Reply, Request
from orchestrator_dynamic.ports.outbox import Outgoing
from orchestrator_dynamic.ports.retention import Pruned
from orchestrator_dynamic.ports.store import Store
from orchestrator_dynamic.runtime.requeuing import SendBack, requeued
from orchestrator_dynamic.runtime.retrying import retry_message


@asynccontextmanager
async def opened_store(
    settings: Settings, breakers: Breakers | None = None
) -> AsyncIterator[Store]:
    """Read what has been recorded, as long as the context is open; an engine may run meanwhile.

    Raises:
        Misconfigured: there is no such data directory, or another version has written it.
    """
    if settings.mongodb.uri:
        from orchestrator_dynamic.bootstrap.record_store import opened_mongo_store

        async with opened_mongo_store(settings, breakers) as store:
            yield store
        return
    with closing(database.open_for_reading(settings.data_dir)) as connection:
        yield SqliteStore(connection)


def lease_holder(settings: Settings) -> str | None:
    """Return who runs an engine on the data directory now, for people; None where nobody does."""
    holder = lease.holder_of(settings.data_dir)
    return None if holder is None else str(holder)


async def ask_engine(
    settings: Settings, request: Request, *, command: str, patience_s: float
) -> Reply | None:
    """Have `request` carried out, by the engine that runs or by one for this moment.

    Returns:
        The reply, or None where an engine runs that did not answer in time; the request is then
        withdrawn.

    Raises:
        Misconfigured: the data directory cannot be used.
        StorageFailed: the request could not be written.
    """
    if settings.temporal.host is not None and not _is_embedded(settings):
        return await _asked_of_workflow(settings, request)
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + patience_s
    while True:
        if lease_holder(settings) is None:
            # Somebody may have been quicker: then there is an engine to ask.
            with suppress(lease.LeaseHeld):
                async with application(settings, workers=None, command=command, alone=True) as app:
                    return await app.engine.request(request)
        with opened_beside_engine(settings.data_dir, now_text()) as connection:
            reply = await OperatorDesk(connection, SystemClock()).ask(
                request, give_up_at - loop.time(), lambda: lease_holder(settings) is not None
            )
        if reply is not None or loop.time() >= give_up_at:
            return reply


def _is_embedded(settings: Settings) -> bool:
    """Tell whether the plans of this data directory are kept going by the embedded engine."""
    if settings.mongodb.uri:
        return False
    with closing(database.open_for_reading(settings.data_dir)) as connection:
        return driver_mark.known_to(SqliteLedger(connection)) == driver_mark.EMBEDDED


async def _asked_of_workflow(settings: Settings, request: Request) -> Reply:
    from orchestrator_dynamic.bootstrap.temporal import ask_workflow, shared_application

    if not settings.kafka.bootstrap_servers and lease_holder(settings) is None:
        # Without brokers only commands take turns: between two of them this one has to.
        with suppress(lease.LeaseHeld):
            async with shared_application(settings, takes_turns=True) as app:
                return await app.orchestrator.request(request)
    return await ask_workflow(settings, request)


async def requeue(settings: Settings, letter_id: int, by: str | None = None) -> Receipt:
    """Hand in a dead letter again, byte for byte, and note on it what became of it.

    Raises:
        NotFound: there is none with this number.
        Refused: it cannot be handed in again; the message says why.
        Misconfigured: another process runs an engine on the data directory; the message names it.
            A decision that came from a broker goes back there, so that this does not matter.
        BrokerUnavailable: it could not be sent back now.
    """
    async with opened_store(settings) as store:
        return await requeued(
            letter_id,
            store=store,
            by=by,
            topic=settings.kafka.consensus_topic,
            hand_in=partial(hand_in_once, settings, "orq dead-letters"),
            send_back=sender_back(settings),
            note=partial(note_requeue, settings),
        )


async def retry(settings: Settings, workflow_id: WorkflowId, by: str) -> Receipt:
    """Hand in what of an ended workflow did not complete, as a decision of its own.

    Raises:
        NotFound: there is no such workflow.
        NotRetryable: it cannot be run again; the message says why.
        Misconfigured: another process runs an engine on the data directory; the message names it.
    """
    async with opened_store(settings) as store:
        workflow = await store.workflow_by_id(workflow_id)
        decision, tickets = await store.decision(workflow), await store.tickets(workflow)
    message = retry_message(workflow, decision, tickets, SystemClock().now_ms())
    incoming = Incoming(message, f"retry of {workflow_id}", by=by, kept_if_refused=False)
    return await hand_in_once(settings, "orq retry", incoming)


def sender_back(settings: Settings) -> SendBack | None:
    """Return what sends a decision to its topic; None where no brokers are set."""
    if not settings.kafka.bootstrap_servers:
        return None

    async def send_back(message: Outgoing) -> None:
        from orchestrator_dynamic.bootstrap.broker import opened_broker

        async with opened_broker(settings) as broker:
            await broker.sink.send([message])

    return send_back


async def hand_in_once(settings: Settings, command: str, message: Incoming) -> Receipt:
    """Hand in one message, by an engine of this moment; others drive its plan.

    Raises:
        Misconfigured: another process runs an engine on the data directory; the message names it.
    """
    if settings.temporal.host is not None and not _is_embedded(settings):
        from orchestrator_dynamic.bootstrap.temporal import shared_application

        async with shared_application(settings, takes_turns=False) as shared:
            return await (await shared.orchestrator.hand_in(message))
    async with application(settings, workers=None, command=command, alone=True) as app:
        return await (await app.engine.hand_in(message))


async def note_requeue(settings: Settings, letter_id: int, outcome: str) -> None:
    """Keep what became of a dead letter that was handed in again."""
    if settings.mongodb.uri:
        from orchestrator_dynamic.bootstrap.record_store import opened_mongo_ledger

        async with opened_mongo_ledger(settings) as ledger:
            await ledger.record_requeue(letter_id, SystemClock().now_ms(), outcome)
        return
    with opened_beside_engine(settings.data_dir, now_text()) as connection:
        OperatorDesk(connection, SystemClock()).record_requeue(letter_id, outcome)


async def prune(settings: Settings, before: int) -> Pruned:
    """Delete what ended before this moment (epoch ms), in short transactions; an engine goes on.

    Raises:
        Misconfigured: there is no such data directory.
        StorageFailed: a commit failed; the same again goes on from there.
    """
    with opened_beside_engine(settings.data_dir, now_text()) as connection:
        return await SqliteRetention(connection, SystemClock()).prune(before)


def prunable(settings: Settings, before: int) -> Pruned:
    """Return what `prune` would delete now, and change nothing.

    Raises:
        Misconfigured: there is no such data directory.
    """
    with closing(database.open_for_reading(settings.data_dir)) as connection:
        return SqliteRetention(connection, SystemClock()).prunable(before)


def inspect_data(settings: Settings) -> Inspection:
    """Return the state of what is recorded, however bad it is; reads all of it."""
    return inspect(settings.data_dir)
