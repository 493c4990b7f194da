"""A realm of a storage with Ada in it, what is stored there, and the letters that were sent."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tests.races.kits import LENIENT
from tests.security.world import EMAIL, PASSWORD, SECRET
from userkit import SyncUserKit, TokenPair, User
from userkit.backends.mail import MemoryMailer
from userkit.features.audit import AuditEntry
from userkit.features.links import Link
from userkit.features.outbox import OutboxEntry
from userkit.features.passwords import PasswordCredential, passwords
from userkit.features.sessions import Session
from userkit.kernel.entity import Entity
from userkit.storage.port import Store
from userkit.sync import run
from userkit.testing import FrozenClock, InstantHasher
from userkit.testing.bench import new_realm

__all__ = ["Shape", "Site", "options"]

_TOKEN = re.compile(r"ukl_[A-Za-z0-9_-]+")

Shape = dict[str, list[Any]]


def options(**changes: Any) -> dict[str, Any]:
    """Return the arguments of kits in these tests; what is given differs from the usual."""
    usual: dict[str, Any] = {
        "secret": SECRET,
        "clock": FrozenClock(),
        "hasher": InstantHasher(),
        "mailer": MemoryMailer(),
        "base_url": "https://app.example",
        "relay": False,
        "auth": ["jwt", "session"],
        "features": [passwords(account_limit=LENIENT, address_limit=LENIENT)],
    }
    return {**usual, **changes}


@dataclass(frozen=True)
class Site:
    """A kit on a realm, over a prepared store that is open."""

    store: Store
    realm: str = field(default_factory=new_realm)
    clock: FrozenClock = field(default_factory=FrozenClock)
    mailer: MemoryMailer = field(default_factory=MemoryMailer)

    @cached_property
    def kit(self) -> SyncUserKit:
        """Return the kit."""
        return SyncUserKit(self.store, **options(realm=self.realm, clock=self.clock, mailer=self.mailer))

    def ada(self) -> User:
        """Register Ada, and deliver the letter about it."""
        user = self.kit.users.register(email=EMAIL, name="Ada Lovelace", password=PASSWORD)
        self.deliver()
        return user

    def sign_in(self, password: str = PASSWORD) -> TokenPair:
        """Sign Ada in."""
        return self.kit.sessions.sign_in(email=EMAIL, password=password)

    def deliver(self) -> None:
        """Do what is due in the outbox, and what comes of it."""
        while self.kit.outbox.deliver().done:
            pass

    def reset_token(self) -> str:
        """Ask for a link to reset the password, and return its token."""
        self.kit.password_reset.request(email=EMAIL)
        self.deliver()
        found = _TOKEN.search(self.mailer.sent[-1].text)
        assert found is not None
        return found[0]

    def stored(self, kind: type[Entity]) -> tuple[Any, ...]:
        """Return everything of a kind in the realm."""
        return run(self.store.realm(self.realm).find(kind, limit=1000)).items

    def shape(self) -> Shape:
        """Return what is stored, without what differs between two realms."""
        return {
            "users": self._told(User, lambda user: (user.email_key, user.version, user.session_epoch)),
            "passwords": self._told(PasswordCredential, lambda each: (each.hash, each.version)),
            "sessions": self._told(Session, lambda each: (each.generation, each.version)),
            "links": self._told(Link, lambda each: (each.purpose, each.spent_at is not None)),
            "audit": self._told(AuditEntry, lambda each: (each.event,)),
            "outbox": self._told(OutboxEntry, lambda each: (each.topic,)),
            "found": sorted(user.email_key for user in self.kit.users.search("ada").items),
        }

    def _told(self, kind: type[Entity], tell: Callable[[Any], tuple[Any, ...]]) -> list[Any]:
        return sorted(map(tell, self.stored(kind)))
