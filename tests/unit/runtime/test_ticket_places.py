"""Where tickets belong: asked for once, remembered twice, believed only where it makes sense."""

from collections.abc import Mapping, Sequence
from typing import cast

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_dynamic.adapters.memory.cache import MemoryCache
from orchestrator_dynamic.errors import Unavailable
from orchestrator_dynamic.ports.records import TICKETS_PER_WORKFLOW, TicketPlace
from orchestrator_dynamic.ports.shared_ledger import SharedLedger
from orchestrator_dynamic.runtime.ticket_places import (
    TicketPlaces,
    decoded_place,
    encoded_place,
)

PLACES = {f"ticket-{number}": TicketPlace(7, "orch-d1", number) for number in range(10)}

# All that JSON treats otherwise than plain letters.
LETTERS = 'a0-é"\\/\n\x00\u2028😀'


class OnlyPlaces:
    """The part of a shared ledger that is asked here; it notes what it was asked for."""

    def __init__(self, places: Mapping[str, TicketPlace]) -> None:
        self.places = dict(places)
        self.asked: list[list[str]] = []
        self.away = False

    async def places_of(self, ticket_ids: Sequence[str]) -> Mapping[str, TicketPlace]:
        """As the port says."""
        self.asked.append(list(ticket_ids))
        if self.away:
            raise Unavailable("the ledger is away")
        return {id_: self.places[id_] for id_ in ticket_ids if id_ in self.places}


class World:
    """A ledger, a cache that processes share, and as many processes as one likes."""

    def __init__(self) -> None:
        self.ledger = OnlyPlaces(PLACES)
        self.cache = MemoryCache(100, lambda: 0.0)

    def process(self, entries_max: int = 100) -> TicketPlaces:
        """Return what one process has."""
        return TicketPlaces(cast("SharedLedger", self.ledger), self.cache, entries_max)


@pytest.fixture
def world() -> World:
    """Return a world in which nothing has been looked up yet."""
    return World()


async def test_many_places_are_looked_up_in_one_call(world: World) -> None:
    """A batch of answers costs one question to the ledger, not one each."""
    asked = [*PLACES, "ticket-3"]

    assert await world.process().find(asked) == PLACES
    assert world.ledger.asked == [list(PLACES)]


async def test_what_was_looked_up_is_remembered_here(world: World) -> None:
    """The second answer of a ticket, and its heartbeats, cost nothing."""
    places = world.process()
    await places.find(["ticket-1"])

    assert await places.find(["ticket-1", "ticket-2"]) == {
        id_: PLACES[id_] for id_ in ("ticket-1", "ticket-2")
    }
    assert world.ledger.asked == [["ticket-1"], ["ticket-2"]]


async def test_what_another_process_looked_up_is_found_in_the_cache(world: World) -> None:
    """Results reach any process, and the ledger should be asked by one of them."""
    await world.process().find(list(PLACES))
    places = world.process()

    assert await places.find(list(PLACES)) == PLACES
    assert world.ledger.asked == [list(PLACES)]
    assert len(places) == len(PLACES)


async def test_what_is_published_here_is_asked_of_nobody(world: World) -> None:
    """Most answers come back to the process that sent the ticket."""
    places = world.process()
    places.note({"ticket-1": PLACES["ticket-1"]})

    assert await places.find(["ticket-1"]) == {"ticket-1": PLACES["ticket-1"]}
    assert world.ledger.asked == []


async def test_a_ticket_that_nobody_knows_is_asked_for_again(world: World) -> None:
    """An answer can overtake the record of its ticket; not to know must not last."""
    places = world.process()
    assert await places.find(["late"]) == {}
    world.ledger.places["late"] = TicketPlace(8, "orch-d2", 0)

    assert await places.find(["late"]) == {"late": TicketPlace(8, "orch-d2", 0)}


