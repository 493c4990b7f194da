"""A plain hasher that stops in the middle until a gate opens, and counts who is inside."""

import threading

from userkit.ports.passwords import Verification

PATIENCE = 60.0


class Gated:
    """Hash nothing, slowly. ``started`` is released once for each call that runs."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.started = threading.Semaphore(0)
        self.seen: list[str] = []
        self.threads: set[threading.Thread] = set()
        self.most = 0
        self._inside = 0
        self._lock = threading.Lock()

    def hash(self, password: str) -> str:
        self._stop(password)
        return f"hash of {password}"

    def verify(self, password: str, encoded: str | None) -> Verification:
        self._stop(password)
        return Verification(matches=encoded == f"hash of {password}")

    def recognises(self, encoded: str) -> bool:
        return encoded.startswith("hash of ")

    def wait_until_started(self, count: int) -> None:
        for _ in range(count):
            assert self.started.acquire(timeout=PATIENCE)

    def _stop(self, password: str) -> None:
        with self._lock:
            self._inside += 1
            self.most = max(self.most, self._inside)
            self.seen.append(password)
            self.threads.add(threading.current_thread())
        self.started.release()
        assert self.gate.wait(PATIENCE)
        with self._lock:
            self._inside -= 1


class Failing(Gated):
    """Raise instead."""

    def hash(self, password: str) -> str:
        raise RuntimeError("no memory")
