"""Ids that follow from what they name, so that saying a thing twice says it under one id."""

from uuid import UUID, uuid5

from orchestrator_dynamic.models.ids import DecisionId, WorkflowId

# uuid5(NAMESPACE_DNS, "events.orchestrator-dynamic").
_NAMESPACE = UUID("3f51ea5d-5917-5e37-b14d-15b36058b30f")


def workflow_id_of(decision_id: DecisionId) -> WorkflowId:
    """Return the id of the workflow that carries out a decision."""
    return WorkflowId(f"orch-{decision_id}")


def derived_id(workflow_id: WorkflowId, what: str, about: str) -> str:
    """Return the id of an incident, an alert or a violation: one for each thing told."""
    return str(uuid5(_NAMESPACE, f"{workflow_id}\x1f{what}\x1f{about}"))
