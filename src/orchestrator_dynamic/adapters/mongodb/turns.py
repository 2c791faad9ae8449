"""How late a batch is, so that what an older turn recorded never replaces what a newer one did.

A batch is as late as the last of its facts about a plan. Where it has none it is later than all
others: it goes between the journal's last fact and the next, and a counter puts those that share
this place in the order in which they came.
"""

from collections.abc import Mapping
from typing import NamedTuple

from orchestrator_dynamic.adapters.mongodb.database import Mongo
from orchestrator_dynamic.adapters.mongodb.journal import Journal
from orchestrator_dynamic.adapters.mongodb.together import each


class Late(NamedTuple):
    """How late: twice the number of a fact, or one more than that; then by counter."""

    turn: int
    then: int = 0

    @property
    def factless(self) -> bool:
        """Whether it came with no fact, so that it is later than what is there."""
        return self.turn % 2 == 1


async def lateness(
    mongo: Mongo, journal: Journal, workflows: set[int], lasts: Mapping[int, int], *, alone: bool
) -> dict[int, Late]:
    """Return how late a batch is about each of `workflows`.

    Args:
        lasts: the last of its facts about each plan that it has facts about.
        alone: nobody else appends to these journals, so that what is remembered of them is true.
    """
    late = {workflow: Late(2 * last) for workflow, last in lasts.items()}
    if not (factless := sorted(workflows - late.keys())):
        return late
    then = await mongo.counted("factless")

    async def look(workflow: int) -> None:
        end = journal.known_end(workflow) if alone else None
        if end is None:
            end = await journal.end(workflow)
        late[workflow] = Late(2 * end + 1, then)

    await each(factless, look)
    return late
