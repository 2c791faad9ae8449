"""What workers say over HTTP and what they are told, within strict bounds."""

from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, Field

from orchestrator_dynamic.api.problems import Problem
from orchestrator_dynamic.models.base import INT_MAX, DurationMs, EpochMs
from orchestrator_dynamic.models.execution_result import ExecutionResult, ExecutionResultPayload
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.ids import IDENTIFIER, TicketId
from orchestrator_dynamic.models.vocabulary import ExecutionStatus, TaskType
from orchestrator_dynamic.models.worker import AnswerFate, HeartbeatVerdict

AT_ONCE_MAX = 1_000
# More than anybody has; a body's size bounds all of them together.
_ENTRIES_MAX = 1_000
_LINE_MAX = 16_384

_Attempt = Annotated[int, Field(ge=1, le=INT_MAX, strict=True)]
_Name = Annotated[str, IDENTIFIER]
# A text with a bound is looked at, and what is no Unicode is refused; one without is passed on.
_Line = Annotated[str, Field(max_length=_LINE_MAX)]
_LeaseS = Annotated[
    int, Field(ge=5, le=3_600, strict=True, description="Length of the lease in seconds.")
]


class Wanted(BaseModel):
    """What a worker can and wants."""

    task_types: Annotated[
        list[TaskType], Field(max_length=_ENTRIES_MAX, description="Empty: any.")
    ] = []
    capabilities: Annotated[
        list[_Name],
        Field(max_length=_ENTRIES_MAX, description="What it can; empty: anything."),
    ] = []
    max: Annotated[
        int, Field(ge=1, le=AT_ONCE_MAX, strict=True, description="At most this many tickets.")
    ] = 1
    wait_s: Annotated[
        float,
        Field(
            ge=0,
            le=60,
            allow_inf_nan=False,
            strict=True,
            description="Wait this long for the first.",
        ),
    ] = 20
    lease_s: _LeaseS = 60


class OfAttempt(BaseModel):
    """An attempt at a ticket."""

    ticket_id: _Name
    attempt: _Attempt


class BeatWord(OfAttempt):
    """A sign of life."""

    progress: _Line | None = None


class Beats(BaseModel):
    """Signs of life; without `lease_s` each lease is as long as before."""

    tickets: Annotated[list[BeatWord], Field(max_length=AT_ONCE_MAX)]
    lease_s: _LeaseS | None = None


class Unbegun(BaseModel):
    """Attempts that a worker gives up."""

    tickets: Annotated[list[OfAttempt], Field(max_length=AT_ONCE_MAX)]


class ResultWord(BaseModel):
    """What came of an attempt: COMPLETED or FAILED end it, RUNNING says that it goes on."""

    attempt: _Attempt
    status: Literal["COMPLETED", "FAILED", "RUNNING"]
    output: Annotated[
        dict[_Line, Any],
        Field(max_length=_ENTRIES_MAX, description="Texts stay, other values become JSON."),
    ] = {}
    metadata: Annotated[dict[_Line, _Line], Field(max_length=_ENTRIES_MAX)] = {}
    logs: Annotated[list[_Line], Field(max_length=_ENTRIES_MAX)] = []
    error_message: _Line | None = None
    retryable: Annotated[
        bool | None, Field(strict=True, description="False: no other attempt would end otherwise.")
    ] = None
    actual_duration_ms: Annotated[DurationMs, Field(strict=True)] | None = None


class SignedResultWord(ResultWord):
    """A result, and whose it is."""

    agent_id: _Name


class ReportedWord(ResultWord):
    """A result, and what it is about."""

    ticket_id: _Name


class Results(BaseModel):
    """Results of one worker."""

    results: Annotated[list[ReportedWord], Field(max_length=AT_ONCE_MAX)]


class LentView(BaseModel):
    """A ticket on lease."""

    ticket: ExecutionTicket
    attempt: int
    lease_expires_at: EpochMs


class LeaseView(BaseModel):
    """Tickets on lease."""

    tickets: list[LentView]


class SignView(BaseModel):
    """Whether to go on with an attempt, and until when it is lent then."""

    ticket_id: str
    attempt: int
    verdict: HeartbeatVerdict
    lease_expires_at: EpochMs | None


class SignsView(BaseModel):
    """Verdicts, in the order of the signs of life."""

    tickets: list[SignView]


class FateView(BaseModel):
    """What became of an answer."""

    ticket_id: str
    attempt: int
    fate: AnswerFate


class FatesView(BaseModel):
    """Fates, in the order of the answers."""

    results: list[FateView]


class TakenView(FateView):
    """That an answer was taken, and whether to go on."""

    verdict: HeartbeatVerdict


def result_of(ticket_id: str, agent_id: str, word: ResultWord, now: int) -> ExecutionResult:
    """Return a worker's word as the contract has it.

    Raises:
        Problem: `bad_request`, where an output cannot be written as JSON.
    """
    metadata = {**word.metadata, "attempt": str(word.attempt)}
    if word.retryable is not None:
        metadata["retryable"] = "true" if word.retryable else "false"
    # All of it is valid already, and there may be a thousand.
    return ExecutionResult.of_valid(
        ticket_id=TicketId(ticket_id),
        status=ExecutionStatus(word.status),
        result=ExecutionResultPayload.of_valid(
            success=word.status == "COMPLETED",
            output={name: _text(name, value) for name, value in word.output.items()},
            metadata=metadata,
            logs=tuple(word.logs),
        ),
        error_message=word.error_message,
        actual_duration_ms=word.actual_duration_ms,
        agent_id=agent_id,
        timestamp=now,
        schema_version=1,
    )


def _text(name: str, value: object) -> str:
    try:
        written = orjson.dumps(value)
        return value if isinstance(value, str) else written.decode()
    except TypeError as error:
        raise Problem("bad_request", f"output {name!r} cannot be kept: {error}") from error
