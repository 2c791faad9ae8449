"""Random histories: what a driver could tell one plan, in an order that could come about."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from orchestrator_dynamic.core import facts
from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.errors import Finding, Severity
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from tests.support.moves import MOODS, fact_of, moves
from tests.support.plan_strategies import SUPPLIES, decisions, policies
from tests.support.story import Story

LENGTH_MAX = 60
INVALID = Finding("dependency_cycle", Severity.ERROR, "cognitive_plan.tasks", "a → a")
DUBIOUS = Finding("order_disagrees", Severity.WARNING, "cognitive_plan.execution_order", "b, a")
FINDINGS: list[tuple[Finding, ...]] = [*[()] * 20, (DUBIOUS,), (INVALID, DUBIOUS)]


@dataclass(frozen=True, slots=True)
class History:
    """A decision, and everything that has happened to it."""

    decision: ConsolidatedDecision
    facts: tuple[facts.Fact, ...]

    def retold(self) -> Iterator[Story]:
        """Yield one story again and again, each time with one more of the facts told."""
        story = Story(self.decision)
        for fact in self.facts:
            story.tell(fact)
            yield story

    def story(self) -> Story:
        """Return the story with all its facts told."""
        return list(self.retold())[-1]

    def __repr__(self) -> str:
        plan = self.decision.cognitive_plan
        tasks = [f"  {t.task_id} {t.task_type} after {t.dependencies}" for t in plan.tasks]
        return "\n".join(["", f"{plan.risk_band}:", *tasks, *(f"  {fact}" for fact in self.facts)])


@st.composite
def histories(
    draw: st.DrawFn,
    decision: st.SearchStrategy[ConsolidatedDecision] | None = None,
    policy: st.SearchStrategy[Policy] | None = None,
    *,
    moods: Sequence[Mapping[str, int]] = MOODS,
    without: str = "",
    length_max: int = LENGTH_MAX,
) -> History:
    """Draw a history; by default of any decision, with everything that can befall it.

    Args:
        moods: how often each kind of move is drawn; one of them for each history.
        without: kinds of moves that do not happen, with spaces between them.
    """
    story = Story(draw(decisions() if decision is None else decision))
    numbers = draw(policies() if policy is None else policy)
    supply = draw(st.sampled_from([*[None] * 8, *SUPPLIES]))
    story.accept(numbers, *draw(st.sampled_from(FINDINGS)), workers=supply)
    mood = draw(st.sampled_from(moods))
    chosen = moves({kind: n for kind, n in mood.items() if kind not in without.split()})
    # The length is drawn first, for lists left to themselves are mostly short; half are long.
    lengths = [*range(length_max), *[length_max] * length_max]
    after_the_end = 0
    for _ in range(draw(st.sampled_from(lengths))):
        story.tell(fact_of(story, draw(chosen)))
        after_the_end += story.ended
        if after_the_end > 2:
            break
    return History(story.state.decision, tuple(story.journal))
