"""Moving without a pause: the follower ends equal to its leader, whatever happens in between."""

import asyncio
import random
import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.copying.people import COLLECTIONS, fill
from tests.storage.doubles import BareStore
from userkit import SyncUserKit, UserKit
from userkit.backends.memory import MemoryStore
from userkit.copying import Bookmark, Copying, Scope, Verified, verify
from userkit.errors import StoreError, StoreUnavailableError
from userkit.features.audit import AuditEntry
from userkit.features.users import User
from userkit.kernel.clock import utc_now
from userkit.kernel.email import EmailAddress
from userkit.kernel.ids import UUIDv7
from userkit.plugins.opening import open_store
from userkit.storage.changes import Add, Change, Remove, Save
from userkit.storage.migrating import MigratingStore
from userkit.storage.port import Store
from userkit.sync import run

SCOPE = Scope(collections=COLLECTIONS, realms=("default",))
new_id = UUIDv7(utc_now)


class Flaky(BareStore):
    """A follower that is down for a hundred calls of every four hundred, until it is mended."""

    def __init__(self, behind: Store) -> None:
        """Count the calls."""
        super().__init__(behind)
        self.calls = count()
        self.mended = threading.Event()

    async def step(self) -> None:
        """Fail in the last quarter."""
        if next(self.calls) % 400 >= 300 and not self.mended.is_set():
            raise StoreUnavailableError("It is down.")


class Blind(BareStore):
    """What a follower must not be: it is given each change once, by whoever made it."""

    def __init__(self, behind: Store, follower: Store) -> None:
        """Take the leader and the follower."""
        super().__init__(behind)
        self.follower = follower

    async def commit(self, *changes: Change) -> None:
        """See Store.commit."""
        await self.behind.commit(*changes)
        try:
            await self.follower.commit(*changes)
        except StoreError:
            return

    async def catch_up(self) -> int:
        """There is nothing that it could catch up with."""
        return 0


def opened(store: Store) -> Store:
    run(store.prepare(COLLECTIONS))
    return store


def churn(store: Store, seed: int, turns: int) -> None:
    """Register, rename, delete and swap the addresses of people, as fast as it goes."""
    chance = random.Random(seed)
    people = [each.id for each in run(store.find(User, limit=1000)).items]
    for turn in range(turns):
        one, other = (run(store.get(User, chance.choice(people))) for _ in range(2))
        act = chance.choice((register, rename, rename, delete, swap, swap))
        try:
            run(act(store, one, other, f"{seed}-{turn}"))
        except StoreUnavailableError:
            raise
        except StoreError:
            continue  # another thread was faster


async def register(store: Store, one: Any, other: Any, label: str) -> None:
    now, address = utc_now(), f"new{label}@example.com"
    user = User.register(
        id=new_id(), address=EmailAddress(typed=address, key=address), name="New", attributes={}, now=now
    )
    await store.commit(Add(user), Add(AuditEntry(id=new_id(), at=now, event="registered", user_id=user.id)))


async def rename(store: Store, one: Any, other: Any, label: str) -> None:
    if one is not None:
        await store.commit(Save(one, one.evolve(name=f"Renamed {label}")))


async def delete(store: Store, one: Any, other: Any, label: str) -> None:
    if one is not None:
        # Somebody else takes the address over at once.
        heir = replace(one, id=new_id(), version=1, name=f"Heir {label}")
        await store.commit(Remove(one), Add(heir))


async def swap(store: Store, one: Any, other: Any, label: str) -> None:
    if one is not None and other is not None and one.id != other.id:
        aside = one.evolve(email=f"aside{label}@example.com", email_key=f"aside{label}@example.com")
        await store.commit(Save(one, aside))
        await store.commit(
            Save(other, other.evolve(email=one.email, email_key=one.email_key)),
            Save(aside, aside.evolve(email=other.email, email_key=other.email_key)),
        )


