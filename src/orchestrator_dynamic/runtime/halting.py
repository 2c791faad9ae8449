"""A plan whose books do not add up stops alone: its journal stays, a person is called."""

import orjson

from orchestrator_dynamic.core import commands, incidents
from orchestrator_dynamic.core.derived_ids import derived_id
from orchestrator_dynamic.core.execution_state import ORCHESTRATOR
from orchestrator_dynamic.errors import InvariantViolation
from orchestrator_dynamic.models.vocabulary import IncidentType
from orchestrator_dynamic.observability.logging import get_logger
from orchestrator_dynamic.ports.records import AuditRecord
from orchestrator_dynamic.runtime.open_plan import OpenPlan
from orchestrator_dynamic.runtime.step import Step, cancellation_of

HALTED = "HALTED"
log = get_logger(__name__)


def halt(plan: OpenPlan, broken_by: str, why: InvariantViolation, step: Step) -> None:
    """Stop `plan`; what broke it goes to the audit, and what came before stays as it was."""
    plan.halted, state = True, plan.state
    detail = {"broken_by": broken_by, "why": str(why)}
    text = orjson.dumps(detail).decode()
    audit = AuditRecord(step.at, state.workflow_id, "plan_halted_by_a_fault", ORCHESTRATOR, text)
    step.batch.audit.append(audit)
    incident = incidents.incident_of(
        state,
        IncidentType.INCONSISTENCY,
        derived_id(state.workflow_id, "incident-halted", "plan"),
        (f"the orchestrator stopped this plan: {why}", "its journal is kept; a person must look"),
        (),
        step.at,
        escalate=True,
    )
    step.raise_incident(commands.RaiseIncident(incident))
    step.batch.workflows[plan.workflow] = plan.workflow_record(phase=HALTED, reason=str(why))
    step.cancelled += [
        cancellation_of(plan, ticket.number, ticket.attempt)
        for ticket in state.tickets
        if ticket.in_flight
    ]
    step.halted.append(plan)
    log.error("plan_halted", workflow_id=state.workflow_id, why=str(why))
