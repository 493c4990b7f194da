"""Kinds of entities are routed to other stores, unless that would split what belongs together."""

import contextvars
import secrets
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from tests.servers.redis import ValkeyServer
from tests.storage.doubles import BareStore
from userkit import SyncUserKit, User
from userkit.assembly import records_of
from userkit.backends.mail import MemoryMailer
from userkit.backends.memory import MemoryStore
from userkit.errors import (
    ConfigurationError,
    InvalidCredentialsError,
    InvalidTokenError,
    StaleError,
)
from userkit.features.api_keys import ApiKey
from userkit.features.audit import AuditEntry
from userkit.features.links import Link
from userkit.features.mail import mail
from userkit.features.outbox import OutboxEntry
from userkit.features.password_reset.letters import RESET
from userkit.features.passwords import PasswordCredential
from userkit.features.roles.model import Administrators, RoleAssignment
from userkit.features.sessions import Session
from userkit.features.throttling import Attempts
from userkit.kernel.entity import Entity
from userkit.storage.changes import Change, Save
from userkit.storage.parcels import Parcel
from userkit.storage.port import Store
from userkit.sync import run
from userkit.testing import InstantHasher
from userkit.testing.specimens import Person

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"
PASSWORD = "mauve otters juggle teapots"
NEW_PASSWORD = "teal badgers borrow trumpets"
EMAIL = "ada@example.com"


def kit_with(routes: Mapping[type[Entity], str | Store], store: str | Store = "memory://") -> SyncUserKit:
    return SyncUserKit(
        store,
        secret=SECRET,
        routes=routes,
        hasher=InstantHasher(),
        mailer=MemoryMailer(),
        base_url="https://app.example",
        features=[mail(sender="App <no-reply@app.example>")],
        relay=False,
    )


@pytest.mark.parametrize(
    ("routes", "says"),
    [
        ({Person: "memory://"}, "No feature of this kit stores Person"),
        ({AuditEntry: "memory://"}, "AuditEntry goes along with commits of every kind"),
        ({OutboxEntry: "memory://"}, "OutboxEntry goes along"),
        ({User: "memory://"}, "passwords changes User, PasswordCredential in one commit"),
        ({PasswordCredential: "memory://"}, "changes User, PasswordCredential"),
        ({RoleAssignment: "memory://"}, "roles changes User, RoleAssignment, Administrators"),
        (
            dict.fromkeys((User, PasswordCredential, RoleAssignment, Administrators, ApiKey), "memory://"),
            "changes User, PasswordCredential, Link",
        ),
    ],
    ids=["stranger", "audit", "outbox", "user", "password", "roles", "all but links"],
)
def test_a_route_that_would_split_a_commit_is_refused_when_the_kit_is_wired(
    routes: dict[type[Entity], str], says: str
) -> None:
    """Not at night; nothing was connected to yet."""
    with pytest.raises(ConfigurationError, match=says):
        kit_with(routes)


def test_a_whole_group_may_be_routed() -> None:
    """All of it to one store, be it named by an object or by a URL."""
    elsewhere = MemoryStore()
    group = (User, PasswordCredential, RoleAssignment, Administrators, ApiKey, Link)
    with kit_with(dict.fromkeys(group, elsewhere)) as kit:
        user = kit.users.register(email=EMAIL, name="Ada", password=PASSWORD)
        assert run(elsewhere.get(User, user.id)) == user
        assert run(elsewhere.find(Parcel)).items == ()
        assert kit.audit.list().items
        assert kit.sessions.sign_in(email=EMAIL, password=PASSWORD)


def test_one_url_is_one_store() -> None:
    """However many kinds are routed to it."""
    kit = kit_with({Session: "memory://", Attempts: "memory://", Link: MemoryStore()})
    assert len(kit._store._stores) == 3  # type: ignore[attr-defined]  # a routed store


class Recording(BareStore):
    """Writes down which kinds of entities are changed together."""

    in_process = True

    def __init__(self, behind: Store, seen: set[frozenset[type[Entity]]]) -> None:
        super().__init__(behind)
        self.seen = seen

    async def commit(self, *changes: Change) -> None:
        await super().commit(*changes)
        kinds = (type(each.before if isinstance(each, Save) else each.entity) for each in changes)
        self.seen.add(frozenset(kinds))

    async def count(self, *args: Any) -> int:
        return await self.behind.count(*args)  # type: ignore[attr-defined,no-any-return]

    async def purge(self, *args: Any, **more: Any) -> int:
        return await self.behind.purge(*args, **more)  # type: ignore[attr-defined,no-any-return]


def token(kit: SyncUserKit, purpose: str, user: User, **more: Any) -> str:
    """Make a link."""
    made = kit._built["links"].make(purpose, kit.users.get(user.id), lifetime=timedelta(hours=1), **more)
    return str(run(made))


