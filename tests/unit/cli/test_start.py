"""A command starts with what it needs, and no more."""

import subprocess
import sys

# Each takes longer to import than a small plan takes to run.
HEAVY = ("aiokafka", "asyncpg", "httpx", "pymongo", "redis", "temporalio")


def test_commands_do_not_load_the_clients_of_servers() -> None:
    """Whoever runs a plan on a laptop must not wait for libraries of servers that are not there."""
    program = (
        "import sys, orchestrator_dynamic.cli.main; "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert loaded.stdout.strip() == "[]"
