"""Both drivers do the same, and what happens to a process in the middle of a turn changes nothing.

The embedded engine is the real one; the turns are those of a workflow's activity, taken without a
server. Both have the same clock, hear the same things, and hand tickets to a broker with a list.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator_dynamic.core.policy import Policy, RetryPolicy
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.ids import TicketId, WorkflowId
from orchestrator_dynamic.ports.orchestrator import Action, Request
from orchestrator_dynamic.simulation.virtual_clock import VirtualClock
from orchestrator_dynamic.wire.message_writer import to_json
from tests.support.messages import RECORDED_PLANS, a_result
from tests.support.plan_strategies import decisions, policies
from tests.support.temporal_faults import Faults
from tests.support.temporal_records import records_of
from tests.support.temporal_turns import (
    EmbeddedPlans,
    Plans,
    TurnedPlans,
    embedded_plans,
    in_memory,
)

RECORDED = sorted(RECORDED_PLANS.glob("*.json"))
STEPS_MAX = 300

ANSWERS = ("succeed", "succeed", "succeed", "succeed", "fail", "fail_for_good", "start", "stale")
WAITS = ("alarm", "alarm", "moment", "long")
ASKED = tuple(Action)


@dataclass(frozen=True, slots=True)
class Happening:
    """What befalls both drivers; `pick` chooses whom, `echo` says whether attempts are told."""

    kind: str
    pick: int
    echo: bool


happenings = st.builds(
    Happening,
    kind=st.sampled_from([*ANSWERS * 3, *WAITS * 2, *ASKED]),
    pick=st.integers(0, 23),
    echo=st.sampled_from([True, True, True, False]),
)
# The chance that each driver draws for itself must change nothing.
steady = policies().map(
    lambda policy: replace(policy, retry=RetryPolicy(wait_initial_ms=1_000, jitter=0.0))
)


class Journey:
    """What befalls plans, one thing after the other, and always the same for the same script."""

    def __init__(self, clock: VirtualClock, drivers: Sequence[Plans], lead: EmbeddedPlans) -> None:
        self._clock = clock
        self._drivers = drivers
        self._lead = lead
        self._answered: set[tuple[TicketId, int]] = set()
        self._workflow_id = WorkflowId("")

    async def begin(self, message: bytes) -> None:
        """Hand the decision in."""
        receipts = await self._all(lambda plans: plans.submit(message))
        assert len({receipt.reception for receipt in receipts}) == 1
        self._workflow_id = receipts[0].workflow_id or self._workflow_id

    async def meet(self, happening: Happening) -> None:
        """Let it happen to each of the drivers, at the same moment."""
        self._clock.advance(7)
        if happening.kind in (*ANSWERS, "all"):
            await self._answer(happening)
        elif happening.kind in WAITS:
            await self._wait(happening)
        else:
            request = Request(
                action=Action(happening.kind), workflow_id=self._workflow_id, by="ana", reason="so"
            )
            replies = await self._all(lambda plans: plans.ask(request))
            assert len({reply.accepted for reply in replies}) == 1, replies

    async def finish(self) -> None:
        """Clear the way, answer everything well, and let time pass until the plan has ended."""
        for number in range(STEPS_MAX):
            if not self._lead.open:
                return
            kind = "all" if self._out() else ("resume", "approve", "alarm")[number % 3]
            await self.meet(Happening(kind, 0, echo=True))
        raise AssertionError(f"no end after {STEPS_MAX} steps")

    async def _answer(self, happening: Happening) -> None:
        out = self._out()
        if happening.kind == "stale":
            out = list(self._lead.published)
        if not out:
            return await self._wait(replace(happening, kind="alarm"))
        first = happening.pick % len(out)
        some = out if happening.kind == "all" else out[first : first + 1 + happening.pick % 4]
        if happening.kind not in ("start", "stale"):
            self._answered |= set(some)
        results = [_result(*one, happening, self._clock.now_ms()) for one in some]
        await self._all(lambda plans: plans.answer(results))
        return None

    async def _wait(self, happening: Happening) -> None:
        alarm, now = self._lead.alarm, self._clock.now_ms()
        if happening.kind == "alarm":
            self._clock.advance(max(0, (alarm or now) - now))
        else:
            self._clock.advance({"moment": 200, "long": 90_000}[happening.kind])
        await self._all(lambda plans: plans.pass_time())

    def _out(self) -> list[tuple[TicketId, int]]:
        latest = dict(self._lead.published)
        return [one for one in latest.items() if one not in self._answered]

    async def _all(self, do: Callable[[Plans], Awaitable[object]]) -> list:  # type: ignore[type-arg]
        return [await do(plans) for plans in self._drivers]


def _result(ticket_id: str, attempt: int, happening: Happening, at: int) -> ExecutionResult:
    said = {"attempt": str(attempt)} if happening.echo else {}
    status, more = "COMPLETED", {}
    if happening.kind == "start":
        status = "RUNNING"
    elif happening.kind in ("fail", "fail_for_good"):
        status, more = "FAILED", {"error_message": "it broke"}
        said["retryable"] = str(happening.kind == "fail").lower()
    payload = {"success": status == "COMPLETED", "metadata": said, "output": {"at": str(at)}}
    return a_result(ticket_id, status=status, result=payload, timestamp=at, **more)


def compared(lead: Plans, other: Plans) -> None:
    """Make sure that both have done the same."""
    assert list(other.published) == list(lead.published)
    same_records(lead, other)


def same_records(lead: Plans, other: Plans) -> None:
    """Make sure that both have recorded the same."""
    expected = records_of(lead)
    for name, rows in records_of(other).items():
        for number, (row, wanted) in enumerate(zip_longest(rows, expected[name])):
            assert row == wanted, (name, number)


@settings(max_examples=40)
@given(decisions(), steady, st.lists(happenings, max_size=25), st.booleans())
def test_both_drivers_issue_the_same_commands_and_end_alike(
    decision: ConsolidatedDecision, policy: Policy, script: list[Happening], forgetful: bool
) -> None:
    """Which engine drives a plan must not be seen from outside, whatever befalls it."""
    asyncio.run(_side_by_side(to_json(decision), policy, script, forgetful=forgetful))


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_both_drivers_run_a_recorded_plan_alike(file: Path) -> None:
    """Plans of real runs, with a failure now and then."""
    script = [Happening(kind, 5, echo=True) for kind in ("fail", "start", "succeed", "alarm")]
    asyncio.run(_side_by_side(file.read_bytes(), Policy(), script * 5, forgetful=False))


@pytest.mark.skipif(not RECORDED, reason="no recorded plans in ../shared/data/plans")
def test_there_are_ten_recorded_plans() -> None:
    """A missing file would let its tests vanish silently."""
    assert len(RECORDED) == 10
    assert all("cognitive_plan" in json.loads(file.read_bytes()) for file in RECORDED)


async def _side_by_side(
    message: bytes, policy: Policy, script: list[Happening], *, forgetful: bool
) -> None:
    policy = replace(policy, retry=replace(policy.retry, jitter=0.0))
    clock = VirtualClock()
    async with embedded_plans(clock, policy) as lead:
        with closing(in_memory()) as connection:
            turned = TurnedPlans(connection, clock, policy, forgetful=forgetful)
            journey = Journey(clock, (lead, turned), lead)
            await journey.begin(message)
            for happening in script:
                await journey.meet(happening)
            compared(lead, turned)
            await journey.finish()
            compared(lead, turned)


@settings(max_examples=40)
@given(
    decisions(),
    steady,
    st.lists(happenings, max_size=15),
    st.lists(st.sampled_from([False, False, True]), max_size=120),
    st.booleans(),
)
def test_a_turn_that_is_taken_again_is_the_same_turn(
    decision: ConsolidatedDecision,
    policy: Policy,
    script: list[Happening],
    schedule: list[bool],
    forgetful: bool,
) -> None:
    """Lost before a commit, in its middle, after it, after publishing: nothing else comes of it.

    The journal is the same fact by fact, so that no ticket has another id or one attempt more.
    """

    async def story() -> None:
        clock, faults = VirtualClock(), Faults(schedule)
        async with embedded_plans(clock, policy) as lead:
            with closing(in_memory()) as connection:
                turned = TurnedPlans(connection, clock, policy, faults, forgetful=forgetful)
                journey = Journey(clock, (lead, turned), lead)
                await journey.begin(to_json(decision))
                for happening in script:
                    await journey.meet(happening)
                await journey.finish()
                same_records(lead, turned)
                assert dict.fromkeys(turned.published) == dict.fromkeys(lead.published)

    asyncio.run(story())