def test_features_say_truly_what_they_change_in_one_commit() -> None:
    """What is seen in a whole life of accounts is declared, so that a route cannot split it."""
    seen: set[frozenset[type[Entity]]] = set()
    with kit_with({}, Recording(MemoryStore(), seen)) as kit:
        live(kit)
        features = kit._assembly.features
        records = frozenset(records_of(features))
        declared = [frozenset(feature.together) for feature in features if feature.together]
    # Features that share a kind, which must be in one store, belong together.
    groups: list[frozenset[type[Entity]]] = []
    for each in declared:
        joined = [group for group in groups if group & each]
        groups = [group for group in groups if group not in joined]
        groups.append(each.union(*joined))
    changed = {kinds - records for kinds in seen}
    assert {frozenset({User, Link}), frozenset({Session}), frozenset({ApiKey})} <= changed
    for kinds in changed:
        assert len(kinds) < 2 or any(kinds <= group for group in groups), kinds


def live(kit: SyncUserKit) -> None:
    """Do with accounts what can be done with them."""
    user = kit.users.register(email=EMAIL, name="Ada Lovelace", password=PASSWORD)
    kit.email_verification.request(user.id)
    kit.outbox.deliver()
    kit.email_verification.complete(token=token(kit, "verify_email", user), password=PASSWORD)
    tokens = kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    with pytest.raises(InvalidCredentialsError):
        kit.sessions.sign_in(email=EMAIL, password="something else entirely")
    kit.authenticate(tokens.access_token)
    kit.sessions.refresh(tokens.refresh_token)
    kit.users.update(user.id, name="Ada King")
    admin = kit.users.register(email="admin@example.com", name="Admin", password=PASSWORD)
    kit.roles.set(admin.id, ["admin"])
    kit.roles.set(user.id, ["admin"])
    kit.users.disable(user.id)
    kit.users.enable(user.id)
    kit.password_reset.request(email=EMAIL)
    kit.outbox.deliver()
    kit.password_reset.complete(token=token(kit, RESET, user, bind_epoch=True), password=NEW_PASSWORD)
    kit.email_verification.confirm_change(
        token=token(kit, "change_email", user, new_email="new@example.com", bind_epoch=True)
    )
    tokens = kit.sessions.sign_in(email="new@example.com", password=NEW_PASSWORD)
    kit.authenticate(tokens.access_token)
    key = kit.api_keys.create(user.id, name="script")
    kit.authenticate(key.secret)
    kit.sessions.end_all(user.id)
    stranger = kit.users.register(email="bob@example.com", name="Bob", password=PASSWORD)
    kit.email_verification.complete(token=token(kit, "verify_email", stranger))
    kit.users.delete(stranger.id)
    kit.outbox.deliver()


@pytest.fixture(params=["memory", "sqlite"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Any) -> str | Store:
    """A second store."""
    return MemoryStore() if request.param == "memory" else f"sqlite:///{tmp_path}/elsewhere.db"


def test_everything_can_be_done_with_routes(elsewhere: str | Store) -> None:
    """Sessions, links and limits elsewhere; nothing is left under way."""
    routes = dict.fromkeys((Session, Link, Attempts), elsewhere)
    with kit_with(routes) as kit:
        live(kit)
        other = kit._store._stores[1]  # type: ignore[attr-defined]  # a routed store
        assert run(other.find(Parcel)).items == ()
        assert run(other.find(Link)).items
        events = {entry.event for entry in kit.audit.list(limit=100).items}
        assert {"signed_in", "password_reset_completed", "email_changed"} <= events


def test_everything_can_be_done_with_routes_to_redis(valkey: ValkeyServer) -> None:
    """The same on a real server."""
    url = f"{valkey.url()}?prefix=routes{secrets.token_hex(4)}&keep_expired=-1"
    with kit_with(dict.fromkeys((Session, Link, Attempts), url)) as kit:
        live(kit)
        assert run(kit._store._stores[1].find(Parcel)).items == ()  # type: ignore[attr-defined]


def spend(kit: SyncUserKit, link: str, callers: int = 16) -> list[User]:
    """Let callers complete a reset with one link at once; return what the winners got."""
    won: list[User] = []
    foreign: list[BaseException] = []
    gate = threading.Barrier(callers)

    def enter() -> None:
        gate.wait()
        try:
            won.append(kit.password_reset.complete(token=link, password=NEW_PASSWORD))
        except (InvalidTokenError, StaleError):
            pass
        except BaseException as error:  # noqa: BLE001  # whatever it is, the test must hear of it
            foreign.append(error)

    threads = [threading.Thread(target=contextvars.Context().run, args=(enter,)) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert foreign == []
    return won


def test_x2_a_link_that_is_routed_elsewhere_is_spent_once(elsewhere: str | Store) -> None:
    """One of sixteen succeeds, and the password is theirs."""
    with kit_with({Link: elsewhere}) as kit:
        user = kit.users.register(email=EMAIL, name="Ada", password=PASSWORD)
        won = spend(kit, token(kit, RESET, user, bind_epoch=True))
        assert len(won) == 1
        assert kit.users.get(user.id).version == 2
        assert kit.sessions.sign_in(email=EMAIL, password=NEW_PASSWORD)
