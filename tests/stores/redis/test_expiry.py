"""What has expired is taken out beside commits, long after its time, and never where it is switched off."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.servers.redis import ValkeyServer
from userkit.backends.redis import RedisStore
from userkit.backends.redis.opening import open_url
from userkit.storage.changes import Add, Save
from userkit.sync import run
from userkit.testing.bench import new_realm
from userkit.testing.specimens import COLLECTIONS, Ticket, ticket

HOUR = timedelta(hours=1)


def opened(valkey: ValkeyServer, keep_expired: int) -> Iterator[RedisStore]:
    root = open_url(f"{valkey.url()}?keep_expired={keep_expired}", blocking=True)
    run(root.prepare(COLLECTIONS))
    yield root.realm(new_realm())
    run(root.close())


@pytest.fixture
def store(valkey: ValkeyServer) -> Iterator[RedisStore]:
    """A store that keeps for an hour what has expired."""
    yield from opened(valkey, 3600)


@pytest.fixture
def hoarder(valkey: ValkeyServer) -> Iterator[RedisStore]:
    """A store that keeps it for ever."""
    yield from opened(valkey, -1)


def expired(ago: timedelta) -> Ticket:
    return ticket(holder="ada", expires_at=(datetime.now(UTC) - ago).replace(microsecond=0))


def test_a_commit_takes_out_what_has_long_expired(store: RedisStore, valkey: ValkeyServer) -> None:
    """By the clock of the server, four at most, with everything by which it was found."""
    gone = [expired(2 * HOUR) for _ in range(6)]
    run(store.load(gone))
    kept = [expired(HOUR / 2), expired(-HOUR), ticket(holder="ada")]
    run(store.load(kept))
    run(store.commit(Add(ticket())))
    run(store.commit(Add(last := ticket())))
    assert [each for each in gone if run(store.get(Ticket, each.id))] == []
    assert run(store.find(Ticket, "code", gone[0].code)).items == ()
    assert set(run(store.find(Ticket, "holder", "ada")).items) == set(kept)
    assert run(store.get(Ticket, last.id)) == last
    with valkey.client() as client:
        assert client.zcard(f"{{userkit:{store._realm}}}:specimen_tickets:t") == 2


def test_a_commit_takes_out_four_at_most(hoarder: RedisStore, valkey: ValkeyServer) -> None:
    """So that none takes long."""
    run(hoarder.load(expired(2 * HOUR) for _ in range(10)))
    root = open_url(f"{valkey.url()}?keep_expired=0", blocking=True)
    run(root.prepare(COLLECTIONS))
    sweeping = root.realm(hoarder._realm)
    for left in (6, 2, 0):
        run(sweeping.commit(Add(new := ticket())))
        found = {each.id for each in run(hoarder.find(Ticket, "holder", "ada")).items}
        assert len(found - {new.id}) == left
    run(root.close())


def test_what_was_prolonged_stays(store: RedisStore) -> None:
    """Its old time counts no more, and nothing that never expires is taken."""
    old, endless = expired(HOUR / 2), expired(HOUR / 2)
    run(store.commit(Add(old), Add(endless)))
    longer = old.evolve(expires_at=old.expires_at and old.expires_at + 3 * HOUR)
    forever = endless.evolve(expires_at=None)
    run(store.commit(Save(old, longer), Save(endless, forever)))
    assert run(store.purge(Ticket, before=datetime.now(UTC) + HOUR)) == 0
    assert run(store.get(Ticket, old.id)) == longer
    assert run(store.get(Ticket, endless.id)) == forever


def test_nothing_is_taken_out_where_it_is_switched_off(hoarder: RedisStore) -> None:
    """With keep_expired=-1, until somebody purges it."""
    old = [expired(1000 * HOUR) for _ in range(5)]
    run(hoarder.load(old))
    run(hoarder.commit(Add(ticket())))
    assert len(run(hoarder.find(Ticket, "holder", "ada")).items) == 5
    assert run(hoarder.purge(Ticket, before=datetime.now(UTC))) == 5


def test_no_entity_ends_by_itself(hoarder: RedisStore, valkey: ValkeyServer) -> None:
    """A key that vanished would leave its indexes behind."""
    run(hoarder.commit(Add(old := expired(-HOUR))))
    with valkey.client() as client:
        assert client.ttl(f"{{userkit:{hoarder._realm}}}:specimen_tickets:e:{old.id}") == -1
