"""The port `Store`: a workflow goes by many names, and none of them is taken for another."""

import pytest

from orchestrator_dynamic.ports.records import WorkflowRecord
from orchestrator_dynamic.ports.store import Ambiguous, NotFound, Store
from tests.support.kept import Kept
from tests.support.ledgers import a_plan_on_record, a_workflow


def named(key: int, name: str) -> WorkflowRecord:
    """Return a workflow of the decision `name`."""
    return a_workflow(key, workflow_id=f"orch-{name}", decision_id=name, plan_id=f"plan-of-{name}")


@pytest.fixture
async def store(kept: Kept) -> Store:
    """Return a store with three workflows."""
    names = enumerate(("alpha", "beta", "gamma"), start=1)
    return await kept.committed(*(a_plan_on_record(named(key, name)) for key, name in names))


@pytest.mark.parametrize(
    "name", ["orch-alpha", "alpha", "plan-of-alpha", "al", "orch-a", "plan-of-a"]
)
async def test_a_workflow_goes_by_many_names(store: Store, name: str) -> None:
    """People have one id at hand, seldom the one that is asked for."""
    assert (await store.workflow(name)).workflow_id == "orch-alpha"


@pytest.mark.parametrize("name", ["", "delta", "ALPHA", "%", "a_pha", ".*", "^alpha"])
async def test_an_unknown_name_is_said_to_be_unknown(store: Store, name: str) -> None:
    """Marks that mean something to a database mean nothing here."""
    with pytest.raises(NotFound, match="no workflow"):
        await store.workflow(name)


async def test_an_ambiguous_name_lists_what_it_may_mean(store: Store) -> None:
    """The next try must succeed."""
    with pytest.raises(Ambiguous) as refusal:
        await store.workflow("orch-")

    [finding] = refusal.value.findings
    for name in ("orch-alpha", "orch-beta", "orch-gamma"):
        assert name in finding.message


async def test_a_whole_id_counts_before_the_beginning_of_another(kept: Kept) -> None:
    """Else decision-1 could not be named once there is a decision-10."""
    store = await kept.committed(*(a_plan_on_record(a_workflow(key)) for key in (1, 10)))

    for name in ("decision-1", "orch-decision-1", "plan-1"):
        assert (await store.workflow(name)).key == 1


async def test_a_plan_that_ran_twice_must_be_named_by_its_decision(kept: Kept) -> None:
    """Taking the newer one would approve what nobody has looked at."""
    same = [a_plan_on_record(a_workflow(key, plan_id="same")) for key in (1, 2)]
    store = await kept.committed(*same)

    with pytest.raises(Ambiguous, match="orch-decision-2"):
        await store.workflow("same")


async def test_many_candidates_are_not_all_listed(kept: Kept) -> None:
    """A message is read by a person."""
    many = (a_plan_on_record(a_workflow(key)) for key in range(1, 30))
    store = await kept.committed(*many)

    with pytest.raises(Ambiguous) as refusal:
        await store.workflow("orch")

    lines = refusal.value.findings[0].message.splitlines()
    assert len(lines) == 12
    assert lines[-1].strip() == "and more"
