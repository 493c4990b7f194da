"""What is counted: requests, sign-ins, password hashes, and calls of the store."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from userkit.errors import OverloadedError, StoreUnavailableError
from userkit.features.passwords import ACCOUNT_LIMIT, ADDRESS_LIMIT, PasswordRefused
from userkit.features.sessions import SignedIn
from userkit.features.throttling import AttemptsThrottled
from userkit.kit import UserKit

__all__ = ["EXPOSITION_TYPE", "MULTIPROCESS_FOLDER", "Metrics", "known_method"]

EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8"

MULTIPROCESS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which the Prometheus client library is told where workers put their figures together."""

_STORE_BUCKETS = (0.0002, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_VERBS = ("get", "find", "commit", "search", "count", "purge", "load")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_LIMITS = frozenset({ACCOUNT_LIMIT.name, ADDRESS_LIMIT.name})


class Metrics:
    """The figures of one process, or of all workers where they share a folder.

    Labels come from what we declare, never from what is sent, so that nobody makes them grow.
    """

    def __init__(self) -> None:
        """Begin at nothing."""
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = registry = CollectorRegistry()
        self._requests = Counter(
            "userkit_http_requests", "Requests answered.", ["method", "route", "status"], registry=registry
        )
        self._seconds = Histogram(
            "userkit_http_request_seconds", "How long answers took.", ["method", "route"], registry=registry
        )
        self._sign_ins = Counter("userkit_sign_ins", "Sign-ins by outcome.", ["outcome"], registry=registry)
        self._pending = Gauge(
            "userkit_password_hashes_pending",
            "Passwords that are being hashed or wait for it.",
            multiprocess_mode="livesum",
            registry=registry,
        )
        self._refused = Counter(
            "userkit_password_hashes_refused",
            "Passwords that were not hashed, for too many were waiting.",
            registry=registry,
        )
        self._store = Histogram(
            "userkit_store_seconds",
            "How long the store took.",
            ["verb"],
            buckets=_STORE_BUCKETS,
            registry=registry,
        )
        self._unavailable = Counter(
            "userkit_store_unavailable", "Calls that did not reach the store.", ["verb"], registry=registry
        )
        for outcome in ("signed_in", "refused", "throttled"):
            self._sign_ins.labels(outcome)
        for verb in _VERBS:
            self._store.labels(verb)
            self._unavailable.labels(verb)

    def listen(self, kit: UserKit) -> None:
        """Count the sign-ins of a kit."""
        kit.listen(SignedIn, lambda _: self._sign_ins.labels("signed_in").inc())
        kit.listen(PasswordRefused, self._on_refused)
        kit.listen(AttemptsThrottled, self._on_throttled)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer."""
        method = known_method(method)
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    @contextmanager
    def hashing(self) -> Generator[None, None, None]:
        """Count a password that is hashed inside."""
        self._pending.inc()
        try:
            yield
        except OverloadedError:
            self._refused.inc()
            raise
        finally:
            self._pending.dec()

    @contextmanager
    def storing(self, verb: str) -> Generator[None, None, None]:
        """Count a call of the store that is made inside."""
        try:
            with self._store.labels(verb).time():
                yield
        except StoreUnavailableError:
            self._unavailable.labels(verb).inc()
            raise

    def exposition(self) -> bytes:
        """Return all figures in the text format of Prometheus, which is of the type EXPOSITION_TYPE."""
        return generate_latest(self._collected())

    def _collected(self) -> CollectorRegistry:
        folder = os.environ.get(MULTIPROCESS_FOLDER)
        if not folder:
            return self.registry
        _forget_the_dead(Path(folder))
        together = CollectorRegistry()
        MultiProcessCollector(together, path=folder)  # type: ignore[no-untyped-call]
        return together

    def _on_refused(self, event: PasswordRefused) -> None:
        if event.purpose == "sign_in":
            self._sign_ins.labels("refused").inc()

    def _on_throttled(self, event: AttemptsThrottled) -> None:
        if event.limit in _LIMITS:
            self._sign_ins.labels("throttled").inc()


def known_method(method: str) -> str:
    """Return a method that HTTP knows, or one word for all others."""
    return method if method in _METHODS else "OTHER"


def _forget_the_dead(folder: Path) -> None:
    """Take out what a worker that is gone said of how much it was doing."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            with suppress(FileNotFoundError):  # another worker was faster
                mark_process_dead(pid, path=str(folder))  # type: ignore[no-untyped-call]
        except PermissionError:
            continue
