"""Plans that nothing but a person can move: what they wait for, and the command that helps."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator_dynamic.core.execution_state import ExecutionState, Phase
from orchestrator_dynamic.core.explanation import why_plan, why_ticket
from orchestrator_dynamic.core.ticket import Stage

AWAITING_APPROVAL, PAUSED, STARVED = "AWAITING_APPROVAL", "PAUSED", "STARVED"

_MOVES_BY_ITSELF = (Stage.READY, Stage.BACKING_OFF)


@dataclass(frozen=True, slots=True)
class Standstill:
    """Why a plan cannot go on by itself.

    Attributes:
        word: for programs: AWAITING_APPROVAL, PAUSED or STARVED.
        why: for people.
        remedy: what to do about it, a command where there is one.
    """

    word: str
    why: str
    remedy: str


def standstill_of(state: ExecutionState, data_dir: Path | None) -> Standstill | None:
    """Return why only a person can move the plan now; None where something else still can.

    An expiry, a deadline or an incident to come does not count: none of them completes anything.

    Args:
        data_dir: named in commands; None where they find it by themselves.
    """
    if state.phase is Phase.AWAITING_APPROVAL:
        remedy = f"approve it with: {command('approve', state.workflow_id, data_dir)}"
        return Standstill(AWAITING_APPROVAL, why_plan(state), remedy)
    if state.phase is Phase.ENDED or state.in_flight:
        return None
    if state.paused:
        remedy = f"resume it with: {command('resume', state.workflow_id, data_dir)}"
        return Standstill(PAUSED, why_plan(state), remedy)
    if any(state.counts[stage] or state.undo_counts[stage] for stage in _MOVES_BY_ITSELF):
        return None
    if steps := waiting_steps(state):
        return Standstill(AWAITING_APPROVAL, why_plan(state), remedy_for(state, steps, data_dir))
    if state.starved:
        first = state.tickets[next(iter(state.starved))]
        why = f"{why_plan(state)}: task {first.task_id} {why_ticket(state, first)}"
        return Standstill(STARVED, why, "run it with such a worker: --worker MODULE:NAME")
    return None


def waiting_steps(state: ExecutionState) -> tuple[str, ...]:
    """Return the tasks of a running plan that wait for a person to approve them."""
    if not state.counts[Stage.AWAITING_APPROVAL]:
        return ()
    waiting = (state.tickets[number] for number in sorted(state.gated))
    return tuple([one.task_id for one in waiting if one.stage is Stage.AWAITING_APPROVAL])


def remedy_for(state: ExecutionState, steps: Sequence[str], data_dir: Path | None) -> str:
    """Return how to approve `steps` of a running plan."""
    tasks = [text for step in steps for text in ("--task", step)]
    return f"approve with: {command('approve', state.workflow_id, data_dir, *tasks)}"


def command(verb: str, workflow_id: str, data_dir: Path | None, *more: str) -> str:
    """Return a command of ours as it can be pasted into a shell."""
    where = () if data_dir is None else ("--data-dir", str(data_dir))
    return shlex.join(("orq", verb, workflow_id, *more, *where))