async def test_no_more_is_remembered_than_fits(world: World) -> None:
    """A process that runs for months stays as small as it is; the least used goes first."""
    world.cache = MemoryCache(0, lambda: 0.0)
    places = world.process(entries_max=2)
    await places.find(["ticket-1", "ticket-2"])
    await places.find(["ticket-1"])
    await places.find(["ticket-3"])
    world.ledger.asked.clear()

    assert len(places) == 2
    assert set(await places.find(["ticket-1", "ticket-3"])) == {"ticket-1", "ticket-3"}
    assert world.ledger.asked == []


async def test_a_ticket_that_is_published_again_stays_longer(world: World) -> None:
    """Another attempt is news of a ticket, whose answer is yet to come."""
    world.cache = MemoryCache(0, lambda: 0.0)
    places = world.process(entries_max=2)
    for ticket_id in ("ticket-1", "ticket-2", "ticket-1", "ticket-3"):
        places.note({ticket_id: PLACES[ticket_id]})

    await places.find(["ticket-1", "ticket-3"])

    assert world.ledger.asked == []


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"not json",
        b"\xff\xfe",
        b"[" * 5_000,
        b"null",
        b'{"workflow": 7}',
        b'["ticket-1", 9, "orch-other"]',
        b'["ticket-1", 9, "orch-other", 0, 1]',
        b'["ticket-1", "9", "orch-other", 0]',
        b'["ticket-1", 9.0, "orch-other", 0]',
        b'["ticket-1", true, "orch-other", 0]',
        b'["ticket-1", 9, "orch-other", false]',
        b'["ticket-1", 0, "orch-other", 0]',
        b'["ticket-1", 9, "", 0]',
        b'["ticket-1", 9, null, 0]',
        b'["ticket-1", 9, "orch-other", -1]',
        b'["ticket-1", 9, "orch-other", 1048576]',
        b'["ticket-2", 9, "orch-other", 0]',
    ],
)
async def test_garbage_in_the_cache_is_not_believed(world: World, garbage: bytes) -> None:
    """A cache may hold anything, another ticket's place included; the ledger then has the word."""
    await world.cache.put({"place:ticket-1": garbage}, 60)

    assert await world.process().find(["ticket-1"]) == {"ticket-1": PLACES["ticket-1"]}
    # What was wrong has been put right for the others.
    assert await world.process().find(["ticket-1"]) == {"ticket-1": PLACES["ticket-1"]}
    assert world.ledger.asked == [["ticket-1"]]


async def test_a_ledger_that_is_away_is_said_so(world: World) -> None:
    """Not to know and not to be able to ask are different things: the second is tried again."""
    world.ledger.away = True

    with pytest.raises(Unavailable):
        await world.process().find(["ticket-1"])


@given(
    ticket_id=st.text(LETTERS),
    place=st.builds(
        TicketPlace,
        st.integers(1, 2**40),
        st.text(LETTERS, min_size=1),
        st.integers(0, TICKETS_PER_WORKFLOW - 1),
    ),
)
def test_a_place_is_read_as_it_was_written(ticket_id: str, place: TicketPlace) -> None:
    """Every place that there can be fits into the cache."""
    assert decoded_place(ticket_id, encoded_place(ticket_id, place)) == place


@given(
    st.binary()
    | st.recursive(
        st.none() | st.booleans() | st.integers(-5, 2**70) | st.floats() | st.text("ab"),
        lambda inner: st.lists(inner, max_size=5),
    ).map(lambda told: orjson.dumps(told) if _fits(told) else b"")
)
def test_any_bytes_give_a_sound_place_or_none(value: bytes) -> None:
    """Nothing in the cache can stop the engine."""
    place = decoded_place("a", value)

    assert place is None or (place.workflow >= 1 and place.workflow_id and place.number >= 0)


def _fits(told: object) -> bool:
    """Tell whether JSON can hold every number of `told`."""
    if isinstance(told, list):
        return all(map(_fits, told))
    return not isinstance(told, int) or -(2**63) <= told < 2**64
