"""`orq doctor`: is everything here fit to run plans, and what is to be done where it is not?"""

import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import typer

from orchestrator_dynamic.bootstrap.probes import identity_checks, probes
from orchestrator_dynamic.bootstrap.records import inspect_data, lease_holder
from orchestrator_dynamic.cli.checks import (
    check_of_clock,
    checks_of_directory,
    checks_of_versions,
    read_clocks,
    size_words,
    worst_of,
)
from orchestrator_dynamic.cli.event_loop import run_in_loop
from orchestrator_dynamic.cli.failures import NOT_WELL
from orchestrator_dynamic.cli.options import AsJson, DataDir
from orchestrator_dynamic.cli.printing import counted, print_json, say
from orchestrator_dynamic.cli.quietness import settings_for_people
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.ports.inspection import Inspection, Records
from orchestrator_dynamic.ports.probing import Check, Verdict, ok, problem, warning

_EXAMPLES = """
Examples:

orq doctor

orq doctor --data-dir .orchestrator-dynamic --json
"""

_STYLES = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.PROBLEM: "bold red"}


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog=_EXAMPLES)(doctor)


def doctor(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Look at settings, disk, clock, versions, records, and try every service that is set.

    Says what to do where all is not well. May be used beside a running engine. Reads all records,
    which takes a while where they are many. Exit code 1 means that there is a problem.
    """
    complaints: list[str] = []
    settings = settings_for_people(data_dir, complaints)
    if complaints:
        # Whatever else is wrong, look where the records are said to be.
        place = data_dir or Path(os.environ.get("DATA_DIR") or settings.data_dir)
        settings = settings.model_copy(update={"data_dir": place})
    checks: list[Check] = []
    for check in chain(_checks(settings, complaints), _services(settings)):
        checks.append(check)
        if not as_json:
            _tell(check)
    worst = worst_of(checks)
    if as_json:
        print_json({"verdict": worst, "checks": checks})
    else:
        _tell_sum(checks)
    if worst is Verdict.PROBLEM:
        raise typer.Exit(NOT_WELL)


def _checks(settings: Settings, complaints: list[str]) -> Iterator[Check]:
    before = read_clocks()
    yield from _checks_of_settings(settings, complaints)
    yield from checks_of_directory(settings.data_dir)
    inspection = inspect_data(settings)
    records = inspection.records
    yield from checks_of_versions(inspection.sqlite_version)
    yield check_of_clock(before, read_clocks(), records.last_fact_at if records else None)
    if inspection.size is None:
        return
    yield from _checks_of_store(inspection, inspection.size)
    holder = lease_holder(settings)
    yield ok("engine", holder or "none runs on this data directory")
    if records is not None:
        yield from _checks_of_records(records, engine_runs=holder is not None)


def _services(settings: Settings) -> Iterator[Check]:
    """Try every backing service that is set, and who lets people in, for real."""

    async def found() -> list[Check]:
        servers = [check async for checks in probes(settings) for check in checks]
        return [*servers, *await identity_checks(settings)]

    yield from run_in_loop(found())


def _checks_of_settings(settings: Settings, complaints: list[str]) -> Iterator[Check]:
    for complaint in complaints:
        yield problem("settings", complaint, "mend it; nothing starts before")
    if not complaints:
        yield ok("settings", "all are possible; `orq settings` shows them")


def _checks_of_store(inspection: Inspection, size: int) -> Iterator[Check]:
    version, known = inspection.schema_version, inspection.schema_known
    if inspection.faults:
        remedy = "keep a copy of the directory, and restore it from a backup"
        for fault in inspection.faults:
            yield problem("records", f"the integrity check says: {fault}", remedy)
    else:
        yield ok("records", f"{size_words(size)}, undamaged")
    if version is None:
        return
    if version > known:
        finding = f"version {version}; this program knows {known}"
        yield problem("schema", finding, "use the newer version that has written it")
    elif version < known:
        finding = f"version {version}; this program writes {known}"
        yield warning("schema", finding, "start an engine on it, which brings it up to date")
    else:
        yield ok("schema", f"version {version}")


def _checks_of_records(records: Records, *, engine_runs: bool) -> Iterator[Check]:
    yield _check_of_plans(records, engine_runs)
    if records.halted_plans:
        halted = counted(records.halted_plans, "plan")
        finding = f"{halted} stopped by a fault of this program"
        remedy = "look at them: orq workflows --phase HALTED; report the fault"
        yield warning("halted plans", finding, remedy)
    if records.dead_letters:
        letters = f"{counted(records.dead_letters, 'dead letter')} not requeued"
        yield warning("dead letters", letters, "look at them: orq dead-letters")
    else:
        yield ok("dead letters", "none that was not requeued")
    if records.buffered_messages:
        finding = f"{counted(records.buffered_messages, 'message')} not sent yet"
        yield warning("buffered", finding, "see that the bus can be reached")
    else:
        yield ok("buffered", "every message has been sent")
    if records.unanswered_requests:
        finding = f"{counted(records.unanswered_requests, 'request')} of operators not answered"
        yield warning("requests", finding, "the next engine answers them")


def _check_of_plans(records: Records, engine_runs: bool) -> Check:
    open_plans = counted(records.open_plans, "open plan")
    parked = f"{records.parked_plans:,} of them wait for a person's approval"
    finding = f"{open_plans}, {parked}" if records.parked_plans else open_plans
    moving = records.open_plans - records.parked_plans - records.halted_plans
    if moving > 0 and not engine_runs:
        remedy = "start an engine: orq run; then they go on"
        return warning("plans", f"{finding}; no engine runs", remedy)
    if records.parked_plans:
        return warning("plans", finding, "see orq workflows --phase AWAITING_APPROVAL")
    return ok("plans", finding)


def _tell(check: Check) -> None:
    say((f"{check.verdict:<9}", _STYLES[check.verdict]), f"{check.name + ' ':<16}", check.finding)
    if check.remedy:
        say(f"{'':<25}", ("→ ", "bold"), check.remedy)


def _tell_sum(checks: list[Check]) -> None:
    problems = sum(check.verdict is Verdict.PROBLEM for check in checks)
    warnings = sum(check.verdict is Verdict.WARNING for check in checks)
    say()
    if problems:
        say((counted(problems, "problem"), "bold red"), f", {counted(warnings, 'warning')}")
    elif warnings:
        say((f"No problem, {counted(warnings, 'warning')}", "yellow"))
    else:
        say(("All is well.", "green"))
