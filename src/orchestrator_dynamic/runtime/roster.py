"""Who is there to execute tickets: workers of this process for good, others while they are heard.

A worker that asks for tickets is known while it asks, while it has leases, and for a patience
after; so that what nobody can execute is said to wait for a worker, and goes on when one comes.
"""

from collections.abc import Callable, Iterable, Sequence

from orchestrator_dynamic.core.facts import WorkerSkills
from orchestrator_dynamic.models.worker import WorkerProfile
from orchestrator_dynamic.runtime.engine import skills_of

# A worker that is stopped and started anew is not missed meanwhile.
PATIENCE_MS = 60_000


class _Present:
    """One worker: what it can, how often it is asking at this moment, when it was last heard."""

    __slots__ = ("asking", "heard_at", "profile")

    def __init__(self, profile: WorkerProfile) -> None:
        self.profile = profile
        self.asking = 0
        self.heard_at = 0


class Roster:
    """Known workers, by name. One name has one set of skills: those it asked with last."""

    def __init__(
        self,
        ours: Sequence[WorkerProfile],
        on_change: Callable[[tuple[WorkerSkills, ...]], None],
        patience_ms: int = PATIENCE_MS,
    ) -> None:
        """Begin with the workers of this process.

        Args:
            on_change: is told what all known workers can, whenever that is something new.
        """
        self._ours = tuple(ours)
        self._on_change = on_change
        self._patience_ms = patience_ms
        self._present: dict[str, _Present] = {}
        self._told = skills_of(self._ours)

    def __len__(self) -> int:
        """How many workers of other processes are known."""
        return len(self._present)

    def knows(self, worker_id: str) -> bool:
        """Return whether this worker of another process is known."""
        return worker_id in self._present

    def asks(self, profile: WorkerProfile, now: int) -> None:
        """Note that a worker asks for tickets; `rests` must follow."""
        present = self._present.get(profile.worker_id)
        news = present is None or present.profile != profile
        if present is None:
            present = self._present[profile.worker_id] = _Present(profile)
        present.profile, present.heard_at = profile, now
        present.asking += 1
        if news:
            self._tell()

    def rests(self, worker_id: str, now: int) -> None:
        """Note that a worker asks no more."""
        present = self._present[worker_id]
        present.asking -= 1
        present.heard_at = now

    def heard(self, worker_id: str, now: int) -> None:
        """Note that a worker has said something."""
        if present := self._present.get(worker_id):
            present.heard_at = now

    def forget_silent(self, busy: Callable[[str], bool], now: int) -> None:
        """Forget workers that neither ask nor work, and were not heard for the patience."""
        silent = [
            name
            for name, one in self._present.items()
            if not one.asking and one.heard_at + self._patience_ms <= now and not busy(name)
        ]
        for name in silent:
            del self._present[name]
        if silent:
            self._tell()

    def is_ours(self, worker_id: str) -> bool:
        """Return whether a worker of this process has this name."""
        return any(profile.worker_id == worker_id for profile in self._ours)

    def _tell(self) -> None:
        others: Iterable[WorkerProfile] = (one.profile for one in self._present.values())
        skills = skills_of([*self._ours, *others])
        if skills != self._told and skills is not None:
            self._told = skills
            self._on_change(skills)
