"""Which hosts are this machine's own address, which nobody else can reach."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Return whether `host` is this machine alone; of names, only `localhost` is known to be."""
    name = host.removeprefix("[").removesuffix("]").lower()
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
