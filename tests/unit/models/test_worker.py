"""Which worker can do which task."""

import pytest
from pydantic import ValidationError

from orchestrator_dynamic.models.vocabulary import TaskType
from orchestrator_dynamic.models.worker import WorkerProfile


def a_worker(**fields: object) -> WorkerProfile:
    """Return a worker that takes anything, unless `fields` say otherwise."""
    return WorkerProfile.model_validate({"worker_id": "worker-1", **fields})


def test_a_worker_that_names_nothing_takes_anything() -> None:
    """Most workers do not announce what they can."""
    assert a_worker().can_execute(TaskType.DEPLOY, ["gpu"])


def test_a_worker_takes_only_the_types_that_it_names() -> None:
    """A ticket that it does not know would be lost with it."""
    worker = a_worker(task_types=[TaskType.BUILD, TaskType.TEST])

    assert worker.can_execute(TaskType.TEST, [])
    assert not worker.can_execute(TaskType.DEPLOY, [])


def test_a_worker_must_have_every_capability() -> None:
    """Having one of two is not having them."""
    worker = a_worker(capabilities=["python", "gpu"])

    assert worker.can_execute(TaskType.BUILD, ["gpu", "python"])
    assert worker.can_execute(TaskType.BUILD, [])
    assert not worker.can_execute(TaskType.BUILD, ["gpu", "rust"])


def test_capabilities_do_not_make_up_for_the_type() -> None:
    """Both are asked for."""
    worker = a_worker(task_types=[TaskType.BUILD], capabilities=["gpu"])

    assert not worker.can_execute(TaskType.TEST, ["gpu"])


def test_a_worker_works_on_one_ticket_at_least() -> None:
    """One that works on none would hold tickets for ever."""
    assert a_worker().concurrency == 1
    with pytest.raises(ValidationError):
        a_worker(concurrency=0)
