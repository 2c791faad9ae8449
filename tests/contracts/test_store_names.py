"""The port `Store`: a workflow goes by many names, and none of them is taken for another."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator_dynamic.adapters.sqlite import database
from orchestrator_dynamic.adapters.sqlite.store import SqliteStore
from orchestrator_dynamic.ports.records import WorkflowRecord
from orchestrator_dynamic.ports.store import Ambiguous, NotFound, Store
from tests.support.ledgers import a_plan_on_record, a_workflow, committed


def named(key: int, name: str) -> WorkflowRecord:
    """Return a workflow of the decision `name`."""
    return a_workflow(key, workflow_id=f"orch-{name}", decision_id=name, plan_id=f"plan-of-{name}")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Yield the store of a directory with three workflows."""
    names = enumerate(("alpha", "beta", "gamma"), start=1)
    committed(tmp_path, *(a_plan_on_record(named(key, name)) for key, name in names))
    with closing(database.open_for_reading(tmp_path)) as connection:
        yield SqliteStore(connection)


@pytest.mark.parametrize(
    "name", ["orch-alpha", "alpha", "plan-of-alpha", "al", "orch-a", "plan-of-a"]
)
def test_a_workflow_goes_by_many_names(store: Store, name: str) -> None:
    """People have one id at hand, seldom the one that is asked for."""
    assert store.workflow(name).workflow_id == "orch-alpha"


@pytest.mark.parametrize("name", ["", "delta", "ALPHA", "%", "a_pha"])
def test_an_unknown_name_is_said_to_be_unknown(store: Store, name: str) -> None:
    """Marks that mean something to a database mean nothing here."""
    with pytest.raises(NotFound, match="no workflow"):
        store.workflow(name)


def test_an_ambiguous_name_lists_what_it_may_mean(store: Store) -> None:
    """The next try must succeed."""
    with pytest.raises(Ambiguous) as refusal:
        store.workflow("orch-")

    [finding] = refusal.value.findings
    for name in ("orch-alpha", "orch-beta", "orch-gamma"):
        assert name in finding.message


def test_a_whole_id_counts_before_the_beginning_of_another(tmp_path: Path) -> None:
    """Else decision-1 could not be named once there is a decision-10."""
    committed(tmp_path, a_plan_on_record(a_workflow(1)), a_plan_on_record(a_workflow(10)))

    with closing(database.open_for_reading(tmp_path)) as connection:
        store = SqliteStore(connection)

        assert store.workflow("decision-1").key == 1
        assert store.workflow("orch-decision-1").key == 1
        assert store.workflow("plan-1").key == 1


def test_a_plan_that_ran_twice_must_be_named_by_its_decision(tmp_path: Path) -> None:
    """Taking the newer one would approve what nobody has looked at."""
    committed(
        tmp_path,
        a_plan_on_record(a_workflow(1, plan_id="same")),
        a_plan_on_record(a_workflow(2, plan_id="same")),
    )

    with (
        closing(database.open_for_reading(tmp_path)) as connection,
        pytest.raises(Ambiguous, match="orch-decision-2"),
    ):
        SqliteStore(connection).workflow("same")


def test_many_candidates_are_not_all_listed(tmp_path: Path) -> None:
    """A message is read by a person."""
    committed(tmp_path, *(a_plan_on_record(a_workflow(key)) for key in range(1, 30)))

    with (
        closing(database.open_for_reading(tmp_path)) as connection,
        pytest.raises(Ambiguous) as refusal,
    ):
        SqliteStore(connection).workflow("orch")

    lines = refusal.value.findings[0].message.splitlines()
    assert len(lines) == 12
    assert lines[-1].strip() == "and more"
