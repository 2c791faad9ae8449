"""Where a plan is after a turn, in as few words as its operators need."""

from collections.abc import Iterable, Mapping
from itertools import islice

from orchestrator_dynamic.core.execution_state import ExecutionState
from orchestrator_dynamic.core.explanation import why_plan
from orchestrator_dynamic.core.ticket import Stage, Ticket
from orchestrator_dynamic.ports.orchestrator import Reply
from orchestrator_dynamic.ports.plan_workflows import TicketGlance, TurnReport
from orchestrator_dynamic.runtime.halting import HALTED
from orchestrator_dynamic.runtime.open_plan import OpenPlan

# A server keeps a report for each turn; whoever wants all tickets asks the store.
_NAMED_MAX = 100

_UNDER_WAY = frozenset(
    {
        Stage.AWAITING_APPROVAL,
        Stage.STARVED,
        Stage.PUBLISHING,
        Stage.RUNNING,
        Stage.BACKING_OFF,
    }
)


def report_on(
    plan: OpenPlan, changed: Iterable[Ticket], replies: Mapping[str, Reply]
) -> TurnReport:
    """Return the report on `plan`.

    Args:
        changed: at least the tickets that have changed since the last report, so that a report
            costs what has changed and not the size of the plan.
    """
    state = plan.state
    under_way = [state.tickets[number] for number in islice(_followed(plan, changed), _NAMED_MAX)]
    return TurnReport(
        seq=plan.seq,
        alarm=plan.execution.alarm,
        phase=HALTED if plan.halted else state.phase.value,
        paused=state.paused,
        outcome=None if state.outcome is None else state.outcome.value,
        reason=state.verdict,
        stages={stage.value: count for stage, count in state.counts.items() if count},
        under_way=tuple(_glance(ticket) for ticket in under_way),
        steps=_steps(state),
        why=why_plan(state),
        replies={name: (reply.accepted, reply.text) for name, reply in replies.items()},
    )


def _followed(plan: OpenPlan, changed: Iterable[Ticket]) -> Iterable[int]:
    if plan.under_way is None:
        plan.under_way, changed = {}, plan.state.tickets
    for ticket in changed:
        if ticket.stage in _UNDER_WAY:
            plan.under_way[ticket.number] = None
        else:
            plan.under_way.pop(ticket.number, None)
    return plan.under_way


def _steps(state: ExecutionState) -> tuple[str, ...]:
    if not state.counts[Stage.AWAITING_APPROVAL]:
        return ()
    waiting = (state.tickets[number] for number in sorted(state.gated))
    named = (one.task_id for one in waiting if one.stage is Stage.AWAITING_APPROVAL)
    return tuple(islice(named, _NAMED_MAX))


def _glance(ticket: Ticket) -> TicketGlance:
    return TicketGlance(task_id=ticket.task_id, stage=ticket.stage.value, attempt=ticket.attempt)
