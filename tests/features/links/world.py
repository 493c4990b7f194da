"""A small world for links: users, links, and a clock that stands still."""

from dataclasses import dataclass, field
from datetime import timedelta

from tests.features.parts import SECRET, parts_over
from userkit.backends.memory import MemoryStore
from userkit.feature import Parts
from userkit.features.links import LINKS, Link, Links, Promise, SyncLinks, links
from userkit.features.users import USERS, SyncUsers, User, users
from userkit.storage.changes import Save
from userkit.storage.port import DEFAULT_REALM, Store
from userkit.sync import run
from userkit.testing import FrozenClock

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class World:
    """One realm with users and links. ``done`` is who has used which link."""

    parts: Parts
    clock: FrozenClock
    users: SyncUsers
    awaited: Links
    links: SyncLinks
    done: list[str] = field(default_factory=list)

    @property
    def store(self) -> Store:
        """Return the store of the realm."""
        return self.parts.store

    def ada(self) -> User:
        """Register Ada."""
        return self.users.register(email="Ada@Example.com", name="Ada Lovelace")

    def change(self, before: User, after: User) -> User:
        """Store the next revision of a user."""
        run(self.store.commit(Save(before, after)))
        return after

    def promise(self, user: User, *, bind_epoch: bool = False, new_email: str | None = None) -> Promise:
        """Promise a link to a user now."""
        return Promise.to(user, now=self.clock(), bind_epoch=bind_epoch, new_email=new_email)

    def keep(self, promise: Promise, purpose: str = "verify_email") -> str | None:
        """Make the link that was promised."""
        return run(self.awaited.promised(purpose, promise, lifetime=HOUR))

    async def use(self, token: object, purpose: str = "verify_email") -> str:
        """Spend a link, and mark the user as verified with it."""

        async def verify(spend: Save[Link], link: Link, user: User) -> str:
            await self.store.commit(spend, Save(user, user.evolve(email_verified_at=self.clock())))
            self.done.append(link.purpose)
            return user.id

        return await self.awaited.consume(token, purpose, verify)

    def stored(self) -> tuple[Link, ...]:
        """Return the links that the store holds."""
        return run(self.store.find(Link, limit=1000)).items


def world(store: Store, *, realm: str = DEFAULT_REALM, secret: str = SECRET) -> World:
    """Build the features over one realm of a store that is prepared for them."""
    built: dict[str, object] = {}
    clock = FrozenClock()
    parts = parts_over(store, realm=realm, clock=clock, secret=secret, built=built)
    people, feature = users(), links()
    built["users"] = offered = people.build(parts)
    built["links"] = awaited = feature.build(parts)
    return World(parts, clock, people.mirror(offered), awaited, feature.mirror(awaited))


def prepared(store: Store) -> Store:
    """Return a blocking store that is ready for users and links."""
    run(store.prepare([USERS, LINKS]))
    return store


def fresh() -> World:
    """Return a world over an empty store in memory."""
    return world(prepared(MemoryStore()))
