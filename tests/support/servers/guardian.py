"""Folders for servers, which vanish together with their servers when this process is gone.

A test run can be killed, and then no `finally` runs. The guardian is a process of its own that
reads from a pipe to us: the end of the pipe is our end, whichever way we went.
"""

import atexit
import subprocess
import tempfile
from functools import cache
from pathlib import Path

SCRIPTS = Path(__file__).parents[3] / "scripts" / "services"
# Killing is quick; deleting what a broker has written may take a moment on a busy machine.
FAREWELL_S = 60


def guarded_folder(name: str) -> Path:
    """Return a new folder that is deleted at the latest when this process ends."""
    return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=_guarded_home()))


@cache
def _guarded_home() -> Path:
    home = Path(tempfile.mkdtemp(prefix="orchestrator-servers-"))
    guardian = subprocess.Popen(
        [SCRIPTS / "guard.sh", home],
        stdin=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C at the terminal is for the tests, not for it.
    )
    atexit.register(_dismiss, guardian)
    return home


def _dismiss(guardian: subprocess.Popen[bytes]) -> None:
    """Let it do its work now, and return when it has."""
    if guardian.stdin is not None:
        guardian.stdin.close()
    guardian.wait(FAREWELL_S)
