"""Lines that machines can read, that say what they belong to, and that give nothing away."""

import asyncio
import io
import json
import logging as standard_logging
from collections.abc import Iterator

import pytest
import structlog
from pydantic import SecretStr

from orchestrator_dynamic.observability.logging import (
    LogFormat,
    bound,
    configure_logging,
    get_logger,
    level,
    set_level,
)

log = get_logger("orchestrator_dynamic.tests")


class Terminal(io.StringIO):
    """Where a person reads along."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    """Logging is the one thing that a process has only once: leave it as it was found."""
    root = standard_logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def logging_to(stream: io.StringIO, level: str = "INFO", form: LogFormat = "json") -> io.StringIO:
    """Return `stream`, to which everything is logged from now on."""
    configure_logging(level, form, stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    """Return what was logged as JSON."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_an_object_with_when_how_grave_and_what_in_front() -> None:
    """People skim raw lines too, and look at the left."""
    stream = logging_to(io.StringIO())

    log.info("plan_started", plan="plan-1", tickets=3)

    (line,) = lines(stream)
    assert list(line)[:3] == ["timestamp", "level", "event"]
    assert str(line.pop("timestamp")).endswith("Z")
    assert line == {
        "level": "info",
        "event": "plan_started",
        "module": "orchestrator_dynamic.tests",
        "plan": "plan-1",
        "tickets": 3,
    }


def test_what_is_below_the_level_is_not_logged() -> None:
    """Debug lines of a busy engine would drown the story of its plans."""
    stream = logging_to(io.StringIO(), level="WARNING")

    log.info("plan_started")
    log.warning("broker_lost")

    assert [line["event"] for line in lines(stream)] == ["broker_lost"]


def test_ids_are_bound_once_and_are_in_every_line_below() -> None:
    """A line that does not say whose it is cannot be found."""
    stream = logging_to(io.StringIO())

    with bound(workflow="orch-1"):
        log.bind(ticket="t-1").info("ticket_retried")
        standard_logging.getLogger("aiokafka").warning("coordinator lost")
    log.info("plan_ended")

    bound_to = [(line.get("workflow"), line.get("ticket")) for line in lines(stream)]
    assert bound_to == [("orch-1", "t-1"), ("orch-1", None), (None, None)]


async def test_what_is_bound_reaches_tasks_and_threads_that_begin_below() -> None:
    """Half of a request's work is done beside its own task."""
    stream = logging_to(io.StringIO())

    async def beside() -> None:
        log.info("in_a_task")
        await asyncio.to_thread(standard_logging.getLogger("pymongo").warning, "in a thread")

    with bound(correlation_id="c-1"):
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(beside())

    told = [(line["event"], line.get("correlation_id")) for line in lines(stream)]
    assert told == [("in_a_task", "c-1"), ("in a thread", "c-1")]


def test_libraries_are_heard_in_the_same_form_and_only_when_it_matters() -> None:
    """Their information is noise here, and their warnings are ours."""
    stream = logging_to(io.StringIO())

    standard_logging.getLogger("aiokafka").info("joined group")
    standard_logging.getLogger("aiokafka").warning("node %d is not ready", 3)

    (line,) = lines(stream)
    assert line["event"] == "node 3 is not ready"
    assert line["level"] == "warning"
    assert line["module"] == "aiokafka"


def test_at_debug_libraries_are_heard_in_full() -> None:
    """Whoever turns it on is looking for the last clue."""
    stream = logging_to(io.StringIO(), level="DEBUG")

    standard_logging.getLogger("aiokafka").debug("heartbeat sent")

    assert [line["event"] for line in lines(stream)] == ["heartbeat sent"]


def test_an_exception_is_one_field_of_one_line() -> None:
    """A traceback over many lines is many messages to a collector."""
    stream = logging_to(io.StringIO())

    try:
        raise LookupError("no such plan")
    except LookupError:
        log.exception("plan_lost")

    (line,) = lines(stream)
    assert "LookupError: no such plan" in str(line["exception"])


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_does_not_show_local_variables(form: LogFormat) -> None:
    """They hold payloads and passwords."""
    stream = logging_to(io.StringIO(), form=form)

    def fail() -> None:
        password = "".join(("hunt", "er2"))
        raise LookupError(str(len(password)))

    try:
        fail()
    except LookupError:
        log.exception("login_failed")

    assert "LookupError" in stream.getvalue()
    assert "hunter2" not in stream.getvalue()


def test_a_secret_stays_masked() -> None:
    """Somebody will log the settings one day."""
    stream = logging_to(io.StringIO())

    log.info("connected", password=SecretStr("hunter2"))

    assert "hunter2" not in stream.getvalue()


@pytest.mark.parametrize("value", [2**70, "half \ud800 a character", {3: {"a", "b"}}])
def test_a_value_that_json_cannot_hold_does_not_cost_the_line(value: object) -> None:
    """Logging must never break what it tells of."""
    stream = logging_to(io.StringIO())

    log.info("seen", value=value)

    assert lines(stream)[0]["event"] == "seen"


def test_auto_means_columns_at_a_terminal_and_json_elsewhere() -> None:
    """Who reads decides the form, and nobody must remember to say so."""
    at_terminal, in_file = Terminal(), io.StringIO()

    configure_logging("INFO", "auto", at_terminal)
    log.info("plan_started")
    configure_logging("INFO", "auto", in_file)
    log.info("plan_ended")

    assert not at_terminal.getvalue().startswith("{")
    assert "plan_started" in at_terminal.getvalue()
    assert [line["event"] for line in lines(in_file)] == ["plan_ended"]


def test_configuring_again_replaces_everything() -> None:
    """A second handler would say every line of a library twice."""
    first, second = io.StringIO(), io.StringIO()
    configure_logging("INFO", "json", first)

    configure_logging("INFO", "json", second)
    log.info("plan_started")
    standard_logging.getLogger("aiokafka").warning("lost")

    assert first.getvalue() == ""
    assert [line["event"] for line in lines(second)] == ["plan_started", "lost"]


def test_lines_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output belongs to what commands print, and may be piped into another program."""
    configure_logging("INFO", "json")

    log.info("plan_started")

    printed = capsys.readouterr()
    assert printed.out == ""
    assert json.loads(printed.err)["event"] == "plan_started"


def test_the_level_can_be_changed_while_it_runs() -> None:
    """Whoever looks for a fault wants more, now, and without a restart."""
    stream = logging_to(io.StringIO(), "WARNING")

    log.info("passed_over")
    set_level("DEBUG", actor="ana")
    log.debug("looked_at")
    standard_logging.getLogger("a.library").debug("heard")
    set_level("ERROR", actor="ana")
    log.warning("passed_over_again")

    events = [line["event"] for line in lines(stream)]
    assert events == ["log_level_changed", "looked_at", "heard", "log_level_changed"]
    assert level() == "ERROR"


def test_the_log_says_who_changed_its_level() -> None:
    """Somebody will ask why it was silent."""
    stream = logging_to(io.StringIO())

    set_level("CRITICAL", actor="ana")

    (line,) = lines(stream)
    assert (line["event"], line["actor"]) == ("log_level_changed", "ana")
    assert (line["before"], line["after"]) == ("INFO", "CRITICAL")
