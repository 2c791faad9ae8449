"""What benchmarks on servers need: names of their own there, and workers in other processes."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from enum import StrEnum
from uuid import uuid4

from orchestrator_dynamic.cli.engine_choice import Engine
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.errors import Misconfigured, Unavailable

WORKER = "orchestrator_dynamic.cli.bench_worker:worker"

_READY_S = 30.0
_STOP_S = 15.0


class Bus(StrEnum):
    """What carries tickets."""

    EMBEDDED = "embedded"
    KAFKA = "kafka"


def refuse_impossible(settings: Settings, bus: Bus, engine: Engine) -> None:
    """Make sure that what is to be measured can be.

    Raises:
        Misconfigured: a server is not set; the message says how to have one.
    """
    if bus is Bus.KAFKA and engine is Engine.TEMPORAL:
        raise Misconfigured(
            "--bus kafka measures the embedded engine over Kafka, --engine temporal a Temporal "
            "server with workers in this process; give one of them"
        )
    have = "`make services` starts one here"
    if bus is Bus.KAFKA and not settings.kafka.bootstrap_servers:
        raise Misconfigured(f"--bus kafka needs KAFKA_BOOTSTRAP_SERVERS; {have}")
    if engine is Engine.TEMPORAL and settings.temporal.host is None:
        raise Misconfigured(f"--engine temporal needs TEMPORAL_HOST; {have}")


def new_name() -> str:
    """Return a name that nobody has on any server."""
    return f"orq-bench-{uuid4().hex[:12]}"


@asynccontextmanager
async def worker_process(settings: Settings, group: str) -> AsyncIterator[None]:
    """Have a worker that does nothing in a process of its own, on the topics of `settings`.

    Raises:
        Unavailable: it did not start; the message has what it said.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "orchestrator_dynamic.cli"),
        *("worker", WORKER, "--group", group),
        env={**os.environ, **names_in_environment(settings), "LOG_LEVEL": "ERROR"},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    said = process.stderr
    if said is None:
        raise Unavailable("the worker's words cannot be heard")
    try:
        heard = b""
        async with asyncio.timeout(_READY_S):
            while b"takes tickets" not in heard:
                line = await said.readline()
                if not line:
                    raise Unavailable(f"the worker did not start: {heard.decode(errors='replace')}")
                heard += line
        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(said.read())
            yield
            if process.returncode is None:
                process.terminate()
            async with asyncio.timeout(_STOP_S):
                await listening
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def names_in_environment(settings: Settings) -> Mapping[str, str]:
    """Return the environment in which another process has the names that `settings` have."""
    kafka = settings.kafka
    named = {name: getattr(kafka, key) for name, key, _ in kafka.named_fields()}
    topics = {name: topic for name, topic in named.items() if name.endswith("_TOPIC")}
    return {
        **topics,
        "KAFKA_CONSUMER_GROUP_ID": kafka.consumer_group_id,
        "TEMPORAL_TASK_QUEUE": settings.temporal.task_queue,
        "MONGODB_DATABASE": settings.mongodb.database,
        "DATA_DIR": str(settings.data_dir),
    }
