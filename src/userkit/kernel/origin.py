"""Where a call comes from: who acts, from which address, with what program.

It travels beside the call, in a context variable, so that what is recorded of a change knows it
without every function passing it on. Tasks and threads of a request see their own.
"""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from userkit.kernel.address import client_address

__all__ = ["Origin", "coming_from", "current_origin", "printable"]

_LONGEST_AGENT = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who acts, and from where; None is unknown."""

    actor_id: str | None = None
    session_id: str | None = None
    address: str | None = None
    user_agent: str | None = None


_NOWHERE = Origin()
_current: ContextVar[Origin] = ContextVar("userkit_origin", default=_NOWHERE)


def current_origin() -> Origin:
    """Return where the current call comes from."""
    return _current.get()


@contextmanager
def coming_from(
    *,
    actor_id: str | None = None,
    session_id: str | None = None,
    address: str | None = None,
    user_agent: str | None = None,
) -> Generator[Origin, None, None]:
    """Say where the calls inside come from; what is not given stays as it was around them.

    The address is kept in its canonical form, the user agent in printable characters, at most 255.
    """
    given = {"actor_id": actor_id, "session_id": session_id}
    changes = {name: value for name, value in given.items() if value is not None}
    if address is not None:
        changes["address"] = client_address(address)
    if user_agent is not None:
        changes["user_agent"] = printable(user_agent)[:_LONGEST_AGENT]
    token = _current.set(replace(_current.get(), **changes))
    try:
        yield _current.get()
    finally:
        _current.reset(token)


def printable(text: str) -> str:
    """Return text without what a terminal, a log or a table would obey: each is shown as U+FFFD."""
    if text.isprintable():
        return text  # as nearly all of it is, and every request asks
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
