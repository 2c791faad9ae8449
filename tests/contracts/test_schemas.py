"""What we emit is what the contracts say: names, order, types and words are fixed."""

import json
from enum import EnumType, StrEnum
from typing import Any

import fastavro
import pytest
from fastavro import validation
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_dynamic.models import vocabulary
from orchestrator_dynamic.models.base import Message
from orchestrator_dynamic.wire import avro_codec, avro_schemas
from orchestrator_dynamic.wire.avro_schemas import Schema
from orchestrator_dynamic.wire.contracts import CONTRACTS, contract_of
from orchestrator_dynamic.wire.message_writer import to_avro, to_json, to_wire
from tests.support import messages

NAMES = {
    "consolidated-decision": "com.neuralhivemind.consensus.ConsolidatedDecision",
    "cognitive-plan": "com.neuralhivemind.cognitiva.CognitivePlan",
    "execution-ticket": "com.neuralhivemind.orchestration.ExecutionTicket",
    "execution-result": "neural.hive.execution.ExecutionResult",
    "orchestration-incident": "io.neuralhive.orchestration.OrchestrationIncident",
}
FIELDS = {
    "consolidated-decision": (
        "decision_id plan_id intent_id correlation_id trace_id span_id final_decision "
        "consensus_method aggregated_confidence aggregated_risk specialist_votes "
        "consensus_metrics explainability_token reasoning_summary compliance_checks "
        "guardrails_triggered cognitive_plan requires_human_review created_at valid_until "
        "metadata hash schema_version"
    ),
    "cognitive-plan": (
        "plan_id version intent_id correlation_id trace_id span_id tasks execution_order "
        "risk_score risk_band risk_factors risk_matrix explainability_token reasoning_summary "
        "status created_at valid_until estimated_total_duration_ms complexity_score "
        "original_domain original_priority original_security_level metadata requires_approval "
        "is_destructive approval_status approved_by approved_at destructive_tasks schema_version"
    ),
    "execution-ticket": (
        "ticket_id plan_id intent_id decision_id correlation_id trace_id span_id task_id "
        "task_type description dependencies status priority risk_band sla qos parameters "
        "required_capabilities security_level created_at started_at completed_at "
        "estimated_duration_ms actual_duration_ms retry_count error_message "
        "compensation_ticket_id metadata schema_version"
    ),
    "execution-result": (
        "ticket_id status result error_message actual_duration_ms agent_id timestamp schema_version"
    ),
    "orchestration-incident": (
        "incident_id workflow_id incident_type severity details affected_tickets "
        "correlation_id trace_id recommended_playbook auto_remediation_enabled "
        "escalation_required created_at hash"
    ),
    "telemetry-frame": "schema_version source timestamp correlation outcome steps metrics",
    "sla-alert": (
        "alert_id event_type alert_type severity service_name workflow_id timestamp context"
    ),
    "sla-violation": (
        "violation_id event_type workflow_id ticket_id violation_type service_name sla_deadline "
        "actual_completion delay_ms severity metadata timestamp"
    ),
    "approval-response": (
        "plan_id intent_id decision approved_by approved_at rejection_reason cognitive_plan_json"
    ),
}
WORDS: dict[str, list[str]] = {
    name: list(words)
    for name, words in vars(vocabulary).items()
    if isinstance(words, EnumType) and words is not StrEnum
} | {
    # Two more words are accepted, and never sent.
    "ExecutionStatus": ["COMPLETED", "FAILED", "RUNNING"],
    "AlertEvent": ["ALERT"],
    "ViolationEvent": ["VIOLATION"],
}
ANY_MESSAGE: st.SearchStrategy[Message] = st.one_of(
    messages.decisions,
    messages.plans,
    messages.tickets,
    messages.results,
    messages.incidents,
    messages.frames,
    messages.alerts,
    messages.violations,
    messages.approvals,
)


def without_null(schema: Any) -> Any:
    """Return what a field holds where it is not null."""
    return schema[1] if isinstance(schema, list) else schema


def fields_of(schema: Schema) -> dict[str, Schema]:
    """Return the fields of a record by name."""
    return {field["name"]: field for field in schema["fields"]}


def parts_of(schema: Any, kind: str) -> list[Schema]:
    """Return every definition of `kind` (`record` or `enum`) in `schema`."""
    if isinstance(schema, list):
        return [part for branch in schema for part in parts_of(branch, kind)]
    if not isinstance(schema, dict):
        return []
    inner = [schema.get("type"), schema.get("items"), schema.get("values"), schema.get("fields")]
    found = [part for child in inner for part in parts_of(child, kind)]
    return [schema, *found] if schema.get("type") == kind else found


