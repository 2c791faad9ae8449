"""Which tickets some known worker can execute. Source: rules, "C3 Allocate"."""

from collections.abc import Iterable

from orchestrator_dynamic.core.facts import WorkerSkills


class Supply:
    """The skills of the known workers; None of them are known where there is no registry.

    Answers are remembered by what is required, so that a plan of 100,000 tickets with a
    dozen kinds of requirements asks a dozen times.
    """

    __slots__ = ("_answers", "workers")

    def __init__(self, workers: tuple[WorkerSkills, ...] | None) -> None:
        self.workers = workers
        self._answers: dict[tuple[str, tuple[str, ...]], bool] = {}

    def serves(self, task_type: str, required: tuple[str, ...]) -> bool:
        """Return whether some known worker can execute this; always, without a registry."""
        if self.workers is None:
            return True
        key = (task_type, required)
        answer = self._answers.get(key)
        if answer is None:
            answer = any(_can(worker, task_type, required) for worker in self.workers)
            self._answers[key] = answer
        return answer

    @property
    def allocation_method(self) -> str:
        """How tickets find their workers, for the ticket's metadata."""
        return "any_worker" if self.workers is None else "by_capability"


def _can(worker: WorkerSkills, task_type: str, required: Iterable[str]) -> bool:
    knows_type = not worker.task_types or task_type in worker.task_types
    return knows_type and (
        not worker.capabilities or all(name in worker.capabilities for name in required)
    )
