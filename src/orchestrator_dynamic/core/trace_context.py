"""The trace that a plan belongs to, and the ids of its spans: derived, like every id of ours.

A turn that is taken twice, a restart and another process name the same spans, so that nothing has
to be kept open meanwhile, and a ticket's message can name its span before that has begun.

Source: W3C Trace Context, level 1: ids are lower-case hexadecimal, and all zeros is none.
"""

import re
from hashlib import sha256
from typing import Literal, NamedTuple

from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.models.ids import WorkflowId

SpanKind = Literal["workflow", "validate", "generate", "ticket", "publish", "wait", "run"]

_TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")
_SPAN_ID = re.compile(r"(?!0{16})[0-9a-f]{16}")
_PARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}.*", re.DOTALL)


class TraceContext(NamedTuple):
    """The trace that a plan is part of.

    Attributes:
        parent_id: the span in it that caused the plan; None where nobody says.
        told: what messages call the trace. It is another name only where the decision brought one
            that W3C does not know, which other services have to get back as it was.
    """

    trace_id: str
    parent_id: str | None
    told: str


def trace_of(
    decision: ConsolidatedDecision, workflow_id: WorkflowId, traceparent: str | None
) -> TraceContext:
    """Return the trace of a plan: its decision's own, the one it came with, or a derived one.

    Args:
        traceparent: the W3C header that the decision's message had.
    """
    trace, span = (decision.trace_id or "").lower(), (decision.span_id or "").lower()
    if _TRACE_ID.fullmatch(trace):
        return TraceContext(trace, span if _SPAN_ID.fullmatch(span) else None, trace)
    came = _PARENT.fullmatch((traceparent or "").strip().lower())
    if came and _TRACE_ID.fullmatch(came[1]) and _SPAN_ID.fullmatch(came[2]):
        return TraceContext(came[1], came[2], decision.trace_id or came[1])
    derived = sha256(workflow_id.encode()).hexdigest()[:32]
    return TraceContext(derived, None, decision.trace_id or derived)


def span_id(workflow_id: WorkflowId, kind: SpanKind, number: int = 0, attempt: int = 0) -> str:
    """Return the id of a span of a plan, or of an attempt at one of its tickets."""
    named = f"{workflow_id}\x1f{kind}\x1f{number}\x1f{attempt}"
    return sha256(named.encode()).hexdigest()[:16]
