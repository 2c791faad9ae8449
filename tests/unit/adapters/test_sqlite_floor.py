"""The floor beside the embedded engine."""

from contextlib import closing
from pathlib import Path

from orchestrator_dynamic.adapters.sqlite.database import open_for_reading
from orchestrator_dynamic.adapters.sqlite.floor import run_floor
from orchestrator_dynamic.simulation.bench_plans import Shape, plans_of


async def test_the_floor_commits_each_batch_before_it_is_executed(tmp_path: Path) -> None:
    """A fan of ten tasks is three batches; a row that is not durable yet would be no floor."""
    rows_at: list[int] = []

    async def note(task: int) -> None:
        with closing(open_for_reading(tmp_path)) as connection:
            rows_at.append(connection.execute("SELECT count(*) FROM floor").fetchone()[0])

    commits = await run_floor(tmp_path, plans_of(Shape.FAN, 10), note)

    assert commits == 3
    assert rows_at == [1, *[9] * 8, 10]
