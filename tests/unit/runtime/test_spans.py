"""Spans are derived from what is durable: the same whoever derives them, and linked."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from orchestrator_dynamic.bootstrap.embedded import application
from orchestrator_dynamic.config.loading import load_settings
from orchestrator_dynamic.core.trace_context import span_id, trace_of
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.observability.span_record import SpanRecord
from orchestrator_dynamic.ports.orchestrator import Incoming
from orchestrator_dynamic.runtime.spans import spans_in
from orchestrator_dynamic.runtime.step import Step
from orchestrator_dynamic.sdk import PermanentFailure, TicketContext
from tests.support.engines import a_chain, a_message, a_worker
from tests.support.messages import a_decision, a_plan, a_task

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
WORKFLOW = WorkflowId("orch-decision-1")
PARTS = ("publish", "wait", "run")


class Watch:
    """An onlooker that keeps the spans of each turn, and what workers were told of their traces."""

    def __init__(self) -> None:
        self.turns: list[list[SpanRecord]] = []
        self.again: list[SpanRecord] = []
        self.told: list[tuple[str, int, str | None]] = []

    def look(self, step: Step) -> None:
        """Keep what a turn has brought; and what it brings to somebody who sees it first."""
        self.turns.append(list(spans_in(step)))
        for plan in step.plans.values():
            plan.attempts_traced = None
        self.again += spans_in(step)

    async def work(self, ticket: ExecutionTicket, context: TicketContext) -> None:
        """Fail what is called flaky once, and what is called broken for good."""
        self.told.append((ticket.task_id, context.attempt, context.traceparent))
        if "original_ticket_id" in ticket.parameters:
            return
        if ticket.task_id == "flaky" and context.attempt == 1:
            raise OSError("not this time")
        if ticket.task_id == "broken":
            raise PermanentFailure("it is broken")

    @property
    def spans(self) -> Sequence[SpanRecord]:
        """All spans in the order in which they came."""
        return [span for turn in self.turns for span in turn]


async def watched(directory: Path, *names: str) -> Watch:
    """Return what was seen of a chain of tasks that came with the caller's trace."""
    watch = Watch()
    overrides = {"RETRY_BACKOFF_INITIAL_MS": "50", "RETRY_JITTER": "0"}
    settings = load_settings({"DATA_DIR": str(directory), **overrides}, None)
    async with application(
        settings, workers=[a_worker(watch.work)], command="a test", onlookers=(watch.look,)
    ) as app:
        headers = {"traceparent": f"00-{TRACE}-{CALLER}-01".encode()}
        message = Incoming(a_message(*a_chain(*names)), "test", headers)
        await (await app.engine.hand_in(message))
        await app.engine.outcome_of(WORKFLOW)
    return watch


async def test_spans_hang_together_from_the_caller_to_each_part(tmp_path: Path) -> None:
    """Whoever sees one of them finds all of them, and what caused the plan."""
    spans = (await watched(tmp_path, "made", "flaky", "broken")).spans
    by_id = {span.span_id: span for span in spans}
    [root] = [span for span in spans if span.name == "workflow"]

    assert len(by_id) == len(spans)
    assert {span.trace_id for span in spans} == {TRACE}
    assert root.parent_id == CALLER
    assert root.attributes["orchestration.plan_id"] == "plan-of-decision-1"
    assert root.attributes["orchestration.outcome"] == "COMPENSATED"
    for span in spans:
        if span.name in PARTS:
            whole = by_id[span.parent_id or ""]
            assert whole.name.startswith(("ticket ", "undo "))
            assert whole.begin <= span.begin <= span.end <= whole.end
        elif span is not root:
            assert span.parent_id == root.span_id
            assert root.begin <= span.begin <= span.end <= root.end


async def test_each_attempt_is_told_once_and_errors_where_they_were(tmp_path: Path) -> None:
    """A retry is a span of its own; what undoes points at what it undoes."""
    spans = (await watched(tmp_path, "made", "flaky", "broken")).spans
    attempts = [span for span in spans if span.name.startswith(("ticket", "undo"))]
    told = [(a.name, a.attributes["orchestration.attempt"], a.error is None) for a in attempts]
    by_id = {span.span_id: span for span in spans}
    links = {span.name: by_id[span.link].name for span in spans if span.link}

    assert told == [
        ("ticket made", 1, True),
        ("ticket flaky", 1, False),
        ("ticket flaky", 2, True),
        ("ticket broken", 1, False),
        ("undo flaky", 1, True),
        ("undo made", 1, True),
    ]
    assert links == {"undo flaky": "ticket flaky", "undo made": "ticket made"}
    for name in PARTS:
        assert len([span for span in spans if span.name == name]) == len(attempts)


async def test_who_takes_a_plan_up_tells_the_same_spans_again(tmp_path: Path) -> None:
    """After a kill the last spans may be lost or not: told again, they are the same ones."""
    watch = await watched(tmp_path, "made", "flaky", "broken")
    first = {span.span_id: span for span in watch.spans}
    again = {span.span_id: span for span in watch.again}

    assert again.keys() == first.keys()
    assert again == first


async def test_a_worker_is_told_the_span_of_its_attempt(tmp_path: Path) -> None:
    """Its own spans become children of a span that is told only later, under that id."""
    watch = await watched(tmp_path, "flaky")
    ids = [span.span_id for span in watch.spans if span.name == "ticket flaky"]

    assert [attempt for _, attempt, _ in watch.told] == [1, 2]
    assert [told for _, _, told in watch.told] == [f"00-{TRACE}-{one}-01" for one in ids]


def test_every_id_is_another_and_one_that_w3c_knows() -> None:
    """Receivers refuse what is not, and merge what is the same."""
    ids = {
        span_id(WorkflowId(f"orch-{plan}"), kind, number, attempt)
        for plan in range(3)
        for kind in ("ticket", "publish", "wait", "run")
        for number in range(20)
        for attempt in range(3)
    }
    assert len(ids) == 3 * 4 * 20 * 3
    assert all(len(one) == 16 and int(one, 16) for one in ids)


@pytest.mark.parametrize(
    ("trace_id", "own_span", "header", "trace", "parent"),
    [
        (TRACE.upper(), CALLER, None, TRACE, CALLER),
        (TRACE, None, None, TRACE, None),
        (TRACE, CALLER, f"00-{'1' * 32}-{'2' * 16}-01", TRACE, CALLER),
        (None, None, f"00-{TRACE}-{CALLER}-00", TRACE, CALLER),
        ("trace-1", "span-1", f"00-{TRACE}-{CALLER}-01", TRACE, CALLER),
        (None, None, f"00-{'0' * 32}-{CALLER}-01", None, None),
        (None, None, "nonsense", None, None),
        (None, None, None, None, None),
    ],
)
def test_the_trace_is_the_decisions_else_the_callers_else_derived(
    trace_id: str | None,
    own_span: str | None,
    header: str | None,
    trace: str | None,
    parent: str | None,
) -> None:
    """None stands for an id that is derived from the workflow: the same at every restart."""
    decision = a_decision(a_plan(a_task()), trace_id=trace_id, span_id=own_span)
    found, again = (trace_of(decision, WORKFLOW, header) for _ in range(2))

    assert found == again
    assert found.parent_id == parent
    assert trace is None or found.trace_id == trace
    assert len(found.trace_id) == 32
    assert int(found.trace_id, 16)
    assert found.told == (trace_id if trace_id == "trace-1" else found.trace_id)
