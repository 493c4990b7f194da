"""Kinds of entities are routed to other stores, unless that would split what belongs together."""

import asyncio
import contextvars
import secrets
import threading
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.kit.sides import Side
from tests.servers.redis import ValkeyServer
from tests.storage.doubles import BareStore
from userkit import SyncUserKit, User, UserKit
from userkit.assembly import records_of
from userkit.backends.mail import MemoryMailer
from userkit.backends.memory import MemoryStore
from userkit.errors import (
    ConfigurationError,
    InvalidCredentialsError,
    InvalidTokenError,
    StaleError,
    StoreUnavailableError,
    UsageError,
)
from userkit.feature import Feature
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
from userkit.storage.threaded import ThreadedStore
from userkit.sync import run
from userkit.testing import FrozenClock, InstantHasher
from userkit.testing.specimens import COLLECTIONS, Everything, Person, Ticket

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"
PASSWORD = "mauve otters juggle teapots"
NEW_PASSWORD = "teal badgers borrow trumpets"
EMAIL = "ada@example.com"


def kit_with(routes: Mapping[Any, str | Store], store: str | Store | None = None, **more: Any) -> SyncUserKit:
    usual = {
        "secret": SECRET,
        "hasher": InstantHasher(),
        "mailer": MemoryMailer(),
        "base_url": "https://app.example",
        "features": [mail(sender="App <no-reply@app.example>")],
        "relay": False,
    }
    return SyncUserKit(store or MemoryStore(), routes=routes, **{**usual, **more})


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
            "changes User, PasswordCredential, Link .*: route .* same store, Link alone, or none",
        ),
        ({"seasons": "memory://"}, r"stores seasons; there are User \(users\)"),
        ({Session: "memory://", "sessions": "memory://"}, "Session is routed twice"),
    ],
    ids=[
        "stranger",
        "audit",
        "outbox",
        "user",
        "password",
        "roles",
        "all but links",
        "no such collection",
        "twice",
    ],
)
def test_a_route_that_would_split_a_commit_is_refused_when_the_kit_is_wired(
    routes: dict[type[Entity] | str, str | Store], says: str
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
        assert kit.sessions.sign_in(email=EMAIL, password=PASSWORD).session_id


def test_one_url_is_one_store() -> None:
    """However many kinds are routed to it, and however it was put together."""
    urls = [f"memory:{slashes}" for slashes in ("//", "//")]
    group = (User, PasswordCredential, RoleAssignment, Administrators, ApiKey)
    routes: dict[Any, str | Store] = dict.fromkeys(group, urls[0])
    routes |= {Link: urls[1], Attempts: MemoryStore()}
    assert len(kit_with(routes)._store._stores) == 3  # type: ignore[attr-defined]  # a routed store


@pytest.mark.parametrize("main", ["memory://", MemoryStore()], ids=["url", "object"])
def test_what_is_routed_to_the_main_store_stays_there(main: str | Store) -> None:
    """Even a part of a group, and what goes along with everything."""
    kit = kit_with({User: main, AuditEntry: main, "links": main}, main)
    assert not hasattr(kit._store, "_stores")


def deciding(*where: str | Store) -> SyncUserKit:
    """Return a kit in which a feature changes users when one of two other kinds allows it."""
    feature: Feature[None, None] = Feature(
        name="seats",
        collections=tuple(each for each in COLLECTIONS if each.entity in (Ticket, Everything)),
        together=(User, Ticket, Everything),
        decides=(Ticket, Everything),
        build=lambda parts: None,
        mirror=lambda nothing: None,
    )
    return SyncUserKit(
        MemoryStore(),
        secret=SECRET,
        features=[feature],
        routes=dict(zip((Ticket, Everything), where, strict=False)),
        relay=False,
    )


def test_a_commit_spans_the_main_store_and_one_other() -> None:
    """What decides is in one place, or each on its own in the main store."""
    deciding("memory://")
    deciding("memory://", "memory://")
    with pytest.raises(ConfigurationError, match="seats changes User, Ticket, Everything in one commit"):
        deciding("memory://", MemoryStore())


def test_a_view_on_the_applications_own_session_keeps_the_routes() -> None:
    """Users are where the application commits; sessions are where they always are."""
    main, elsewhere = MemoryStore(), MemoryStore()
    with kit_with({Session: elsewhere}, main) as kit:
        joined = kit.with_store(main)
        user = joined.users.register(email=EMAIL, name="Ada", password=PASSWORD)
        assert run(main.get(User, user.id)) == user
        with pytest.raises(UsageError, match="two stores"):
            joined.sessions.sign_in(email=EMAIL, password=PASSWORD)
        kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
        assert run(main.find(AuditEntry)).items
        assert len(run(elsewhere.find(Session)).items) == 1


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


class Away(Recording):
    """A store of which some verbs cannot be reached, for all of its views."""

    def __init__(self, behind: Store) -> None:
        super().__init__(behind, set())
        self.away: set[str] = set()

    async def step(self) -> None:
        if "all" in self.away:
            raise StoreUnavailableError

    async def commit(self, *changes: Change) -> None:
        if "commit" in self.away:
            raise StoreUnavailableError
        await super().commit(*changes)


def test_a_store_that_is_away_holds_up_no_mail(caplog: pytest.LogCaptureFixture) -> None:
    """The outbox is in the main store."""
    elsewhere = Away(MemoryStore())
    with kit_with({Session: elsewhere}) as kit:
        user = kit.users.register(email=EMAIL, name="Ada", password=PASSWORD)
        kit.email_verification.request(user.id)
        elsewhere.away.add("all")
        assert run(kit._assembly.deliver()).done
        elsewhere.away.clear()
    assert "unavailable" in caplog.text


@pytest.mark.parametrize("mailer", [MemoryMailer(), None], ids=["with a mailer", "without"])
def test_the_relay_delivers_what_a_process_has_left_behind(mailer: MemoryMailer | None) -> None:
    """A record that could not be written when its commit was made."""
    main, clock = Away(MemoryStore()), FrozenClock()
    routes = dict.fromkeys((Session, Attempts), MemoryStore())
    with kit_with(routes, main, clock=clock, mailer=mailer) as kit:
        kit.users.register(email=EMAIL, name="Ada", password=PASSWORD)
        main.away.add("commit")
        tokens = kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
        assert kit.authenticate(tokens.access_token).session_id
        main.away.clear()
        assert "signed_in" not in {entry.event for entry in kit.audit.list().items}
        clock.advance(seconds=30)
        run(kit._work())
        assert "signed_in" in {entry.event for entry in kit.audit.list().items}


def test_a_kit_without_a_mailer_looks_for_what_was_left_behind(side: Side) -> None:
    """It has routes, so that there may be something; without routes there is nothing to look for."""
    routed = side.kit(routes={Session: MemoryStore()})
    plain = side.kit()
    for kit in (routed, plain):
        side.do(kit.open())
    running = routed._relay, plain._relay
    for kit in (routed, plain):
        side.do(kit.close())
    assert running[0] is not None
    assert running[1] is None


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
    # Attempts ride along with a session; with routes they go alone.
    changed = {kinds - records - {Attempts} for kinds in seen}
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


def test_an_asynchronous_kit_has_routes(tmp_path: Path) -> None:
    """Its blocking stores get threads of their own; those in memory need none."""

    async def use() -> None:
        kit = UserKit(
            MemoryStore(),
            secret=SECRET,
            routes={Session: f"sqlite:///{tmp_path}/elsewhere.db"},
            hasher=InstantHasher(),
        )
        async with kit:
            await kit.users.register(email=EMAIL, name="Ada", password=PASSWORD)
            tokens = await kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
            tokens = await kit.sessions.refresh(tokens.refresh_token)
            identity = await kit.authenticate(tokens.access_token)
            assert identity.session_id == tokens.session_id
            other = kit._store._stores[1]  # type: ignore[attr-defined]  # a routed store
            assert isinstance(other, ThreadedStore)
            session = await other.get(Session, tokens.session_id)
            assert session is not None
            assert session.generation == 1
            assert (await other.find(Parcel)).items == ()

    asyncio.run(use())


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
        assert kit.sessions.sign_in(email=EMAIL, password=NEW_PASSWORD).session_id


def test_a_kit_sees_to_what_was_left_behind_when_it_is_asked() -> None:
    """For whoever runs no relay; both kits."""
    with kit_with({Session: MemoryStore()}) as kit:
        kit.forward()

    async def ask() -> None:
        routes: dict[type[Entity] | str, str | Store] = {Session: MemoryStore()}
        async with UserKit("memory://", secret=SECRET, routes=routes) as kit:
            await kit.forward()

    asyncio.run(ask())
