"""What people and scripts see of what has been recorded."""

import asyncio
import re
from pathlib import Path

import pytest

from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.sdk import PermanentFailure, TicketContext
from tests.support.command_line import orq
from tests.support.engines import a_chain, a_message, a_worker, an_engine, run_to_end
from tests.support.messages import a_task

LONG = "decision-" + "0123456789" * 12
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


async def work(ticket: ExecutionTicket, context: TicketContext) -> dict[str, str]:
    """Fail what is called broken for good."""
    if ticket.task_id == "broken":
        raise PermanentFailure("the \x1b[31mfuse\x1b[0m is out")
    return {"made": "much"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory whose data tell a few stories."""
    path = tmp_path_factory.mktemp("place")

    async def live() -> None:
        async with an_engine(
            path / ".orchestrator-dynamic", a_worker(work, capabilities=["cpu"])
        ) as app:
            await run_to_end(app, a_message(*a_chain("a", "b"), decision_id=LONG))
            builds = (
                a_task("made", task_type="BUILD"),
                a_task("broken", dependencies=["made"], task_type="BUILD"),
            )
            await run_to_end(app, a_message(*builds, decision_id="bad"))
            parked = a_message(*a_chain("x", "y"), decision_id="parked", requires_approval=True)
            await app.engine.submit(parked, source="plans/parked.json")
            step = a_message(
                *a_chain("first", "drop"), decision_id="step", destructive_tasks=["drop"]
            )
            await app.engine.submit(step, source="test")
            starved = a_task("train", required_capabilities=["gpu"])
            await app.engine.submit(a_message(starved, decision_id="starved"), source="test")
            await app.engine.submit(b"not\x00a decision", source="a stranger")

    asyncio.run(live())
    return path


def test_workflows_are_listed_whole_and_plain(place: Path) -> None:
    """A script that cuts out the first column must have an id that it can use."""
    done = orq("workflows", at=place)

    header, *rows = done.lines
    assert done.code == 0
    assert header.split() == ["WORKFLOW", "PLAN", "STATE", "DONE", "ACCEPTED", "TOOK"]
    names = [row.split()[0] for row in rows]
    decisions = ["starved", "step", "parked", "bad", LONG]
    assert names == [f"orch-{decision}" for decision in decisions]
    assert all(MOMENT.search(row) for row in rows)
    assert "\x1b" not in done.out
    assert done.err == ""


def test_workflows_can_be_filtered_and_paged(place: Path) -> None:
    """Each page says how to ask for the next."""
    ended = orq("workflows", "--outcome", "compensated", "--json", at=place)
    open_ones = orq("workflows", "--open", "--limit", "2", at=place)
    cursor = open_ones.lines[-1].split()[-1]
    rest = orq("workflows", "--open", "--limit", "2", "--after", cursor, at=place)

    assert [one["decision_id"] for one in ended.object["workflows"]] == ["bad"]
    assert ended.object["next"] is None
    assert [line.split()[0] for line in open_ones.lines[1:3]] == ["orch-starved", "orch-step"]
    assert [line.split()[0] for line in rest.lines[1:]] == ["orch-parked"]


def test_a_parked_plan_says_what_it_waits_for_and_what_to_do(place: Path) -> None:
    """The command in it can be pasted."""
    done = orq("show", "parked", at=place)

    assert done.code == 0
    assert "State     AWAITING_APPROVAL" in done.lines
    assert "Why       waits for a person to approve it: the plan requires approval" in done.lines
    assert "To do     approve it with: orq approve orch-parked" in done.lines
    assert any(line.startswith("Engine    none runs") for line in done.lines)
    assert any("plans/parked.json" in line for line in done.lines)
    waiting = next(line for line in done.lines if line.startswith("y "))
    assert waiting.split(maxsplit=6)[2:] == ["WAITING", "-", "-", "-", "waits for x"]


@pytest.mark.parametrize(
    ("name", "task", "why"),
    [
        ("step", "drop", "waits for a person to approve this step"),
        ("starved", "train", "waits for a worker that executes EXECUTE and has: gpu"),
    ],
)
def test_each_ticket_says_what_it_waits_for(place: Path, name: str, task: str, why: str) -> None:
    """Why does nothing happen? is the question that brings people here."""
    done = orq("show", name, "--json", at=place)

    [ticket] = [one for one in done.object["tickets"] if one["task_id"] == task]
    assert ticket["why"] == why


def test_a_failed_plan_tells_its_whole_story(place: Path) -> None:
    """Tickets, incident, timeline and audit, each under its heading."""
    done = orq("show", "bad", "--audit", at=place)

    headings = [
        line for line in done.lines if line.startswith(("Tickets", "Inc", "Timeline", "Audit"))
    ]
    assert headings == ["Tickets (3)", "Incidents (1)", "Timeline", "Audit (5)"]
    assert any(line.startswith("undoing of made") for line in done.lines)
    assert any("playbook: worker_failure_recovery" in line for line in done.lines)
    assert any("broken failed (attempt 1, by worker)" in line for line in done.lines)
    assert re.search(r"Tasks     2: 1 compensated, 1 failed", done.out)


def test_what_a_worker_says_cannot_command_the_terminal(place: Path) -> None:
    """Its error is shown letter by letter."""
    done = orq("show", "bad", at=place)

    assert "\x1b" not in done.out
    assert "the \\x1b[31mfuse" in done.out


def test_one_task_can_be_looked_at_closely(place: Path) -> None:
    """Its attempts, and what workers answered."""
    told = orq("show", LONG, "--task", "b", at=place)
    as_json = orq("show", LONG, "--task", "b", "--json", at=place)

    assert "Answer 1 of 1" in told.lines
    assert any(line.split() == ["output", "made", "much"] for line in told.lines)
    assert as_json.object["ticket"]["task_id"] == "b"
    assert as_json.object["answers"][0]["output"] == {"made": "much"}
    assert [one["kind"] for one in as_json.object["history"]] == [
        "tickets_published",
        "ticket_succeeded",
    ]


def test_of_many_tickets_those_that_need_a_look_come_first(place: Path) -> None:
    """The others can be asked for."""
    done = orq("show", "bad", "--tickets", "1", "--timeline", "0", at=place)

    table = done.lines[done.lines.index("Tickets (3)") + 2 :]
    assert table[0].startswith("broken")
    assert table[1] == "… and 2 more tickets; --tickets 3 shows them"


def test_a_timeline_says_whether_it_is_the_whole_one(place: Path) -> None:
    """Else the first line of a part would be taken for the beginning."""
    part = orq("show", "bad", "--timeline", "2", at=place)
    whole = orq("show", "bad", "--timeline", "7", "--json", at=place)

    assert "Timeline (the latest; --timeline shows more)" in part.lines
    assert len(whole.object["timeline"]) == 7
    assert whole.object["earlier_events"] is False


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "nobody"), "orq: there is no workflow, decision or plan 'nobody'"),
        (("show", "orch-"), "orq: 'orch-' means several workflows"),
        (("show", "bad", "--task", "nothing"), "orq: orch-bad has no task or ticket 'nothing'"),
        (("workflows", "--after", "x"), "orq: 'x' is no page"),
        (("dead-letters", "99"), "orq: there is no dead letter 99"),
    ],
)
def test_what_cannot_be_found_is_said_in_one_line(
    place: Path, arguments: tuple[str, ...], said: str
) -> None:
    """On stderr and with exit code 2, so that nothing reads it as an answer."""
    done = orq(*arguments, at=place)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(said)
    assert "Traceback" not in done.err


def test_dead_letters_are_listed_and_shown(place: Path) -> None:
    """With every finding, and the beginning of the body, harmless."""
    listed = orq("dead-letters", at=place)
    shown = orq("dead-letters", "1", at=place)
    as_json = orq("dead-letters", "1", "--json", at=place)

    assert listed.lines[1].split()[2:5] == ["not_json", "a", "stranger"]
    assert "Findings (1)" in shown.lines
    assert shown.lines[-2:] == ["Body", "not\\x00a decision"]
    assert as_json.object["body"] == "not\x00a decision"
    assert as_json.object["truncated"] is False


def test_settings_say_where_they_come_from_and_keep_secrets(tmp_path: Path) -> None:
    """Three sources, and a password that stays one."""
    (tmp_path / ".env").write_text("SLA_WARNING_SHARE=0.7\nREDIS_PASSWORD=hunter2\n")

    done = orq("settings", "--changed", at=tmp_path, LOG_LEVEL="debug")
    everything = orq("settings", "--json", "--data-dir", "here", at=tmp_path)

    told = [line.split()[:3] for line in done.lines[1:]]
    assert told == [
        ["LOG_LEVEL", "DEBUG", "environment"],
        ["REDIS_PASSWORD", "********", ".env"],
        ["SLA_WARNING_SHARE", "0.7", ".env"],
    ]
    by_name = {row["name"]: row for row in everything.object}
    assert by_name["DATA_DIR"]["source"] == "command line"
    assert by_name["MAILBOX_CAPACITY"]["source"] == "default"
    assert "hunter2" not in done.out + everything.out


def test_impossible_settings_are_all_complained_about_at_once(tmp_path: Path) -> None:
    """Exit code 2: nothing was begun."""
    done = orq("settings", at=tmp_path, SLA_WARNING_SHARE="3", PLAN_TASKS_MAX="none")

    assert done.code == 2
    assert [line.split()[1] for line in done.err.splitlines()] == [
        "SLA_WARNING_SHARE",
        "PLAN_TASKS_MAX",
    ]


@pytest.mark.parametrize(
    "command",
    [
        "validate",
        "workflows",
        "show",
        "approve",
        "reject",
        "cancel",
        "pause",
        "resume",
        "dead-letters",
        "settings",
        "doctor",
        "prune",
    ],
)
def test_every_command_explains_itself_with_an_example(tmp_path: Path, command: str) -> None:
    """An example is what people copy."""
    done = orq(command, "--help", at=tmp_path)

    assert done.code == 0
    assert "Example" in done.out
    assert re.search(rf"orq {command}\b", done.out)
    assert "--json" in done.out
