"""The lease: one engine a data directory, and nobody waits for the dead."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orchestrator_dynamic.adapters.sqlite import lease
from orchestrator_dynamic.adapters.sqlite.lease import Holder, LeaseHeld
from tests.support.command_line import ROOT, environment

SINCE = "2026-01-01T12:00:00Z"

_HOLD = """
import sys
import threading
from pathlib import Path
from orchestrator_dynamic.adapters.sqlite import lease

with lease.held(Path(sys.argv[1]), "orq run", "2026-01-01T12:00:00Z"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(directory: Path) -> Iterator[subprocess.Popen[str]]:
    """Hold the lease in another process, which does not outlive the context."""
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(directory)],
        env=environment({}),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            yield holder
        finally:
            holder.kill()


def test_a_second_process_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    """Whoever is refused must know whom to stop."""
    with (
        another_process(tmp_path) as holder,
        pytest.raises(LeaseHeld) as refusal,
        lease.held(tmp_path, "orq demo", SINCE),
    ):
        pass

    assert f"process {holder.pid} on " in str(refusal.value)
    assert "(orq run), since 2026-01-01T12:00:00Z" in str(refusal.value)


def test_a_killed_holders_lease_is_free_at_once(tmp_path: Path) -> None:
    """After a crash a restart must not wait, and nobody must delete a file by hand."""
    with another_process(tmp_path) as holder:
        holder.kill()
        holder.wait()

        before = lease.holder_of(tmp_path)
        with lease.held(tmp_path, "orq demo", SINCE):
            during = lease.holder_of(tmp_path)

    assert before is None
    assert during is not None
    assert (during.pid, during.command) == (os.getpid(), "orq demo")


def test_a_lease_that_was_given_back_has_no_holder(tmp_path: Path) -> None:
    """Commands ask first whether there is an engine to talk to."""
    never = lease.holder_of(tmp_path)
    with lease.held(tmp_path, "orq run", SINCE):
        pass

    assert never is None
    assert lease.holder_of(tmp_path) is None


def test_asking_who_holds_it_takes_nothing_away(tmp_path: Path) -> None:
    """`doctor` may ask at any moment, many times at once."""
    with another_process(tmp_path) as holder:
        told = [lease.holder_of(tmp_path) for _ in range(3)]

        assert {one.pid for one in told if one} == {holder.pid}
        assert holder.poll() is None


def test_a_holder_is_named_for_people() -> None:
    """The text goes straight into messages."""
    holder = Holder(4711, "node-3", "orq run", SINCE)

    assert str(holder) == "process 4711 on node-3 (orq run), since 2026-01-01T12:00:00Z"


def test_asking_never_keeps_an_engine_from_starting(tmp_path: Path) -> None:
    """Somebody may watch with `orq show` at the very moment of a restart."""
    with lease.held(tmp_path, "orq run", SINCE):
        pass
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            lease.holder_of(tmp_path)

    watchers = [threading.Thread(target=watch) for _ in range(3)]
    for watcher in watchers:
        watcher.start()
    try:
        for _ in range(300):
            with lease.held(tmp_path, "orq run", SINCE):
                pass
    finally:
        done.set()
        for watcher in watchers:
            watcher.join()

    assert lease.holder_of(tmp_path) is None
