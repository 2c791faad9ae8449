"""The engine of one process, measured: what a task costs beside a commit for each batch."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter, process_time

from orchestrator_dynamic.bootstrap.embedded import Application, application, run_floor
from orchestrator_dynamic.cli.bench_report import Comparison, Measurement
from orchestrator_dynamic.cli.bench_worker import worker
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.errors import InvariantViolation
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.orchestrator import Receipt
from orchestrator_dynamic.simulation.bench_plans import Shape, decisions, plans_of

_BESIDE = "a commit for each batch, and the call"

Submit = Callable[[bytes], Awaitable[Receipt]]
OutcomeOf = Callable[[WorkflowId], Awaitable[Outcome | None]]


async def measured(settings: Settings, shape: Shape, tasks: int, runs: int) -> Measurement:
    """Return what a task costs in a plan of this shape."""
    compared = Comparison(shape, tasks, _BESIDE)
    settings = _within_the_process(settings)
    async with application(settings, workers=[worker], command="orq bench") as app:
        await timed_run(app, Shape.FAN, 50, "warm-up")
        for number in range(runs):
            commits = app.ledger.commits
            wall, cpu = await timed_run(app, shape, tasks, str(number))
            compared.commits = app.ledger.commits - commits
            compared.note(wall, cpu, await _floor(settings.data_dir / "floor", shape, tasks))
    return compared.told()


async def timed_run(app: Application, shape: Shape, tasks: int, run: str) -> tuple[float, float]:
    """Return wall and CPU seconds from handing over to knowing every outcome."""

    async def submit(message: bytes) -> Receipt:
        return await app.engine.submit(message, source="bench")

    return await timed(submit, app.engine.outcome_of, shape, tasks, run)


async def timed(
    submit: Submit, outcome_of: OutcomeOf, shape: Shape, tasks: int, run: str
) -> tuple[float, float]:
    """Return wall and CPU seconds from handing over to knowing every outcome, of any engine.

    Raises:
        InvariantViolation: a plan ended otherwise than well.
    """

    async def outcome(message: bytes) -> Outcome | None:
        receipt = await submit(message)
        if receipt.workflow_id is None:
            raise InvariantViolation(f"a plan of the benchmark was refused: {receipt.reason}")
        return await outcome_of(receipt.workflow_id)

    messages = list(decisions(shape, tasks, run))
    gc.collect()
    wall, cpu = perf_counter(), process_time()
    outcomes = await asyncio.gather(*map(outcome, messages))
    wall, cpu = perf_counter() - wall, process_time() - cpu
    if any(one is not Outcome.SUCCESS for one in outcomes):
        raise InvariantViolation(f"a plan of the benchmark ended {outcomes}")
    return wall, cpu


async def _floor(directory: Path, shape: Shape, tasks: int) -> float:
    """Return the seconds that the floor takes for the same plans."""
    plans = plans_of(shape, tasks)
    gc.collect()
    began = perf_counter()
    await run_floor(directory, plans, _nothing)
    return perf_counter() - began


async def _nothing(task: int) -> None:
    return None


def _within_the_process(settings: Settings) -> Settings:
    """Return the settings without any server that they name: the bench has asked for none."""
    kafka = settings.kafka.model_copy(update={"bootstrap_servers": None})
    mongodb = settings.mongodb.model_copy(update={"uri": None})
    return settings.model_copy(update={"kafka": kafka, "mongodb": mongodb})
