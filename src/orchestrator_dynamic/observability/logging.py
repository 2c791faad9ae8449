"""One line for each step, on stderr: JSON for machines, columns for a person at a terminal.

`log = get_logger(__name__)` once a module, `log.info("plan_started", plan=plan_id)` at the step:
the event is a fixed name in the past tense, and everything that varies is a field. Ids that a
stretch of work shares are bound once: by `log.bind(plan=…)`, or for the calls and tasks below
by `with bound(plan=…)`. What libraries log comes out in the same form.
"""

import json
import logging
import sys
from contextlib import AbstractContextManager
from threading import Lock
from typing import Any, Literal, TextIO, cast

import orjson
import structlog
from structlog.contextvars import bound_contextvars, merge_contextvars
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

Logger = FilteringBoundLogger
LogFormat = Literal["auto", "json", "console"]


def configure_logging(level: str, log_format: LogFormat, stream: TextIO | None = None) -> None:
    """Log from now on, to `stream`, what is at least `level`; calling it again replaces it all.

    Libraries are heard from WARNING on, and from DEBUG on where we are too.

    Args:
        level: DEBUG, INFO, WARNING, ERROR or CRITICAL.
        log_format: `auto` means for people where `stream` is a terminal, and JSON elsewhere.
        stream: standard error where none is given, for stdout belongs to what commands print.
    """
    output = stream if stream is not None else sys.stderr
    form = _form(log_format, output)
    structlog.configure(
        processors=[merge_contextvars, *_ALWAYS, *form],
        logger_factory=structlog.WriteLoggerFactory(output),
        # A cached logger would go on writing to the stream of an earlier configuration, and go on
        # at an earlier level.
        cache_logger_on_first_use=False,
    )
    _hear_libraries(form, output)
    _set_least(level)


def level() -> str:
    """Return the least that is logged now: DEBUG, INFO, WARNING, ERROR or CRITICAL."""
    return _least


def set_level(level: str, actor: str) -> None:
    """Log from now on what is at least `level`, of ours and of libraries; the log says who asked.

    Loggers that were made before follow, unless fields were bound to them.

    Args:
        level: DEBUG, INFO, WARNING, ERROR or CRITICAL.
        actor: who wants it.
    """
    with _changing:
        before = _least
        _set_least(level)
    # As grave as the level that is least now, or nobody would read who had it changed.
    told = logging.getLevelNamesMapping()[level]
    get_logger(__name__).log(told, "log_level_changed", actor=actor, before=before, after=level)


def get_logger(name: str) -> Logger:
    """Return the logger of module `name`; it may be made before logging is configured."""
    return cast(Logger, structlog.get_logger(module=name))


def bound(**fields: str) -> AbstractContextManager[object]:
    """Return a context in which each line, also of calls and tasks below, has these fields."""
    return bound_contextvars(**fields)


_least = "INFO"
_changing = Lock()


def _set_least(level: str) -> None:
    global _least
    _least = level
    least = logging.getLevelNamesMapping()[level]
    structlog.configure(
        **{**structlog.get_config(), "wrapper_class": structlog.make_filtering_bound_logger(least)}
    )
    heard = least if least <= logging.DEBUG else max(least, logging.WARNING)
    logging.getLogger().setLevel(heard)


_ALWAYS: tuple[Processor, ...] = (
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
)


def _form(log_format: LogFormat, output: TextIO) -> tuple[Processor, ...]:
    if log_format == "console" or (log_format == "auto" and output.isatty()):
        # The renderer's own tracebacks show local variables, and with them payloads and secrets.
        plain = structlog.dev.plain_traceback
        return (structlog.dev.ConsoleRenderer(output.isatty(), exception_formatter=plain),)
    # A traceback is one field, so that a line stays a line.
    return (structlog.processors.format_exc_info, _as_json)


def _as_json(_logger: WrappedLogger, _method: str, line: EventDict) -> str:
    """One line of JSON that starts with when, how grave and what."""
    first = {key: line.pop(key, None) for key in ("timestamp", "level", "event")}
    whole = {**first, **line}
    try:
        return orjson.dumps(whole, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:
        # Half a character or a huge number must not cost the line, let alone the work it is about.
        return json.dumps(whole, default=str, skipkeys=True)


class _LibraryHandler(logging.StreamHandler[TextIO]):
    """The handler for what libraries log; of its own class, so that only ours is replaced."""


def _hear_libraries(form: tuple[Processor, ...], output: TextIO) -> None:
    handler = _LibraryHandler(output)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[merge_contextvars, *_ALWAYS, _name_library],
            processors=[ProcessorFormatter.remove_processors_meta, *form],
        )
    )
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, _LibraryHandler)]:
        root.removeHandler(old)
    root.addHandler(handler)


def _name_library(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    record: Any = line["_record"]
    line["module"] = record.name
    return line
