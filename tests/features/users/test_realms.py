"""Tenants know nothing of each other."""

import pytest

from tests.features.users.world import World, prepared, world
from userkit.backends.memory import MemoryStore
from userkit.errors import InvalidCursorError, UserNotFoundError


@pytest.fixture
def acme_and_globex() -> tuple[World, World]:
    """Two realms of one store."""
    store = prepared(MemoryStore())
    return world(store, realm="acme"), world(store, realm="globex")


def test_one_address_has_an_account_in_each_realm(acme_and_globex: tuple[World, World]) -> None:
    """Uniqueness is per realm, and so is every answer."""
    acme, globex = acme_and_globex
    here, there = acme.ada(), globex.ada()
    assert here.id != there.id
    for each, own in ((acme, here), (globex, there)):
        assert each.users.get_by_email("ada@example.com") == own
        assert each.users.list().items == each.users.search("ada").items == (own,)
        assert each.users.count() == 1


def test_an_id_of_another_realm_is_unknown(acme_and_globex: tuple[World, World]) -> None:
    """Nothing can be read or done with it."""
    acme, globex = acme_and_globex
    ada = acme.ada()
    for verb in (
        globex.users.get,
        globex.users.update,
        globex.users.disable,
        globex.users.enable,
        globex.users.delete,
    ):
        with pytest.raises(UserNotFoundError):
            verb(ada.id)
    assert acme.stored() == (ada,)
    assert globex.told == []


def test_a_cursor_of_another_realm_is_refused(acme_and_globex: tuple[World, World]) -> None:
    """Even with the same secret."""
    acme, globex = acme_and_globex
    for number in range(2):
        acme.users.register(email=f"{number}@example.com", name="N")
    cursor = acme.users.list(limit=1).next
    assert acme.users.list(after=cursor).items
    with pytest.raises(InvalidCursorError):
        globex.users.list(after=cursor)


def test_events_name_their_realm(acme_and_globex: tuple[World, World]) -> None:
    """What happens in one is told in one."""
    acme, globex = acme_and_globex
    globex.users.register(email="ada@example.com", name="Ada")
    assert acme.told == []
    assert [event.realm for event in globex.told] == ["globex"]
