"""Ports on loopback that nobody uses."""

import random
import socket

HOST = "127.0.0.1"
# Below the ports that systems give to outgoing connections (from 32768 on in Linux): otherwise a
# client that knocks at a killed server's port can get that very port, and the server no way back.
_CANDIDATES = range(20_000, 32_000)
_given: set[int] = set()


def free_ports(count: int) -> tuple[int, ...]:
    """Return `count` ports that are free now, and that this process has not been given before."""
    found: list[int] = []
    for port in random.sample(_CANDIDATES, len(_CANDIDATES)):
        if len(found) == count:
            break
        if port not in _given and _free(port):
            _given.add(port)
            found.append(port)
    return tuple(found)


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