def moved(path: Path, follow: Callable[[Store, Store], Any]) -> list[Verified]:
    """Copy while four threads change the leader and the follower dies and comes back; compare at the end."""
    leader = opened(MemoryStore())
    run(fill(leader, 250))
    behind = opened(open_store(f"sqlite:///{path}/follower.db", blocking=True))
    follower = Flaky(behind)
    stores = [opened(follow(leader, follower)) for _ in range(2)]
    errors: list[BaseException] = []

    def work(seed: int) -> None:
        try:
            churn(stores[seed % 2], seed, 80)
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    copies = 0
    while copies < 500:
        copies += 1
        bookmark = Bookmark(path / "bookmark")
        try:
            run(Copying(source=leader, target=follower, scope=SCOPE, bookmark=bookmark, batch=40)())
        except StoreUnavailableError:
            continue
        break
    for thread in threads:
        thread.join()
    assert errors == []
    assert copies > 1
    follower.mended.set()
    run(Copying(source=leader, target=follower, scope=SCOPE, bookmark=Bookmark(path / "bookmark"))())
    run(stores[0].catch_up())
    found = list(run(verify(leader, behind, SCOPE)))
    run(behind.close())
    return found


def test_the_follower_ends_equal_to_its_leader(tmp_path: Path) -> None:
    """People come, go and swap their addresses in four threads while a copy runs, dies and goes on."""
    found = moved(tmp_path, MigratingStore)
    assert [each.first for each in found if not each.ok] == []
    assert all(each.source_digest == each.target_digest for each in found)


def test_a_follower_that_is_written_blindly_does_not(tmp_path: Path) -> None:
    """So the test above can fail: what the follower missed, it never gets."""
    assert not all(each.ok for each in moved(tmp_path, Blind))


@pytest.mark.parametrize("turn", range(3))
def test_leader_and_follower_change_places(tmp_path: Path, turn: int) -> None:
    """After a moment in which nobody writes, the new store leads and the old one follows."""
    old = opened(MemoryStore())
    run(fill(old, 30))
    new = opened(open_store(f"sqlite:///{tmp_path}/new.db", blocking=True))
    first = opened(MigratingStore(old, new))
    churn(first, turn, 20)
    run(Copying(source=old, target=new, scope=SCOPE, bookmark=Bookmark(tmp_path / "bookmark"))())
    assert run(first.is_level())
    second = opened(MigratingStore(new, old))
    churn(second, turn + 100, 40)
    assert run(second.is_level())
    assert all(each.ok for each in run(verify(new, old, SCOPE)))
    run(new.close())


def test_who_was_signed_in_stays_so(tmp_path: Path) -> None:
    """Tokens, passwords and the trail go along; nobody notices."""
    old, new = f"sqlite:///{tmp_path}/old.db", f"sqlite:///{tmp_path}/new.db"
    secret, password = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B", "four unlikely words in a row"
    with SyncUserKit(old, secret=secret, relay=False) as kit:
        kit.users.register(email="ada@example.com", name="Ada", password=password)
        ada = kit.sessions.sign_in(email="ada@example.com", password=password)
    store = MigratingStore(open_store(old, blocking=True), open_store(new, blocking=True))
    with SyncUserKit(store, secret=secret, relay=False) as kit:
        kit.users.register(email="grace@example.com", name="Grace", password=password)
        grace = kit.sessions.sign_in(email="grace@example.com", password=password)
    source, target = (opened(open_store(url, blocking=True)) for url in (old, new))
    run(Copying(source=source, target=target, scope=SCOPE, bookmark=Bookmark(tmp_path / "bookmark"))())
    assert all(each.ok for each in run(verify(source, target, SCOPE)))
    for each in (source, target):
        run(each.close())
    with SyncUserKit(new, secret=secret, relay=False) as kit:
        for tokens, email in ((ada, "ada@example.com"), (grace, "grace@example.com")):
            again = kit.sessions.refresh(tokens.refresh_token)
            assert kit.users.get(kit.authenticate(again.access_token).user_id).email == email
            assert kit.sessions.sign_in(email=email, password=password)


def test_an_asynchronous_kit_moves_as_well(tmp_path: Path) -> None:
    """Over two blocking stores it goes through threads."""
    old, new = MemoryStore(), open_store(f"sqlite:///{tmp_path}/new.db", blocking=True)

    async def work() -> None:
        store = MigratingStore(old, new)
        async with UserKit(store, secret="p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B", relay=False) as kit:
            people = (kit.users.register(email=f"p{each}@example.com", name="P") for each in range(8))
            await asyncio.gather(*people)

    asyncio.run(work())
    opened(new)
    found = run(verify(old, new, SCOPE))
    assert sum(each.target_count for each in found) >= 8
    assert all(each.ok for each in found)
    run(new.close())
