"""Flow E: one incident for each cause, with what its reader needs to act."""

from uuid import UUID

from orchestrator_dynamic.core.derived_ids import derived_id, workflow_id_of
from orchestrator_dynamic.core.incidents import PLAYBOOKS
from orchestrator_dynamic.models.ids import DecisionId
from orchestrator_dynamic.models.incident import OrchestrationIncident
from orchestrator_dynamic.models.vocabulary import IncidentType
from tests.support.messages import NOON, a_decision, a_plan
from tests.support.plans import MINUTE, SECOND, a_task
from tests.support.story import Story, begun


def test_each_type_has_its_playbook() -> None:
    """Inconsistency has none: a person must look."""
    assert PLAYBOOKS == {
        IncidentType.SLA_VIOLATION: "sla_violation_mitigation",
        IncidentType.TICKET_TIMEOUT: "ticket_timeout_recovery",
        IncidentType.WORKER_FAILURE: "worker_failure_recovery",
    }


def test_a_final_failure_is_an_incident() -> None:
    """Every field of the contract; the hash is the writer's, for it is about the written text."""
    decision = a_decision(a_plan(a_task("a")), correlation_id="corr-1", trace_id="trace-1")
    story = Story(decision)
    story.accept()
    story.wait(SECOND)

    story.fail_for_good("a", "no such image")

    workflow = workflow_id_of(DecisionId("decision-1"))
    ticket = story.ticket("a").ticket_id
    assert story.incidents == [
        OrchestrationIncident(
            incident_id=derived_id(workflow, "incident-failed", ticket),
            workflow_id=workflow,
            incident_type=IncidentType.WORKER_FAILURE,
            severity="HIGH",
            details=("task a failed for good at attempt 1: no such image",),
            affected_tickets=(ticket,),
            correlation_id="corr-1",
            trace_id="trace-1",
            recommended_playbook="worker_failure_recovery",
            auto_remediation_enabled=True,
            escalation_required=False,
            created_at=NOON + SECOND,
            hash="",
        )
    ]
    assert story.state.incidents == 1


def test_an_incident_without_correlation_says_so() -> None:
    """The contract wants a text, be it an empty one."""
    story = begun(a_task("a"))

    story.fail_for_good("a")

    assert story.incidents[0].correlation_id == ""
    assert story.incidents[0].trace_id == story.state.trace.trace_id


def test_a_retry_is_no_incident() -> None:
    """One incident per cause, not one per retry."""
    story = begun(a_task("a"))

    story.fail("a")
    story.wait(SECOND)
    story.fail("a")

    assert story.incidents == []


def test_the_last_cause_names_the_incident() -> None:
    """A worker that fails after two that were silent is a worker failure."""
    story = begun(a_task("a"), risk_band="low")
    story.confirm("a")
    story.wait(3 * MINUTE + SECOND)

    story.fail("a", "out of memory")

    assert story.incidents[-1].incident_type == "WORKER_FAILURE"
    assert story.incidents[-1].details == ("task a failed for good at attempt 2: out of memory",)


def test_a_violated_deadline_is_an_incident() -> None:
    """Beside the violation itself, so that flow E hears of it."""
    story = begun(a_task("a"))

    story.wait(3 * MINUTE)

    (incident,) = story.incidents
    assert incident.incident_type == "SLA_VIOLATION"
    assert incident.affected_tickets == (story.ticket("a").ticket_id,)
    assert incident.details == (
        f"ticket {story.ticket('a').ticket_id} was due at {NOON + 180_000} (epoch ms) "
        "and is 0 ms late",
    )
    assert incident.recommended_playbook == "sla_violation_mitigation"


def test_ids_follow_from_what_they_name() -> None:
    """Told twice, it is told under one id; and no two causes share one."""
    workflow = workflow_id_of(DecisionId("decision-1"))

    one = derived_id(workflow, "incident-failed", "ticket-1")

    assert workflow == "orch-decision-1"
    assert one == derived_id(workflow, "incident-failed", "ticket-1")
    assert UUID(one).version == 5
    assert one != derived_id(workflow, "incident-sla", "ticket-1")
    assert one != derived_id(workflow, "incident-failed", "ticket-2")
    assert one != derived_id(
        workflow_id_of(DecisionId("decision-2")), "incident-failed", "ticket-1"
    )
