"""Processes are killed in the middle of plans, and others go on: nothing is lost or made twice."""

import asyncio
import sys
from collections import Counter
from pathlib import Path
from typing import Self

from orchestrator_dynamic.adapters.sqlite import database
from orchestrator_dynamic.models.vocabulary import Outcome
from tests.support.engines import a_chain, rows
from tests.support.messages import a_task
from tests.support.temporal_member import NOTES
from tests.support.temporal_server import DevServer
from tests.support.temporal_world import a_new_message, a_process, finished

ROOT = Path(__file__).parents[2]
QUEUE = "crashes"
PLANS = 14
KILLS = 2


class Members:
    """Other processes, of which the oldest is killed again and again."""

    def __init__(self, directory: Path, server: DevServer) -> None:
        self._directory = directory
        self._address = server.address
        self._running: list[asyncio.subprocess.Process] = []

    async def start(self) -> int:
        """Start one, and return its process id."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "ignore", "-m", "tests.support.temporal_member"),
            *(str(self._directory), self._address.target, self._address.namespace, QUEUE),
            cwd=ROOT,
            env={"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
            stdout=asyncio.subprocess.PIPE,
        )
        self._running.append(process)
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        return process.pid

    async def kill_oldest(self) -> None:
        """End the one that was started first, as a power cut would."""
        process = self._running.pop(0)
        process.kill()
        await process.wait()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        while self._running:
            await self.kill_oldest()


async def test_killed_processes_lose_and_repeat_nothing(server: DevServer, tmp_path: Path) -> None:
    """Kill -9, again and again, while a second process goes on with the same plans."""
    database.open_for_writing(tmp_path).close()
    wide = (a_task("first"), *(a_task(f"w{n}", dependencies=["first"]) for n in range(15)))
    chain = a_chain(*(f"t{number}" for number in range(16)))
    async with (
        Members(tmp_path, server) as members,
        a_process(
            tmp_path, server.address, drives=False, task_queue=QUEUE, patience_s=45
        ) as process,
    ):
        oldest = await members.start()
        plans = [
            await process.begin(a_new_message(*(wide if number % 2 else chain)))
            for number in range(PLANS)
        ]
        await until_executing(tmp_path, oldest)
        await members.start()
        for _ in range(KILLS):
            await members.kill_oldest()
            # Whoever starts tells the plans that tickets in the memory of others may be gone.
            await members.start()
        outcomes = await finished(process, plans)

    executed_by = {line.split()[0] for line in (tmp_path / NOTES).read_text().splitlines()}
    assert len(executed_by) >= 2
    assert outcomes == [Outcome.SUCCESS] * PLANS
    names = rows(tmp_path, "SELECT count(*), count(DISTINCT ticket_id) FROM tickets")
    assert names == [(PLANS * 16,) * 2]
    assert rows(tmp_path, "SELECT DISTINCT stage FROM tickets") == [("COMPLETED",)]
    accepted = rows(tmp_path, "SELECT ticket_id FROM results WHERE fate = 'accepted'")
    completed = Counter(
        str(row[0])
        for row in rows(
            tmp_path,
            "SELECT t.ticket_id FROM journal j JOIN tickets t ON t.workflow = j.workflow AND "
            "t.number = j.body ->> 'ticket' WHERE j.kind = 'ticket_succeeded'",
        )
    )
    assert {str(row[0]) for row in accepted} == set(completed)
    assert len(accepted) == len(completed) == PLANS * 16


async def until_executing(directory: Path, member: int) -> None:
    """Return when a process is in the middle of something."""
    notes, mine = directory / NOTES, f"{member} "
    while not notes.exists() or mine not in notes.read_text():  # noqa: ASYNC110 - another process writes it.
        await asyncio.sleep(0)
