"""X12: a sign-in that is slower than the deletion of its user leaves nothing behind."""

from collections.abc import Callable

import pytest

from tests.security.world import EMAIL, PASSWORD, World
from tests.storage.doubles import BareStore
from userkit.errors import UnauthenticatedError
from userkit.features.outbox import OutboxEntry
from userkit.features.sessions import Session
from userkit.storage.changes import Add, Change
from userkit.storage.port import Store
from userkit.sync import run


class LateStore(BareStore):
    """A store where something else happens just before a session is added."""

    def __init__(self, behind: Store, rival: Callable[[], object]) -> None:
        """Take what happens."""
        super().__init__(behind)
        self.rival = rival

    async def commit(self, *changes: Change) -> None:
        """See Store.commit."""
        if any(isinstance(each, Add) and isinstance(each.entity, Session) for each in changes):
            self.rival()
        await self.behind.commit(*changes)


def test_x12_a_session_that_is_opened_behind_a_deletion_is_forgotten_too() -> None:
    """It was dead from the beginning; what it holds of the person goes with the next pass of the outbox."""
    here = World("memory://")
    user_id = here.ada().id
    slow = here.kit.with_store(LateStore(here.store, lambda: here.kit.users.delete(user_id)))
    tokens = slow.sessions.sign_in(email=EMAIL, password=PASSWORD)
    with pytest.raises(UnauthenticatedError):
        here.kit.sessions.refresh(tokens.refresh_token)
    here.clock.advance(minutes=6)
    here.mails()
    store = here.store.realm(here.realm)
    assert run(store.find(Session)).items == ()
    assert run(store.find(OutboxEntry)).items == ()
