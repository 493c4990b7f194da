"""Free ports on the loopback interface."""

import random
import socket

LOOPBACK = "127.0.0.1"

# Below the ranges from which Linux and macOS take the ports of outgoing connections: a port that a stopped
# server gave back is then not taken by a passing client before the server is started again.
_CANDIDATES = range(20_000, 32_000)
_random = random.SystemRandom()


def free_port() -> int:
    """Return a port that nobody listens on."""
    for port in _random.sample(_CANDIDATES, k=100):
        if is_free(port):
            return port
    raise RuntimeError("no free port among 100 candidates")


def is_free(port: int) -> bool:
    """Say whether a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
