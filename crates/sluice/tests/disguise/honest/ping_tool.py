import socket
import time


def reachable(host, port, timeout=2.0):
    """Whether a port of a host that the caller names can be reached, and how fast."""
    start = time.monotonic()
    try:
        with socket.create_connection((host, port), timeout=timeout):
            return time.monotonic() - start
    except OSError:
        return None


def table(hosts):
    return {host: reachable(host, 443) for host in hosts}
