"""The person in the demonstration, who approves what waits for approval."""

import asyncio

from orchestrator_dynamic.bootstrap.embedded import Application
from orchestrator_dynamic.cli.demo_audience import DemoAudience
from orchestrator_dynamic.cli.happenings import Mood
from orchestrator_dynamic.cli.standstill import waiting_steps
from orchestrator_dynamic.ports.orchestrator import Action, Request
from orchestrator_dynamic.runtime.open_plan import OpenPlan

OPERATOR = "demo-operator"

_REASON = "the new table has been compared with the old one"
_LOOK_EVERY_S = 0.1
# As long as somebody who watches needs to see that a step waits.
_MOMENT_S = 1.5


async def approve_what_waits(app: Application, audience: DemoAudience) -> None:
    """Be the person who sees steps that wait, looks at them for a moment, and approves."""
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        for plan in [plan for plan in app.engine.plans if waiting_steps(plan.state)]:
            await asyncio.sleep(_MOMENT_S)
            if steps := waiting_steps(plan.state):
                await _approve_steps(app, plan, steps)
                text = f"{OPERATOR} approves {', '.join(steps)}: {_REASON}"
                audience.show([audience.happening(plan, text, Mood.PERSON)])


async def _approve_steps(app: Application, plan: OpenPlan, steps: tuple[str, ...]) -> None:
    await app.engine.request(
        Request(
            action=Action.APPROVE,
            workflow_id=plan.state.workflow_id,
            by=OPERATOR,
            reason=_REASON,
            tasks=steps,
        )
    )