@pytest.mark.parametrize(("contract", "name"), NAMES.items())
def test_a_record_keeps_its_full_name(contract: str, name: str) -> None:
    """Registries and generated classes know a record by its namespace."""
    assert avro_schemas.schema(contract)["name"] == name


@pytest.mark.parametrize(("contract", "names"), FIELDS.items())
def test_a_record_keeps_its_fields_in_their_order(contract: str, names: str) -> None:
    """Avro without a registry reads fields by their order alone."""
    assert list(fields_of(avro_schemas.schema(contract))) == names.split()


@pytest.mark.parametrize(("kind", "contract"), CONTRACTS.items())
def test_a_model_has_its_contracts_fields_and_no_others(kind: type[Message], contract: str) -> None:
    """A field that only the model has would leak, one that only the schema has would be lost."""
    assert list(kind.model_fields) == list(fields_of(avro_schemas.schema(contract)))


@pytest.mark.parametrize("contract", avro_schemas.NAMES)
def test_the_words_of_a_schema_are_the_words_of_the_models(contract: str) -> None:
    """A word that one side lacks would be refused by the other."""
    for enum in parts_of(avro_schemas.schema(contract), "enum"):
        name = enum["name"].rpartition(".")[2]

        assert enum["symbols"] == WORDS[name]


@pytest.mark.parametrize("contract", avro_schemas.NAMES)
def test_what_may_be_null_is_null_by_default(contract: str) -> None:
    """Fields are only ever added as nullable with a default, so that old readers read on."""
    for record in parts_of(avro_schemas.schema(contract), "record"):
        for field in record["fields"]:
            if isinstance(field["type"], list):
                assert field["type"][0] == "null"
                assert field["default"] is None


@pytest.mark.parametrize(
    ("contract", "field"),
    [
        ("consolidated-decision", "created_at"),
        ("consolidated-decision", "valid_until"),
        ("cognitive-plan", "created_at"),
        ("cognitive-plan", "valid_until"),
        ("cognitive-plan", "approved_at"),
        ("orchestration-incident", "created_at"),
    ],
)
def test_these_times_are_logical_ones(contract: str, field: str) -> None:
    """Readers in other languages turn them into their own kind of date."""
    kind = without_null(fields_of(avro_schemas.schema(contract))[field]["type"])

    assert kind == {"type": "long", "logicalType": "timestamp-millis"}


@pytest.mark.parametrize(
    ("contract", "field"),
    [
        ("execution-ticket", "created_at"),
        ("execution-ticket", "started_at"),
        ("execution-ticket", "completed_at"),
        ("execution-result", "timestamp"),
    ],
)
def test_these_times_are_plain_numbers(contract: str, field: str) -> None:
    """Workers compare them with their own clock's milliseconds."""
    assert without_null(fields_of(avro_schemas.schema(contract))[field]["type"]) == "long"


@pytest.mark.parametrize(
    ("contract", "field", "default"),
    [
        ("consolidated-decision", "schema_version", 1),
        ("cognitive-plan", "schema_version", 1),
        ("cognitive-plan", "requires_approval", False),
        ("cognitive-plan", "is_destructive", False),
        ("execution-ticket", "schema_version", 1),
        ("execution-ticket", "retry_count", 0),
        ("execution-result", "schema_version", 1),
    ],
)
def test_defaults_are_the_contracts(contract: str, field: str, default: object) -> None:
    """A reader with a newer schema fills in what an older message lacks."""
    assert fields_of(avro_schemas.schema(contract))[field]["default"] == default


@pytest.mark.parametrize("contract", avro_schemas.NAMES)
def test_a_schema_is_written_as_canonical_avro_can_parse_it(contract: str) -> None:
    """Whoever registers it sends the text, not what we have made of it."""
    raw = json.loads(avro_schemas.text(contract))

    assert fastavro.schema.fullname(raw) == avro_schemas.schema(contract)["name"]
    assert fastavro.schema.to_parsing_canonical_form(raw)


@given(ANY_MESSAGE)
def test_every_json_we_emit_follows_its_schema(message: Message) -> None:
    """Strictly: no field too few, none too many, none of another type."""
    schema = avro_schemas.schema(contract_of(type(message)))

    document = json.loads(to_json(message))

    assert validation.validate(document, schema, strict=True)


@given(ANY_MESSAGE)
def test_avro_and_json_carry_the_same_object(message: Message) -> None:
    """Whether a registry is configured must not change what is said."""
    contract = contract_of(type(message))

    from_avro = avro_codec.decode(to_avro(message), contract)

    assert from_avro == json.loads(to_json(message)) == to_wire(message)
