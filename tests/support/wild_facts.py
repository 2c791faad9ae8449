"""Facts that make no sense: any ticket, any attempt, any moment, whatever the plan is at."""

from math import prod

from hypothesis import strategies as st

from orchestrator_dynamic.core import facts
from orchestrator_dynamic.core.policy import Policy
from tests.support.messages import NOON
from tests.support.moves import CHANCES
from tests.support.plan_strategies import SUPPLIES, digits

MOMENTS = [0, 1, 60_000, 61_000, 500_000, 10_000_000, -100_000]


def wild_facts(tickets: int) -> st.SearchStrategy[facts.Fact]:
    """Draw facts that make no sense where they are told, at moments in any order.

    Args:
        tickets: their numbers are below this.
    """
    attempts = [None, *range(8)]
    bases = (13, tickets, len(attempts), tickets, len(MOMENTS), len(CHANCES), len(SUPPLIES))

    def read(drawn: int) -> facts.Fact:
        kind, number, turn, other, moment, chance, supply = digits(drawn, *bases)
        return _wild(
            kind,
            NOON + MOMENTS[moment],
            (number, other),
            attempts[turn],
            CHANCES[chance],
            SUPPLIES[supply],
        )

    return st.integers(0, prod(bases) - 1).map(read)


def _wild(
    kind: int,
    at: int,
    numbers: tuple[int, int],
    attempt: int | None,
    chance: float,
    workers: tuple[facts.WorkerSkills, ...] | None,
) -> facts.Fact:
    steps = None if chance > 0.5 else numbers
    several = tuple((number, attempt or 1) for number in numbers)
    wild: list[facts.Fact] = [
        facts.TicketsPublished(at=at, tickets=several),
        facts.TicketStarted(at=at, ticket=numbers[0], attempt=attempt, agent="w-3"),
        facts.TicketSucceeded(at=at, ticket=numbers[0], attempt=attempt, agent="w-3"),
        facts.TicketFailed(
            at=at,
            ticket=numbers[0],
            attempt=attempt,
            agent="w-3",
            error="it broke",
            retryable=chance > 0,
            chance=chance,
        ),
        facts.TicketsReturned(at=at, tickets=several),
        facts.TimePassed(at=at, chance=chance),
        facts.WorkersChanged(at=at, workers=workers),
        facts.ApprovalGiven(at=at, by="ann", tickets=steps),
        facts.ApprovalRefused(at=at, by="bob", tickets=steps),
        facts.CancelRequested(at=at, by="ann"),
        facts.PauseRequested(at=at, by="ann"),
        facts.ResumeRequested(at=at, by="ann"),
        facts.DecisionAccepted(at=at, policy=Policy(), workers=workers),
    ]
    return wild[kind]
