"""What a process makes for itself is not shared with those that are forked from it."""

import os
import threading

import pytest

from userkit.kernel.per_process import PerProcess


def test_it_is_made_once_and_again_when_it_was_taken() -> None:
    """When it is first needed."""
    made: list[object] = []

    def make() -> object:
        made.append(object())
        return made[-1]

    client = PerProcess(make)
    assert client.take() is None
    assert made == []
    assert client.get() is client.get() is client.take() is made[0]
    assert client.take() is None
    assert client.get() is made[1]


def test_threads_that_come_at_once_agree_on_one() -> None:
    """The others wait for the first."""
    gate, made = threading.Barrier(8), list[object]()

    def make() -> object:
        made.append(object())
        return made[-1]

    client, found = PerProcess(make), list[object]()

    def ask() -> None:
        gate.wait()
        found.append(client.get())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == made * 8


class Announced:
    """A lock that tells when somebody wants it."""

    def __init__(self) -> None:
        self.lock, self.wanted = threading.Lock(), threading.Semaphore(0)

    def __enter__(self) -> None:
        self.wanted.release()
        self.lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.lock.release()


def test_who_comes_while_it_is_made_gets_the_same() -> None:
    """They have looked before it was there, and look again when it is their turn."""
    found: list[object] = []

    def make() -> object:
        late.start()
        for _ in range(2):  # the first, who makes it, and the one who is late
            announced.wanted.acquire()
        return object()

    client, announced = PerProcess(make), Announced()
    client._lock = announced  # type: ignore[assignment]
    late = threading.Thread(target=lambda: found.append(client.get()))
    first = client.get()
    late.join()
    assert found == [first]


def test_a_forked_process_makes_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """And does not close that of its parent."""
    client = PerProcess(object)
    parents = client.get()
    monkeypatch.setattr(os, "getpid", lambda: -1)
    own = client.get()
    assert own is not parents
    monkeypatch.undo()
    assert client.take() is None
