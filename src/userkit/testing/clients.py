"""Signing people in on the clients of tests, without a password."""

from collections.abc import Callable, Coroutine, MutableMapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Protocol, TypeVar

from userkit.errors import UsageError
from userkit.features.sessions import Sessions
from userkit.features.users import User
from userkit.kit import SyncUserKit, UserKit
from userkit.storage.changes import Save

__all__ = ["AsUser", "SignedIn"]

C = TypeVar("C")

_LONG_AGO = timedelta(days=365)
_PASSWORD = frozenset({"pwd"})  # RFC 8176, section 2
_PLACES = (("environ_base", "HTTP_AUTHORIZATION"), ("headers", "Authorization"))


class AsUser(Protocol):
    """Signs a user in on a client; this is what the fixture ``as_user`` is."""

    def __call__(self, client: C, user: User | None, *, fresh: bool = True) -> C:
        """Let a client send an access token of a user with every request, and return the client.

        No password and no check is asked. With ``fresh`` False the user proved a year ago who they are.
        None signs out. Raises UserNotFoundError, and UsageError for a client of another kind.
        """
        ...


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Sign users of a kit in on clients. ``finish`` turns what its coroutines return into their result."""

    kit: UserKit | SyncUserKit
    finish: Callable[[Coroutine[Any, Any, str]], str]

    def __call__(self, client: C, user: User | None, *, fresh: bool = True) -> C:
        """See AsUser."""
        sent, name = _place(client)
        sent.pop(name, None)
        if user is not None:
            sent[name] = f"Bearer {self.finish(self._token(user.id, fresh=fresh))}"
        return client

    async def _token(self, user_id: str, *, fresh: bool) -> str:
        wiring = self.kit.wiring()
        sessions: Sessions = wiring.offered["sessions"]
        user = await wiring.offered["users"].get(user_id)  # as they are now: sessions may have been ended
        session = (await replace(sessions.open, checks=())(user, methods=_PASSWORD)).session
        if not fresh:
            before, session = session, session.evolve(authenticated_at=session.authenticated_at - _LONG_AGO)
            await sessions.gate.store.commit(Save(before, session))
        access = await wiring.authentication.issue(session.facts())
        return access.token.reveal().decode()


def _place(client: object) -> tuple[MutableMapping[str, Any], str]:
    """Return where a client keeps what it sends with every request, and the header's name there."""
    for attribute, name in _PLACES:
        sent = getattr(client, attribute, None)
        if isinstance(sent, MutableMapping):
            return sent, name
    raise UsageError(
        f"as_user does not know how a {type(client).__name__} sends headers. It knows the test clients of "
        "FastAPI and Flask, those of httpx, and others with a mapping called headers."
    )
