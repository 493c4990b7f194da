"""X7: two processes with a warm cache under load: what is revoked in one is refused in both, at once."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import pytest

from tests.faults.sites import options
from tests.faults.victims import PROCESSES
from tests.security.world import EMAIL, NEW_PASSWORD, PASSWORD
from tests.servers.redis import ValkeyServer
from userkit import SyncUserKit
from userkit.backends.redis.cache import open_cache
from userkit.backends.sqlalchemy.opening import open_url
from userkit.errors import UnauthenticatedError
from userkit.kernel.identity import Identity
from userkit.storage.cached import CachedStore
from userkit.testing.bench import PATIENCE, new_realm
from userkit.turns import ThreadTurns

# So many looks of each thread with a warm cache, before and after the change.
_LOOKS = 50
_THREADS = 3
_PERMISSION = "users:read"


@dataclass(frozen=True)
class Ground:
    """A realm of a store with a cache, and whose sign-in is looked at."""

    store: str
    cache: str
    realm: str = field(default_factory=new_realm)
    careless: bool = False

    def kit(self) -> SyncUserKit:
        """Open a kit here, as each process has its own."""
        store: Any = CachedStore(
            open_url(self.store, blocking=True), open_cache(self.cache, blocking=True), turns=ThreadTurns()
        )
        if self.careless:
            store._touched = lambda changes: []
        kit = SyncUserKit(store, **options(realm=self.realm))
        kit.open()
        return kit


@dataclass
class Watch:
    """Looks again and again whether a sign-in is accepted, until some time after it was revoked."""

    kit: SyncUserKit
    token: str
    revoked: Event
    on: Callable[[], object]
    accepted: int = 0
    refused: int = 0
    late: int = 0

    def look(self) -> None:
        """Look once, and count what came of it; who asks after the change must be refused."""
        after = self.revoked.is_set()
        try:
            identity: Identity = self.kit.authenticate(self.token)
            allowed = self.kit.roles.allows(identity, _PERMISSION)
        except UnauthenticatedError:
            allowed = False
        self.accepted += allowed
        self.refused += not allowed
        self.late += after and allowed

    def run(self) -> None:
        """Look until it was refused often enough."""
        for _ in range(_LOOKS):
            self.look()
        self.on()
        while not self.revoked.is_set():
            self.look()
        for _ in range(_LOOKS):
            self.look()


def watch(ground: Ground, token: str, revoked: Event, line: Connection) -> None:
    """Look with several threads of this process, and send what they counted."""
    kit = ground.kit()
    warm = threading.Barrier(_THREADS, action=lambda: line.send("warm"))
    watches = [Watch(kit, token, revoked, lambda: warm.wait(PATIENCE)) for _ in range(_THREADS)]
    threads = [threading.Thread(target=each.run) for each in watches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    line.send([(each.accepted, each.refused, each.late) for each in watches])
    kit.close()


@pytest.fixture(scope="module")
def sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a file."""
    folder: Path = tmp_path_factory.mktemp("cache")
    return f"sqlite:///{folder}/races.db"


@pytest.fixture
def ground(sqlite_url: str, valkey: ValkeyServer) -> Ground:
    """An empty realm."""
    return Ground(sqlite_url, valkey.url())


@pytest.fixture
def kit(ground: Ground) -> Iterator[SyncUserKit]:
    """The kit of this process; Ada is an administrator, and not the only one."""
    kit = ground.kit()
    for email in (EMAIL, "grace@example.com"):
        user = kit.users.register(email=email, name="Somebody", password=PASSWORD)
        kit.roles.assign(user.id, "admin")
    yield kit
    kit.close()


Revoke = Callable[[SyncUserKit, str], object]


def disable(kit: SyncUserKit, user_id: str) -> object:
    """Disable the account."""
    return kit.users.disable(user_id)


def delete(kit: SyncUserKit, user_id: str) -> object:
    """Delete the account."""
    return kit.users.delete(user_id)


def take_role(kit: SyncUserKit, user_id: str) -> object:
    """Take the role away that allows what is asked for."""
    return kit.roles.unassign(user_id, "admin")


def change_password(kit: SyncUserKit, user_id: str) -> object:
    """Change the password, which ends every session."""
    kit.passwords.change(user_id, current_password=PASSWORD, new_password=NEW_PASSWORD)
    return None


def end_all(kit: SyncUserKit, user_id: str) -> object:
    """End all sessions."""
    kit.sessions.end_all(user_id)
    return None


def raced(ground: Ground, kit: SyncUserKit, revoke: Revoke) -> list[tuple[int, int, int]]:
    """Revoke something while two processes look; return what each of their threads counted."""
    user_id = kit.users.get_by_email(EMAIL).id
    token = kit.sessions.sign_in_opaque(email=EMAIL, password=PASSWORD).token
    revoked = PROCESSES.Event()
    lines, processes = [], []
    for _ in range(2):
        ours, theirs = PROCESSES.Pipe(duplex=False)
        process = PROCESSES.Process(target=watch, args=(ground, token, revoked, theirs), daemon=True)
        process.start()
        theirs.close()
        lines.append(ours)
        processes.append(process)
    try:
        for line in lines:
            assert line.poll(PATIENCE)
            assert line.recv() == "warm"
        revoke(kit, user_id)
        revoked.set()
        assert all(line.poll(PATIENCE) for line in lines)
        return [count for line in lines for count in line.recv()]
    finally:
        revoked.set()
        for process in processes:
            process.join(PATIENCE)
            process.kill()
            process.join()
        for line in lines:
            line.close()


@pytest.mark.parametrize("revoke", [disable, delete, take_role, change_password, end_all])
def test_x7_nothing_is_accepted_after_the_change(ground: Ground, kit: SyncUserKit, revoke: Revoke) -> None:
    """By nobody who asks after it was done; before it everybody was let in from the cache."""
    counts = raced(ground, kit, revoke)
    assert all(accepted >= _LOOKS for accepted, _, _ in counts)
    assert all(refused >= _LOOKS for _, refused, _ in counts)
    assert [late for _, _, late in counts] == [0] * len(counts)


def test_x7_would_notice_a_store_that_does_not_tell_its_cache(ground: Ground, kit: SyncUserKit) -> None:
    """Where changes leave the copies as they are, people are let in afterwards."""
    careless = replace(ground, careless=True).kit()
    counts = raced(replace(ground, careless=True), careless, disable)
    assert any(late for _, _, late in counts)
    careless.close()
