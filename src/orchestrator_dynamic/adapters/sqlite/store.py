"""A `Store` over the file of a data directory, beside its engine and without a lock on it."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from itertools import chain

import orjson

from orchestrator_dynamic.adapters.sqlite import filtering, letters, naming, statements
from orchestrator_dynamic.adapters.sqlite.database import read
from orchestrator_dynamic.core.derived_ids import workflow_id_of
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.errors import Finding, InvalidInput, Severity
from orchestrator_dynamic.models.ids import DecisionId, TicketId, WorkflowId
from orchestrator_dynamic.models.incident import OrchestrationIncident
from orchestrator_dynamic.models.telemetry_frame import TelemetryFrame
from orchestrator_dynamic.models.vocabulary import Outcome, TaskType, TicketStatus
from orchestrator_dynamic.ports import store_names
from orchestrator_dynamic.ports.dead_letters import DeadLetter, DeadLetterPage
from orchestrator_dynamic.ports.filters import EVERY_TICKET, TicketFilter, WorkflowFilter
from orchestrator_dynamic.ports.records import (
    TICKETS_PER_WORKFLOW,
    FactRecord,
    StoredPlan,
    WorkflowRecord,
)
from orchestrator_dynamic.ports.store import (
    PAGE_MAX,
    Arrival,
    AuditEntry,
    Ending,
    NotFound,
    StoredAnswer,
    StoredMessage,
    StoredTicket,
    StoredWorkflow,
    TimelineEntry,
    WorkflowPage,
)
from orchestrator_dynamic.wire import timeline

_WORKFLOW = f"SELECT {', '.join(WorkflowRecord._fields)} FROM workflows"
_TICKET = (
    "SELECT number, ticket_id, task_id, task_type, undoes, timeout_ms, stage, status, attempt, "
    "ready_at, deadline_at, published_at, started_at, ended_at, agent, error, progress FROM tickets"
)
_LIVE = (
    "SELECT stage, count(*), sum(max(attempt - 1, 0)) FROM tickets "
    "WHERE key >= ? AND key < ? AND undoes IS NULL GROUP BY stage"
)
_FACT = f"SELECT {', '.join(FactRecord._fields)} FROM journal"
_MESSAGE = "SELECT id, topic, key, value, created_at, sent_at FROM messages"


class SqliteStore:
    """A `Store` over a connection from `database.open_for_reading`, which the caller closes.

    Its reads are done where they are asked for: they are short, and of a file of this machine.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        # A connection has one transaction at a time.
        self._one_snapshot = asyncio.Lock()

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[None]:
        """As the port says; while it is open, the log of the file cannot be shortened."""
        async with self._one_snapshot:
            read(self._connection, "BEGIN")
            try:
                yield
            finally:
                self._connection.execute("ROLLBACK")

    async def workflows(
        self, wanted: WorkflowFilter, *, limit: int = 50, after: str | None = None
    ) -> WorkflowPage:
        """As the port says."""
        where, values = filtering.workflows(wanted, None if after is None else _cursor(after))
        most = _page(limit)
        sql = f"{_WORKFLOW} {where} ORDER BY workflow DESC LIMIT ?"
        rows = self._rows(sql, *values, most + 1)
        found = tuple(self._workflow(row) for row in rows[:most])
        return WorkflowPage(found, str(found[-1].key) if len(rows) > most else None)

    async def workflow(self, name: str) -> StoredWorkflow:
        """As the port says; a whole id counts before the beginning of one."""
        keys = naming.workflows_named(self._connection, name)
        if not keys:
            ending = self._pruned(WorkflowId(name)) or self._pruned(
                workflow_id_of(DecisionId(name))
            )
            raise store_names.no_workflow(name, ending)
        marks = ", ".join("?" * len(keys))
        sql = f"{_WORKFLOW} WHERE workflow IN ({marks}) ORDER BY workflow DESC"
        found = self._rows(sql, *keys)
        if len(found) > 1:
            raise store_names.several_workflows(name, [_candidate(row) for row in found])
        return self._workflow(found[0])

    async def workflow_by_id(self, workflow_id: WorkflowId) -> StoredWorkflow:
        """As the port says."""
        for row in self._rows(f"{_WORKFLOW} WHERE workflow_id = ?", workflow_id):
            return self._workflow(row)
        raise store_names.no_workflow(workflow_id, self._pruned(workflow_id))

    async def workflow_of_ticket(self, ticket_id: TicketId) -> StoredWorkflow:
        """As the port says."""
        sql = f"{_WORKFLOW} WHERE workflow = (SELECT key >> 20 FROM tickets WHERE ticket_id = ?)"
        for row in self._rows(sql, ticket_id):
            return self._workflow(row)
        raise NotFound(f"there is no ticket {ticket_id}")

    async def latest_of_plan(self, plan_id: str) -> StoredWorkflow:
        """As the port says."""
        sql = f"{_WORKFLOW} WHERE plan_id = ? ORDER BY workflow DESC LIMIT 1"
        for row in self._rows(sql, plan_id):
            return self._workflow(row)
        raise NotFound(f"there is no plan {plan_id}")

    async def ending(self, workflow_id: WorkflowId) -> Ending | None:
        """As the port says."""
        sql = "SELECT outcome, phase, reason, ended_at FROM workflows WHERE workflow_id = ?"
        for outcome, phase, reason, ended_at in self._rows(sql, workflow_id):
            return Ending(
                workflow_id=workflow_id,
                outcome=None if outcome is None else Outcome(outcome),
                phase=phase,
                reason=reason,
                ended_at=ended_at,
                pruned_at=None,
            )
        return self._pruned(workflow_id)

    async def arrival(self, workflow: StoredWorkflow) -> Arrival:
        """As the port says."""
        sql = "SELECT envelope, source, received_at, content_hash FROM decisions WHERE workflow = ?"
        return Arrival(**dict(self._one(sql, workflow.key)))

    async def stages(self, workflow: StoredWorkflow) -> Mapping[Stage, int]:
        """As the port says."""
        return {Stage(row[0]): row[1] for row in self._rows(_LIVE, *_keys(workflow.key))}

    async def tickets(
        self,
        workflow: StoredWorkflow,
        *,
        limit: int | None = None,
        after: int = -1,
        wanted: TicketFilter = EVERY_TICKET,
    ) -> tuple[StoredTicket, ...]:
        """As the port says."""
        first, end = _keys(workflow.key)
        more, values = filtering.tickets(wanted)
        sql = f"{_TICKET} WHERE key >= ? AND key < ?{more} ORDER BY key LIMIT ?"
        most = -1 if limit is None else limit
        return tuple(map(_ticket, self._rows(sql, first + after + 1, end, *values, most)))

    async def ticket(self, workflow: StoredWorkflow, name: str) -> StoredTicket:
        """As the port says."""
        keys = _keys(workflow.key)
        where = "WHERE key >= ? AND key < ? AND"
        exact = f"{_TICKET} {where} (task_id = ? OR ticket_id = ?) ORDER BY key LIMIT 1"
        if found := self._rows(exact, *keys, name, name):
            return _ticket(found[0])
        begins = f"{_TICKET} {where} ((undoes IS NULL AND {{}}) OR {{}}) ORDER BY key LIMIT ?"
        sql = begins.format(naming.begins("task_id"), naming.begins("ticket_id"))
        beginning = naming.range_of(name)
        matching = self._rows(sql, *keys, *beginning, *beginning, store_names.CANDIDATES_MAX + 1)
        if len(matching) == 1:
            return _ticket(matching[0])
        raise store_names.not_one_ticket(name, workflow, [row["task_id"] for row in matching])

    async def timeline(
        self,
        workflow: StoredWorkflow,
        *,
        last: int | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> tuple[TimelineEntry, ...]:
        """As the port says."""
        which = f"{_FACT} WHERE workflow = ? AND seq > ? AND kind <> 'time_passed' ORDER BY seq"
        if last is not None:
            rows = self._rows(f"{which} DESC LIMIT ?", workflow.key, after, last)
            return self._entries(workflow, reversed(rows))
        most = -1 if limit is None else limit
        return self._entries(workflow, self._rows(f"{which} LIMIT ?", workflow.key, after, most))

    async def last_seq(self, workflow: StoredWorkflow) -> int:
        """As the port says."""
        sql = "SELECT coalesce(max(seq), 0) FROM journal WHERE workflow = ?"
        return int(self._one(sql, workflow.key)[0])

    async def decision(self, workflow: StoredWorkflow) -> bytes:
        """As the port says."""
        sql = "SELECT body FROM decisions WHERE workflow = ?"
        return bytes(self._one(sql, workflow.key)[0])

    async def history(
        self, workflow: StoredWorkflow, ticket: StoredTicket
    ) -> tuple[TimelineEntry, ...]:
        """As the port says; costs the length of the plan's journal."""
        sql = (
            f"{_FACT} WHERE workflow = ? AND kind <> 'time_passed' "
            "AND (json_extract(body, '$.ticket') = ? "
            "OR EXISTS (SELECT 1 FROM json_each(body, '$.tickets') e "
            "WHERE e.value = ? OR json_extract(iif(e.type = 'array', e.value, '[]'), '$[0]') = ?)) "
            "ORDER BY seq"
        )
        number = ticket.number
        rows = self._rows(sql, workflow.key, number, number, number)
        facts = [FactRecord(*row) for row in rows]
        return tuple(
            timeline.entry_about(fact, timeline.body_of(fact), number, ticket.task_id)
            for fact in facts
        )

    async def answers(
        self, workflow: StoredWorkflow, ticket: StoredTicket
    ) -> tuple[StoredAnswer, ...]:
        """As the port says."""
        sql = (
            "SELECT ticket_id, attempt, at, status, fate, agent, duration_ms, error, payload "
            "FROM results WHERE workflow = ? AND ticket_id = ? ORDER BY id"
        )
        return tuple(map(_answer, self._rows(sql, workflow.key, ticket.ticket_id)))

    async def audit(self, workflow: StoredWorkflow) -> tuple[AuditEntry, ...]:
        """As the port says."""
        sql = "SELECT at, action, actor, detail FROM audit WHERE workflow_id = ? ORDER BY id"
        return tuple(
            AuditEntry(at=at, action=action, actor=actor, detail=orjson.loads(detail))
            for at, action, actor, detail in self._rows(sql, workflow.workflow_id)
        )

    async def incidents(self, workflow: StoredWorkflow) -> tuple[OrchestrationIncident, ...]:
        """As the port says."""
        sql = "SELECT body FROM incidents WHERE workflow_id = ? ORDER BY created_at, incident_id"
        rows = self._rows(sql, workflow.workflow_id)
        return tuple(OrchestrationIncident.model_validate_json(row[0]) for row in rows)

    async def telemetry(self, workflow: StoredWorkflow) -> TelemetryFrame | None:
        """As the port says."""
        sql = (
            "SELECT value FROM messages WHERE key = ? "
            "AND json_extract(value, '$.correlation.workflow_id') = ? ORDER BY id LIMIT 1"
        )
        rows = self._rows(sql, workflow.plan_id, workflow.workflow_id)
        return TelemetryFrame.model_validate_json(rows[0][0]) if rows else None

    async def messages(
        self, *, topic: str | None = None, buffered_only: bool = False, limit: int = 50
    ) -> tuple[StoredMessage, ...]:
        """As the port says."""
        words = ["topic = ?"] if topic is not None else []
        words += ["sent_at IS NULL"] if buffered_only else []
        where = f"WHERE {' AND '.join(words)}" if words else ""
        values = [] if topic is None else [topic]
        rows = self._rows(f"{_MESSAGE} {where} ORDER BY id DESC LIMIT ?", *values, _page(limit))
        return tuple(StoredMessage(**dict(row)) for row in rows)

    async def stored_plan(self, workflow: StoredWorkflow) -> StoredPlan:
        """As the port says."""
        body = await self.decision(workflow)
        facts = [FactRecord(*row) for row in self._rows(statements.FACTS_OF, workflow.key)]
        return StoredPlan(workflow.key, workflow.workflow_id, body, facts)

    async def dead_letters(self, *, limit: int = 50, after: str | None = None) -> DeadLetterPage:
        """As the port says."""
        most = _page(limit)
        where, values = ("", ()) if after is None else ("WHERE id < ?", (_cursor(after),))
        sql = f"{letters.WITHOUT_BODY} {where} ORDER BY id DESC LIMIT ?"
        rows = self._rows(sql, *values, most + 1)
        found = tuple(map(letters.letter, rows[:most]))
        return DeadLetterPage(found, str(found[-1].id) if len(rows) > most else None)

    async def dead_letter(self, letter_id: int) -> tuple[DeadLetter, bytes]:
        """As the port says."""
        return letters.letter_in_full(self._connection, letter_id)

    def _rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        return read(self._connection, sql, values)

    def _one(self, sql: str, *values: object) -> sqlite3.Row:
        for row in self._rows(sql, *values):
            return row
        raise store_names.gone()

    def _pruned(self, workflow_id: WorkflowId) -> Ending | None:
        sql = "SELECT outcome, ended_at, pruned_at FROM pruned WHERE workflow_id = ?"
        for outcome, ended_at, pruned_at in self._rows(sql, workflow_id):
            return Ending(
                workflow_id=workflow_id,
                outcome=Outcome(outcome),
                phase="ENDED",
                reason="",
                ended_at=ended_at,
                pruned_at=pruned_at,
            )
        return None

    def _workflow(self, row: sqlite3.Row) -> StoredWorkflow:
        fields = dict(row)
        fields["key"] = fields.pop("workflow")
        fields["paused"] = bool(fields["paused"])
        if fields["outcome"] is not None:
            fields["outcome"] = Outcome(fields["outcome"])
            return StoredWorkflow(**fields)
        # The row of an open plan is written when its phase changes; its tickets tell its progress.
        live = self._rows(_LIVE, *_keys(fields["key"]))
        count = {stage: number for stage, number, _ in live}
        fields["completed"] = count.get(Stage.COMPLETED, 0)
        fields["failed"] = count.get(Stage.FAILED, 0)
        fields["compensated"] = count.get(Stage.COMPENSATED, 0)
        fields["retried"] = sum(retries for _, _, retries in live)
        return StoredWorkflow(**fields)

    def _entries(
        self, workflow: StoredWorkflow, rows: Iterable[sqlite3.Row]
    ) -> tuple[TimelineEntry, ...]:
        facts = [(fact, timeline.body_of(fact)) for fact in (FactRecord(*row) for row in rows)]
        numbers = set(chain.from_iterable(timeline.numbers_in(body) for _, body in facts))
        names = self._names(workflow, numbers)
        return tuple(timeline.entry(fact, body, names) for fact, body in facts)

    def _names(self, workflow: StoredWorkflow, numbers: set[int]) -> dict[int, str]:
        """Return the names of the tickets with these numbers, compensations as such."""
        names: dict[int, str] = {}
        wanted, base = sorted(numbers), workflow.key * TICKETS_PER_WORKFLOW
        for start in range(0, len(wanted), PAGE_MAX):
            keys = [base + number for number in wanted[start : start + PAGE_MAX]]
            marks = ", ".join("?" * len(keys))
            sql = f"SELECT number, task_id, undoes FROM tickets WHERE key IN ({marks})"
            for number, task_id, undoes in self._rows(sql, *keys):
                names[number] = task_id if undoes is None else timeline.undoing(task_id)
        return names


def _keys(workflow: int) -> tuple[int, int]:
    """Return the first key of a workflow's tickets, and the first after them."""
    return workflow * TICKETS_PER_WORKFLOW, (workflow + 1) * TICKETS_PER_WORKFLOW


def _candidate(row: sqlite3.Row) -> store_names.Candidate:
    stands = row["outcome"] or row["phase"]
    return store_names.Candidate(row["workflow_id"], row["plan_id"], stands, row["accepted_at"])


def _page(limit: int) -> int:
    return max(1, min(limit, PAGE_MAX))


def _cursor(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        message = f"{text!r} is no page; pass on what came as `next` with the page before"
        raise InvalidInput("bad_cursor", [Finding("bad_cursor", Severity.ERROR, "after", message)])
    return int(text)


def _ticket(row: sqlite3.Row) -> StoredTicket:
    fields = dict(row)
    fields["task_type"] = TaskType(fields["task_type"])
    fields["stage"] = Stage(fields["stage"])
    fields["status"] = TicketStatus(fields["status"])
    return StoredTicket(**fields)


def _answer(row: sqlite3.Row) -> StoredAnswer:
    fields = dict(row)
    payload = orjson.loads(fields.pop("payload"))
    return StoredAnswer(
        **fields,
        output=payload["output"],
        metadata=payload["metadata"],
        logs=tuple(payload["logs"]),
    )
