"""What a command tells of one plan, to programs and to people."""

from dataclasses import replace

from orchestrator_dynamic.cli.plan_results import (
    PlanResult,
    as_object,
    lines_about,
    result_of_dead_letter,
    result_of_plan,
    result_of_pruned,
)
from orchestrator_dynamic.cli.standstill import Standstill
from orchestrator_dynamic.errors import Finding, Severity
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.orchestrator import Receipt, Reception
from orchestrator_dynamic.ports.store import Ending, StoredWorkflow
from tests.support.messages import NOON
from tests.support.plans import SECOND

ENDED = StoredWorkflow(
    key=1, workflow_id=WorkflowId("orch-d"), decision_id="d", plan_id="tea", intent_id="i",
    risk_band="low", priority="NORMAL", phase="ENDED", paused=False, outcome=Outcome.SUCCESS,
    reason="every ticket has ended", tasks=1_200, completed=1_200, failed=0, compensated=0,
    retried=1, sla_violations=0, incidents=0, critical_path_ms=700, queue_ms=0, execution_ms=0,
    accepted_at=NOON, started_at=NOON, deadline_at=None, ended_at=NOON + 9 * SECOND,
)  # fmt: skip
ODD = Finding("odd", Severity.WARNING, "tasks[0]", "tasks[0] is odd")
WRONG = Finding("wrong", Severity.ERROR, "tasks[1]", "there is no tea in it")
REFUSED = Receipt(
    reception=Reception.DEAD_LETTER, source="x.json", reason="contract", findings=(ODD, WRONG)
)


def test_a_success_is_one_line_without_zeros() -> None:
    """Most plans succeed; what did not happen is no news."""
    (line,) = lines_about(result_of_plan(ENDED, "x.json", ()))

    assert line == "tea: SUCCESS after 9.0 s, 1,200 of 1,200 tickets completed, 1 retried"


def test_trouble_is_counted_and_explained() -> None:
    """The first question after a failure is why."""
    record = replace(
        ENDED, outcome=Outcome.FAILED, reason="task boil failed", completed=3, failed=1, incidents=2
    )

    (line,) = lines_about(result_of_plan(record, "x.json", ()))

    assert line.endswith(
        "3 of 1,200 tickets completed, 1 failed, 1 retried, 2 incidents; task boil failed"
    )


def test_a_plan_that_had_ended_before_says_so() -> None:
    """Nobody must believe that it has run again."""
    (line,) = lines_about(result_of_plan(ENDED, "x.json", (), repeated=True))

    assert line.startswith("tea (x.json): SUCCESS")
    assert line.endswith("taken in before, so nothing was started")


def test_every_error_of_a_refused_input_has_a_line_with_its_place() -> None:
    """Its sender mends all of them at once; a warning refuses nothing."""
    lines = lines_about(result_of_dead_letter(REFUSED))

    assert lines == [
        "x.json: DEAD_LETTER, contract",
        "  tasks[1]: there is no tea in it (wrong)",
    ]


def test_what_a_message_says_cannot_rule_the_terminal() -> None:
    """Names come from strangers, and a terminal obeys what it is shown."""
    (line,) = lines_about(PlanResult(source="x\x1b[2J.json", outcome="UNREADABLE", reason="why"))

    assert "\x1b" not in line


def test_a_plan_that_waits_is_told_with_what_helps() -> None:
    """It did not end, so it is not well, and it has no duration."""
    waits = Standstill("AWAITING_APPROVAL", "waits for a person", "approve it")
    record = replace(ENDED, outcome=None, ended_at=None, completed=3)

    result = result_of_plan(record, "x.json", (), standstill=waits)

    assert not result.well
    assert lines_about(result) == [
        "tea (x.json): AWAITING_APPROVAL, 3 of 1,200 tickets completed, 1 retried; "
        "waits for a person; approve it"
    ]
    assert as_object(result)["duration_ms"] is None


def test_programs_find_the_same_keys_whatever_it_is() -> None:
    """A program that reads the tenth object must not stumble over an eleventh of another shape."""
    plan = as_object(result_of_plan(ENDED, "x.json", (ODD,)))
    letter = as_object(result_of_dead_letter(REFUSED))

    assert list(plan) == list(letter)
    assert plan["tickets"] == {
        "total": 1_200, "completed": 1_200, "failed": 0, "compensated": 0, "retried": 1
    }  # fmt: skip
    assert plan["duration_ms"] == 9 * SECOND
    assert letter["outcome"] == "DEAD_LETTER"
    assert letter["findings"] == [
        {"code": "odd", "severity": "warning", "where": "tasks[0]", "message": "tasks[0] is odd"},
        {"code": "wrong", "severity": "error", "where": "tasks[1]",
         "message": "there is no tea in it"},
    ]  # fmt: skip


def test_a_pruned_plan_still_tells_how_it_ended() -> None:
    """Its records are gone; that it ran is not forgotten."""
    receipt = Receipt(
        reception=Reception.DUPLICATE, source="x.json", decision_id="d", plan_id="tea"
    )
    ending = Ending(
        workflow_id=WorkflowId("orch-d"), outcome=Outcome.SUCCESS, phase="ENDED", reason="done",
        ended_at=NOON, pruned_at=NOON,
    )  # fmt: skip

    result = result_of_pruned(receipt, ending)

    assert result.well
    assert as_object(result)["plan_id"] == "tea"
    assert lines_about(result) == [
        "tea (x.json): SUCCESS, done; taken in before, its records were pruned"
    ]
