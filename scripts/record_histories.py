"""Records the histories that tests/replay replays, against a server that it starts.

    python -m scripts.record_histories [NAME...]

A recorded history is a promise: a workflow that an earlier version began goes on under this one. So
record anew only what is missing, and keep what is there, unless no such workflow can run anywhere.
"""

import asyncio
import gzip
import sys
import tempfile
from pathlib import Path

from orchestrator_dynamic.observability.logging import configure_logging
from tests.support.temporal_server import DevServer
from tests.support.temporal_stories import STORIES, told

WHERE = Path(__file__).parents[1] / "tests" / "replay" / "histories"
SOON = "limit.historyCount.suggestContinueAsNew=60"


def main(names: list[str]) -> None:
    """Record the stories with these names, all that have no history yet where none is given."""
    configure_logging("ERROR", "json")
    WHERE.mkdir(exist_ok=True)
    kept = {path.name.rpartition("-")[0] for path in WHERE.glob("*.json.gz")}
    for name in names or [name for name in STORIES if name not in kept]:
        settings = [SOON] if name == "continued" else []
        with DevServer(*settings) as server, tempfile.TemporaryDirectory() as directory:
            histories, outcome = asyncio.run(told(name, server, Path(directory)))
        print(f"{name}: {outcome}, {len(histories)} runs")
        for run, text in histories.items():
            # Without the time of writing, so that the same history is the same file.
            (WHERE / f"{run}.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main(sys.argv[1:])
