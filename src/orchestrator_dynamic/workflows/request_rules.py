"""Requests that cannot be carried out are refused before they become part of the history."""

from temporalio.exceptions import ApplicationError

from orchestrator_dynamic.core.execution_state import Phase
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.ports.orchestrator import Action
from orchestrator_dynamic.ports.plan_workflows import TurnReport, Wish

REFUSED = "request_refused"


def refuse_unless(report: TurnReport, action: Action, wish: Wish) -> None:
    """Make sure that a plan where `report` has it can do what an operator asks for.

    What is not known here (whether a step of this name waits) the turn itself finds out.

    Raises:
        ApplicationError: it cannot; its message says why, for people.
    """
    if not wish.by.strip():
        raise _refusal("say by whom: `by` is empty")
    if report.outcome is not None:
        raise _refusal(f"it has ended {report.outcome}")
    match action:
        case Action.APPROVE | Action.REJECT:
            steps = report.stages.get(Stage.AWAITING_APPROVAL, 0)
            if report.seq and report.phase != Phase.AWAITING_APPROVAL and not steps:
                raise _refusal("nothing in it waits for approval now")
        case Action.CANCEL:
            if report.phase in (Phase.COMPENSATING, Phase.CANCELLING):
                raise _refusal(f"it is {report.phase.lower()} already")
        case Action.PAUSE:
            if report.paused:
                raise _refusal("it is paused already")
        case Action.RESUME:
            if report.seq and not report.paused:
                raise _refusal("it is not paused")


def _refusal(why: str) -> ApplicationError:
    return ApplicationError(why, type=REFUSED, non_retryable=True)
