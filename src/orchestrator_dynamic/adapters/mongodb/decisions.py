"""Decisions as they were taken in: who they are in one document, what they say in pieces.

The document is small and stays for good, so that a decision that comes again after its plan was
deleted is still known. Its pieces come first: whoever sees the document can read all of it.
"""

from orchestrator_dynamic.adapters.mongodb import parts
from orchestrator_dynamic.adapters.mongodb.database import Document, Mongo
from orchestrator_dynamic.errors import InvariantViolation
from orchestrator_dynamic.ports.records import DecisionRecord


class Decisions:
    """Keeps decisions. Keys are those of the database."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def known(self, decision_id: str) -> Document | None:
        """Return what is known of a decision without its text, None where it never came."""
        return await self._mongo.one("decisions", {"_id": decision_id})

    async def of_workflow(self, workflow_id: str) -> Document | None:
        """Return what is known of the decision that a workflow carries out."""
        return await self._mongo.one("decisions", {"workflow_id": workflow_id})

    async def keep(self, decision: DecisionRecord, workflow_id: str) -> tuple[Document, bool]:
        """Return the decision of this id as it is kept, and whether this call has kept it."""
        owner = parts.content_name(decision.decision_id.encode(), decision.body)
        count = await parts.put(self._mongo, owner, decision.body, workflow=decision.workflow)
        document: Document = {
            "_id": decision.decision_id,
            "workflow": decision.workflow,
            "workflow_id": workflow_id,
            "content_hash": decision.content_hash,
            "envelope": decision.envelope,
            "source": decision.source,
            "received_at": decision.received_at,
            "owner": owner,
            "parts": count,
        }
        if not await self._mongo.insert("decisions", [document]):
            return document, True
        kept = await self.known(decision.decision_id)
        if kept is None:
            message = f"{workflow_id} is the workflow of another decision"
            raise InvariantViolation(f"{decision.decision_id} cannot be kept: {message}")
        return kept, False

    async def text(self, decision: Document) -> bytes | None:
        """Return what a decision says; None where it was deleted."""
        try:
            return await parts.get(self._mongo, decision["owner"], decision["parts"])
        except InvariantViolation:
            if "pruned_at" in decision:
                return None
            raise
