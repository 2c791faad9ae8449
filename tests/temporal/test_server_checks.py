"""What a server must know beforehand, what doctor says of it, and what its errors mean to us."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client

from orchestrator_dynamic.adapters.temporal.connection import (
    TemporalAddress,
    TemporalUnavailable,
    connected,
)
from orchestrator_dynamic.adapters.temporal.plan_workflows import TemporalPlanWorkflows
from orchestrator_dynamic.adapters.temporal.probe import probe
from orchestrator_dynamic.adapters.temporal.search_attributes import (
    ensure_search_attributes,
    missing_search_attributes,
)
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.orchestrator import Action, Request
from orchestrator_dynamic.ports.plan_workflows import Order, PlanMarks, Telling, Told
from orchestrator_dynamic.ports.probing import Verdict
from tests.support.engines import a_worker
from tests.support.servers.ports import HOST, free_ports
from tests.support.temporal_server import NAMESPACE, SEARCH_ATTRIBUTES, DevServer, another_server
from tests.support.temporal_world import a_new_message, a_process

MARKS = PlanMarks(intent_id="i", plan_id="p", decision_id="d", risk_band="low")


@pytest.fixture
def bare() -> Iterator[DevServer]:
    """A server whose namespace knows one of our search attributes."""
    with DevServer(attributes=["OrchPlan"]) as running:
        yield running


async def test_what_a_namespace_does_not_know_is_registered_once(
    bare: DevServer, tmp_path: Path
) -> None:
    """Several processes start at the same moment; a plan then runs and is marked."""
    client = await connected(bare.address)
    before = await missing_search_attributes(client, NAMESPACE)
    added = await asyncio.gather(*(ensure_search_attributes(client, NAMESPACE) for _ in range(3)))
    again = await ensure_search_attributes(client, NAMESPACE)
    async with a_process(tmp_path, bare.address, a_worker()) as process:
        outcome = await process.run_to_end(a_new_message())

    assert set(before) == set(SEARCH_ATTRIBUTES) - {"OrchPlan"}
    assert {name for names in added for name in names} == set(before)
    assert again == ()
    assert outcome is Outcome.SUCCESS


async def test_an_attribute_of_another_type_is_the_operators_to_settle(server: DevServer) -> None:
    """Plans marked with it could not be begun; the message says what to run."""
    client = await connected(server.address)
    async with another_server(attributes=[]) as other:
        elsewhere = await connected(other.address)
        await _register(elsewhere, "OrchPlan")
        with pytest.raises(Misconfigured, match=r"OrchPlan .* must be of type Keyword; .* remove"):
            await ensure_search_attributes(elsewhere, NAMESPACE)
    assert await ensure_search_attributes(client, NAMESPACE) == ()


async def test_a_sound_server_has_nothing_to_complain_about(
    server: DevServer, tmp_path: Path
) -> None:
    """Its worker is seen; one day of retention, as this server has it, is worth a warning."""
    async with a_process(tmp_path, server.address, task_queue="probed") as process:
        await process.until(await process.begin(a_new_message()), lambda report: report.seq > 0)
        checks = {check.name: check for check in await probe(server.address, "probed")}

    assert {name: check.verdict for name, check in checks.items()} == {
        "temporal server": Verdict.OK,
        "temporal namespace": Verdict.WARNING,
        "temporal search attributes": Verdict.OK,
        "temporal workers": Verdict.OK,
    }
    assert "1 days" in checks["temporal namespace"].finding
    assert "--retention 72h" in checks["temporal namespace"].remedy


async def test_what_a_server_lacks_is_said_with_its_remedy(bare: DevServer) -> None:
    """The command can be copied."""
    checks = {check.name: check for check in await probe(bare.address, "nobody-polls-this")}

    assert checks["temporal search attributes"].verdict is Verdict.PROBLEM
    assert "--name OrchOutcome --type Keyword" in checks["temporal search attributes"].remedy
    assert checks["temporal workers"].verdict is Verdict.WARNING


async def test_a_server_that_is_away_is_said_in_time(server: DevServer) -> None:
    """Nobody waits for minutes, and nothing but `Unavailable` comes of it."""
    [port] = free_ports(1)
    away = TemporalAddress(target=f"{HOST}:{port}", namespace=NAMESPACE)
    began = time.monotonic()
    with pytest.raises(TemporalUnavailable, match=str(port)):
        await connected(away)
    [check] = await probe(away, "tasks")

    assert time.monotonic() - began < 21
    assert (check.name, check.verdict) == ("temporal server", Verdict.PROBLEM)
    assert "TEMPORAL_HOST" in check.remedy


async def test_a_server_that_goes_away_is_unavailable_for_every_call(tmp_path: Path) -> None:
    """Whoever called tries again; it may have happened."""
    name = WorkflowId("orch-1")
    async with another_server() as server:
        client = await connected(server.address)
        workflows = TemporalPlanWorkflows(client, "tasks")
        await asyncio.to_thread(server.kill)
        order, told = Order(workflow=1, workflow_id=name), Told(kind=Telling.RESTARTED, at=1)
        request = Request(action=Action.PAUSE, workflow_id=name, by="ana")
        calls = [
            workflows.start(order, MARKS),
            workflows.tell(name, (told,)),
            workflows.ask(request, 1),
            workflows.report(name),
            workflows.outcome_of(name),
            ensure_search_attributes(client, NAMESPACE),
        ]
        found = await asyncio.gather(*calls, return_exceptions=True)

    assert [type(one) for one in found] == [TemporalUnavailable] * 6


async def test_a_namespace_that_nobody_knows_is_the_operators_fault(server: DevServer) -> None:
    """Trying again would not help; a workflow that nobody knows is another matter."""
    elsewhere = replace(server.address, namespace="nowhere")
    workflows = TemporalPlanWorkflows(await connected(elsewhere), "tasks")
    name = WorkflowId("orch-Namespace")
    with pytest.raises(Misconfigured, match="TEMPORAL_NAMESPACE"):
        await workflows.start(Order(workflow=1, workflow_id=name), MARKS)
    with pytest.raises(Misconfigured, match="TEMPORAL_NAMESPACE"):
        await workflows.report(name)
    [_, problem] = await probe(elsewhere, "tasks")
    ours = TemporalPlanWorkflows(await connected(server.address), "tasks")

    assert (problem.name, problem.verdict) == ("temporal namespace", Verdict.PROBLEM)
    assert await ours.report(name) is None
    assert not await ours.tell(name, (Told(kind=Telling.RESTARTED, at=1),))


async def _register(client: Client, name: str) -> None:
    """Register a search attribute as a text."""
    wanted = {name: IndexedValueType.INDEXED_VALUE_TYPE_TEXT}
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(namespace=NAMESPACE, search_attributes=wanted)
    )
