"""Where a plan is after a turn, in as few words as its operators need."""

from collections.abc import Iterable, Iterator, Mapping
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
_NAMES_LENGTH_MAX = 20_000
_TEXT_LENGTH_MAX = 2_000

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
    under_way = (state.tickets[number] for number in _followed(plan, changed))
    return TurnReport(
        seq=plan.seq,
        alarm=plan.execution.alarm,
        phase=HALTED if plan.halted else state.phase.value,
        paused=state.paused,
        outcome=None if state.outcome is None else state.outcome.value,
        reason=_short(state.verdict),
        stages={stage.value: count for stage, count in state.counts.items() if count},
        under_way=tuple(_glance(ticket) for ticket in _some(under_way)),
        steps=_steps(state),
        why=_short(why_plan(state)),
        replies={name: (reply.accepted, _short(reply.text)) for name, reply in replies.items()},
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
    named = _some(one for one in waiting if one.stage is Stage.AWAITING_APPROVAL)
    return tuple(one.task_id for one in named)


def _some(tickets: Iterable[Ticket]) -> Iterator[Ticket]:
    """Yield the first of `tickets`, as many as can be named; a name may be a text of 64 KiB."""
    room = _NAMES_LENGTH_MAX
    for ticket in islice(tickets, _NAMED_MAX):
        room -= len(ticket.task_id)
        if room < 0:
            return
        yield ticket


def _short(text: str) -> str:
    return text if len(text) <= _TEXT_LENGTH_MAX else f"{text[: _TEXT_LENGTH_MAX - 1]}…"


def _glance(ticket: Ticket) -> TicketGlance:
    return TicketGlance(task_id=ticket.task_id, stage=ticket.stage.value, attempt=ticket.attempt)
