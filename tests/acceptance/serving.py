"""`orq serve` in a process of its own, found by what the data directory says of its holder."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestrator_dynamic.adapters.sqlite import lease
from tests.acceptance.command import Running, running

NOTHING = "orchestrator_dynamic.cli.bench_worker:worker"


@dataclass(frozen=True, slots=True)
class Serving:
    """A service that takes requests at `address`."""

    running: Running
    address: str

    @property
    def port(self) -> str:
        """Where it listens."""
        return self.address.rpartition(":")[2]


@contextmanager
def serving(
    data_dir: Path, *options: str, port: str = "0", env: Mapping[str, str] | None = None
) -> Iterator[Serving]:
    """Serve `data_dir`; it does not outlive the context."""
    with running("serve", "--data-dir", data_dir, "--port", port, *options, env=env) as command:
        found: list[str] = []

        def is_there() -> bool:
            holder = lease.holder_of(data_dir)
            if holder is not None and holder.pid == command.process.pid:
                found.extend(re.findall(r"http://[^\s,;)]+", holder.command))
            return bool(found)

        command.until(is_there)
        yield Serving(command, found[0])
