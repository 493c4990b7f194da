"""Forks: connections from before one belong to the parent, and two processes on one wire garble both."""

import os
from typing import Protocol
from weakref import WeakSet

__all__ = ["Forkable", "survive_forks"]


class Forkable(Protocol):
    """Holds connections, or locks that a thread may have held which stayed behind."""

    def leave_behind(self) -> None:
        """Begin anew in a process that was forked."""
        ...


_all: "WeakSet[Forkable]" = WeakSet()


def survive_forks(each: Forkable) -> None:
    """Let something begin anew in every process that is forked from now on."""
    _all.add(each)


def leave_all_behind() -> None:
    """Begin anew with all that there is in this process."""
    for each in list(_all):
        each.leave_behind()


# Not every system can fork.
getattr(os, "register_at_fork", dict)(after_in_child=leave_all_behind)
