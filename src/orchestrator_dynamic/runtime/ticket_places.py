"""Where tickets belong, found without asking the ledger twice.

Answers of workers name a ticket, and what is wanted is its plan. A place never changes once it is
known, so that whatever was remembered of it, here or in the cache, is as good as the ledger's word.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

import orjson

from orchestrator_dynamic.ports.cache import Cache
from orchestrator_dynamic.ports.records import TICKETS_PER_WORKFLOW, TicketPlace
from orchestrator_dynamic.ports.shared_ledger import SharedLedger

# Longer than most plans live. What has been forgotten is looked up again.
CACHED_S = 24 * 60 * 60


class TicketPlaces:
    """Finds places: in this process, then in the cache, then in the ledger, in one call each.

    Args:
        entries_max: how many places are kept in this process; those unused for longest go first.
    """

    def __init__(self, ledger: SharedLedger, cache: Cache, entries_max: int) -> None:
        self._ledger = ledger
        self._cache = cache
        self._entries_max = entries_max
        self._known: OrderedDict[str, TicketPlace] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def note(self, places: Mapping[str, TicketPlace]) -> None:
        """Remember, in this process, places of tickets that are published here."""
        for ticket_id, place in places.items():
            self._known[ticket_id] = place
            self._known.move_to_end(ticket_id)
        while len(self._known) > self._entries_max:
            self._known.popitem(last=False)

    async def find(self, ticket_ids: Sequence[str]) -> Mapping[str, TicketPlace]:
        """Return where tickets belong; those that nobody knows are left out, and asked for again.

        Raises:
            Unavailable: the ledger was needed, and cannot be reached now.
            Misconfigured: the ledger was needed, and refuses us.
        """
        wanted = dict.fromkeys(ticket_ids)
        found = self._recalled(wanted)
        if missing := [ticket_id for ticket_id in wanted if ticket_id not in found]:
            cached = await self._cached(missing)
            self.note(cached)
            found |= cached
        if missing := [ticket_id for ticket_id in wanted if ticket_id not in found]:
            found |= await self.find_anew(missing)
        return found

    async def find_anew(self, ticket_ids: Sequence[str]) -> Mapping[str, TicketPlace]:
        """Return where the ledger says that tickets belong, whatever was remembered before.

        Raises:
            Unavailable: the ledger cannot be reached now.
            Misconfigured: the ledger refuses us.
        """
        looked_up = await self._ledger.places_of(ticket_ids)
        self.note(looked_up)
        await self._cache.put(
            {_key(id_): encoded_place(id_, place) for id_, place in looked_up.items()}, CACHED_S
        )
        return looked_up

    def _recalled(self, ticket_ids: Mapping[str, None]) -> dict[str, TicketPlace]:
        found: dict[str, TicketPlace] = {}
        for ticket_id in ticket_ids:
            if (place := self._known.get(ticket_id)) is not None:
                self._known.move_to_end(ticket_id)
                found[ticket_id] = place
        return found

    async def _cached(self, ticket_ids: Sequence[str]) -> dict[str, TicketPlace]:
        values = await self._cache.get([_key(ticket_id) for ticket_id in ticket_ids])
        found: dict[str, TicketPlace] = {}
        for ticket_id in ticket_ids:
            value = values.get(_key(ticket_id))
            if value is not None and (place := decoded_place(ticket_id, value)) is not None:
                found[ticket_id] = place
        return found


def encoded_place(ticket_id: str, place: TicketPlace) -> bytes:
    """Return how a place is cached: compact JSON, which names the ticket that it is of."""
    return orjson.dumps([ticket_id, *place])


def decoded_place(ticket_id: str, value: bytes) -> TicketPlace | None:
    """Return the place of this ticket that `value` tells, or None where it tells none.

    The ticket must be named in it: clients of caches have mixed up answers before, and an answer
    about another ticket would look as sound as this one's.
    """
    try:
        told = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    match told:
        case [str(named), int(workflow), str(workflow_id), int(number)]:
            pass
        case _:
            return None
    # True and False are integers to Python.
    if isinstance(workflow, bool) or isinstance(number, bool) or named != ticket_id:
        return None
    if workflow < 1 or not workflow_id or not 0 <= number < TICKETS_PER_WORKFLOW:
        return None
    return TicketPlace(workflow, workflow_id, number)


def _key(ticket_id: str) -> str:
    return f"place:{ticket_id}"
