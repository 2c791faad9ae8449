"""Going on with a turn that did not end, from what its journal has of it.

Whoever took the turn first may have died after any step, and its workflow then has the same things
told again, perhaps with more that has come since. What is in the journal is told to the plan as it
stands there, so that what follows is carried out once more; of what the workflow has told, only the
rest is news. An answer that names no attempt could otherwise be heard as one about the next.
"""

from collections import deque
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

from orchestrator_dynamic.core import facts
from orchestrator_dynamic.core.answers import answer_of
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.ports.orchestrator import Reply, Request
from orchestrator_dynamic.ports.plan_workflows import Telling, Told
from orchestrator_dynamic.runtime.open_plan import OpenPlan
from orchestrator_dynamic.runtime.operators import DONE, Ask, request_in, was_carried_out
from orchestrator_dynamic.runtime.plan_replicas import Replica
from orchestrator_dynamic.runtime.step import Step
from orchestrator_dynamic.runtime.teller import Teller
from orchestrator_dynamic.wire import fact_json


def retell(
    replica: Replica, all_told: Sequence[Told], teller: Teller, step: Step
) -> tuple[Sequence[Told], dict[str, Reply]]:
    """Tell the plan what its journal has beyond; return what of `all_told` is news to it.

    And the replies to requests that are in the journal already.
    """
    plan = replica.plan
    if not replica.beyond:
        return all_told, {}
    waiting = _by_meaning(all_told)
    known: set[int] = set()
    for record, fact in replica.beyond:
        result = None
        if numbered := waiting.get(_meaning(fact)):
            number, result = numbered.popleft()
            known.add(number)
        teller.tell(plan, fact, step, result)
        if plan.halted:
            return (), {}
        # As it is kept, whatever version wrote it: the ledger compares word for word.
        step.batch.facts[-1] = record
    # What was handed over since is in the journal, too, and need not leave again.
    step.dispatches = [
        one for one in step.dispatches if _still_leaving(plan, one[1], one[2].attempt)
    ]
    rest = [told for number, told in enumerate(all_told) if number not in known]
    return _without_known_demands(plan, [fact for _, fact in replica.beyond], rest)


def _by_meaning(
    all_told: Sequence[Told],
) -> Mapping[Hashable, deque[tuple[int, ExecutionResult | None]]]:
    """Return, by the fact that each would be, what was told as facts and answers."""
    found: dict[Hashable, deque[tuple[int, ExecutionResult | None]]] = {}
    for number, told in enumerate(all_told):
        result: ExecutionResult | None = None
        fact: facts.Fact | None = None
        if told.kind is Telling.RESULT:
            result = ExecutionResult.model_validate_json(told.body)
            fact = answer_of(result, told.number or 0, told.at, 0.0)
        elif told.kind is Telling.FACT:
            fact = fact_json.decode(told.name, told.version, told.body)
        if fact is not None:
            found.setdefault(_meaning(fact), deque()).append((number, result))
    return found


def _meaning(fact: facts.Fact) -> Hashable:
    """Return what makes two facts the same: all but the chance that was drawn for them."""
    if isinstance(fact, facts.TicketFailed | facts.TimePassed):
        return replace(fact, chance=0.0)
    return fact


def _still_leaving(plan: OpenPlan, number: int, attempt: int) -> bool:
    ticket = plan.state.tickets[number]
    return ticket.stage is Stage.PUBLISHING and ticket.attempt == attempt


def _without_known_demands(
    plan: OpenPlan, kept: Sequence[facts.Fact], all_told: Sequence[Told]
) -> tuple[Sequence[Told], dict[str, Reply]]:
    """Leave out what people and restarts asked for, where it is among the facts that are kept."""
    rest: list[Told] = []
    replies: dict[str, Reply] = {}
    asked = [fact for fact in kept if isinstance(fact, Ask)]
    returned = {fact.at for fact in kept if isinstance(fact, facts.TicketsReturned)}
    for told in all_told:
        if told.kind is Telling.RESTARTED and told.at in returned:
            continue
        if told.kind is Telling.REQUEST:
            request = request_in(told.body, plan.state.workflow_id)
            done = [fact for fact in asked if _is_what(plan, request, fact)]
            if done:
                # One fact carries out one request: who pauses twice has resumed in between.
                asked.remove(done[0])
                replies[told.name] = Reply(True, DONE[request.action])
                continue
        rest.append(told)
    return rest, replies


def _is_what(plan: OpenPlan, request: Request, fact: Ask) -> bool:
    """Return whether `fact` is what `request` asks for."""
    if not was_carried_out(request, [fact]) or fact.reason != request.reason:
        return False
    if not isinstance(fact, facts.ApprovalGiven | facts.ApprovalRefused):
        return True
    if fact.tickets is None or request.tasks is None:
        return fact.tickets is None and request.tasks is None
    return [plan.state.tickets[number].task_id for number in fact.tickets] == [*request.tasks]
