"""What has happened since somebody last looked."""

from orchestrator_dynamic.cli.happenings import Mood, Onlooker
from orchestrator_dynamic.core import facts
from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.runtime.open_plan import OpenPlan
from tests.support.messages import NOON, a_decision, a_plan
from tests.support.plans import SECOND, a_task, an_execution


class Watched:
    """A plan that is looked at after each thing that happens to it."""

    def __init__(self) -> None:
        boil = a_task("boil")
        plan = a_plan(boil, a_task("pour", after="boil"), destructive_tasks=("pour",))
        self._plan = OpenPlan(1, an_execution(a_decision(plan)))
        self._onlooker = Onlooker()
        self.after(facts.DecisionAccepted(at=NOON, policy=Policy()))

    def after(self, fact: facts.Fact) -> list[tuple[str, Mood]]:
        """Return what a look after `fact` tells."""
        self._plan.execution.apply(fact)
        return [(one.text, one.mood) for one in self._onlooker.look([self._plan], NOON)]


def failed(attempt: int, *, retryable: bool) -> facts.Fact:
    """Return the failure of an attempt at the first task."""
    return facts.TicketFailed(
        at=NOON, ticket=0, attempt=attempt, agent="w", error="cold", retryable=retryable, chance=0.5
    )


def test_a_completed_task_is_told_once_with_who_did_it() -> None:
    """News that are repeated are no news."""
    watched = Watched()
    done = facts.TicketSucceeded(at=NOON, ticket=0, attempt=1, agent="kettle")

    told, again = watched.after(done), watched.after(done)

    assert told == [
        ("boil completed by kettle", Mood.GOOD),
        ("pour waits for a person to approve it", Mood.PERSON),
    ]
    assert again == []


def test_a_retry_is_told_with_its_reason_and_its_wait_and_then_its_begin() -> None:
    """A person sees that nothing has to be done."""
    watched = Watched()

    told = watched.after(failed(1, retryable=True))
    watched.after(facts.TimePassed(at=NOON + 2 * SECOND, chance=0.5))
    again = watched.after(facts.TicketsPublished(at=NOON + 2 * SECOND, tickets=((0, 2),)))

    assert told == [("boil: attempt 1 failed (cold); again in 1.0 s", Mood.BAD)]
    assert again == [("boil runs again, attempt 2", Mood.GOOD)]


def test_a_failure_for_good_is_told() -> None:
    """What follows from it is told when it happens."""
    told = Watched().after(failed(1, retryable=False))

    assert told == [("boil failed for good: cold", Mood.BAD)]
