"""When each plan wants to be told that time has passed; the earliest first."""

from heapq import heappop, heappush


class Timers:
    """One moment for each plan, in epoch ms, by its workflow key."""

    def __init__(self) -> None:
        self._moments: dict[int, int] = {}
        self._entries: list[tuple[int, int]] = []

    def set(self, workflow: int, moment: int | None) -> None:
        """Make `moment` the plan's next one; None where time changes nothing about it."""
        if moment is None:
            self._moments.pop(workflow, None)
        elif self._moments.get(workflow) != moment:
            self._moments[workflow] = moment
            heappush(self._entries, (moment, workflow))

    def earliest(self) -> int | None:
        """Return the earliest moment of all plans, or None."""
        entries = self._entries
        while entries and self._moments.get(entries[0][1]) != entries[0][0]:
            heappop(entries)
        return entries[0][0] if entries else None

    def take_due(self, now: int) -> list[int]:
        """Return the plans whose moment has come, the earliest first; it is used up."""
        due: list[int] = []
        while (moment := self.earliest()) is not None and moment <= now:
            workflow = heappop(self._entries)[1]
            del self._moments[workflow]
            due.append(workflow)
        return due
