"""Records as documents, under names that follow from what they say."""

from collections.abc import Iterable, Iterator, Sequence

import orjson
from pymongo import UpdateOne

from orchestrator_dynamic.adapters.mongodb import layout, parts
from orchestrator_dynamic.adapters.mongodb.database import Document
from orchestrator_dynamic.adapters.mongodb.turns import Late
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.records import (
    AnswerRecord,
    AuditRecord,
    DeadLetterRecord,
    IncidentRecord,
    MessageRecord,
    TicketChange,
    TicketRecord,
    WorkflowRecord,
)

_NEW = TicketChange("", "", 0, None, None, None, None, None, None, None, 0)


def ticket_updates(batch: Batch, base: int, late: dict[int, Late]) -> list[UpdateOne]:
    """Return what makes the tickets of `batch` what they are, unless they have gone further.

    `state` and `progress` begin with how late they are, and MongoDB compares documents field by
    field: so `$max` keeps the latest of each in whatever order they come, in one atomic step. A
    change may come before the ticket itself, where a turn was interrupted and others went on.
    """
    changes: dict[str, Document] = {}
    for ticket in batch.tickets:
        workflow, number = layout.ticket_of_key(ticket.key, base)
        name = layout.ticket_name(workflow, number)
        fresh = _NEW._replace(stage=ticket.stage, status=ticket.status)
        changes[name] = {
            "$set": _ticket(ticket, workflow),
            "$max": {"state": _state(fresh, late[workflow])},
        }
    for change in batch.changes:
        workflow, number = layout.ticket_of_key(change.key, base)
        name = layout.ticket_name(workflow, number)
        latest = changes.setdefault(name, {}).setdefault("$max", {})
        latest["state"] = _state(change, late[workflow])
    for said in batch.progress:
        workflow, number = layout.ticket_of_key(said.key, base)
        name, when = layout.ticket_name(workflow, number), late[workflow]
        latest = changes.setdefault(name, {}).setdefault("$max", {})
        latest["progress"] = {**when._asdict(), "text": said.progress}
    return [UpdateOne({"_id": name}, change, upsert=True) for name, change in changes.items()]


def _ticket(ticket: TicketRecord, workflow: int) -> Document:
    fields = ticket._asdict()
    for name in ("key", "stage", "status"):
        del fields[name]
    return {**fields, "workflow": workflow}


def _state(change: TicketChange, when: Late) -> Document:
    fields = change._asdict()
    del fields["key"]
    # The order of the fields matters: how late it is comes first.
    return {**when._asdict(), **fields}


def workflow_update(record: WorkflowRecord, base: int, when: Late) -> UpdateOne:
    """Return what makes a workflow what `record` says, unless it has gone further."""
    fields = record._asdict()
    key = base + fields.pop("workflow")
    if when.factless:
        change = {"$set": fields, "$max": {"turn": when.turn}}
        return UpdateOne({"_id": key}, change, upsert=True)
    change = {"$set": {**fields, "turn": when.turn}}
    return UpdateOne({"_id": key, "turn": {"$lte": when.turn}}, change, upsert=True)


def answers(records: Sequence[AnswerRecord], base: int, late: dict[int, Late]) -> list[Document]:
    """Return the documents of workers' answers; they are in order by at, turn and place."""
    documents: list[Document] = []
    for place, record in enumerate(records):
        fields = record._asdict()
        when = Late(0)
        if record.workflow is not None:
            fields["workflow"] = base + record.workflow
            when = late[fields["workflow"]]
        documents.append({**fields, "turn": when.turn, "place": place})
    return _named(documents, (tuple(one.values())[:-2] for one in documents))


def audit(records: Sequence[AuditRecord], first: int) -> list[Document]:
    """Return the documents of the audit, numbered from `first`."""
    documents = [
        {**record._asdict(), "number": number} for number, record in enumerate(records, start=first)
    ]
    return _named(documents, records)


def incident(record: IncidentRecord) -> Document:
    """Return the document of an incident, whose id follows from its cause."""
    fields = record._asdict()
    return {"_id": fields.pop("incident_id"), **fields}


def messages(records: Sequence[MessageRecord], base: int, first: int) -> list[Document]:
    """Return the documents of messages for a broker, numbered from `first`."""
    documents = [
        {**record._asdict(), "base": base, "number": number, "waiting": record.sent_at is None}
        for number, record in enumerate(records, start=first)
    ]
    # A message is what it says; told again later, it is still the same one.
    return _named(documents, ((base, *record[:3]) for record in records))


def dead_letters(records: Sequence[DeadLetterRecord], base: int, first: int) -> list[Document]:
    """Return the documents of dead letters, numbered from `first`."""
    documents = [
        {
            **record._asdict(),
            "kept": len(record.body),
            "base": base,
            "number": number,
            "waiting": record.topic is not None and record.sent_at is None,
            "requeued_at": None,
            "requeue_outcome": None,
        }
        for number, record in enumerate(records, start=first)
    ]
    # The hash of a letter's body stands for it.
    bodiless = ((base, *record._replace(body=b"", sent_at=None)) for record in records)
    return _named(documents, bodiless)


def _named(documents: Sequence[Document], contents: Iterable[tuple[object, ...]]) -> list[Document]:
    """Return `documents` with their names; equal ones of a batch are told apart."""
    return [
        {"_id": name, **document}
        for name, document in zip(_names(contents), documents, strict=True)
    ]


def _names(contents: Iterable[tuple[object, ...]]) -> Iterator[str]:
    seen: dict[str, int] = {}
    for content in contents:
        values = [one.hex() if isinstance(one, bytes) else one for one in content]
        name = parts.content_name(orjson.dumps(values))
        before = seen.get(name, 0)
        seen[name] = before + 1
        yield name if before == 0 else f"{name}-{before}"
