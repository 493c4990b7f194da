"""A kit as an application has it, over a store of each kind, with a clock and a mailbox to look into."""

import re
from dataclasses import dataclass, field
from typing import Any

from userkit import SyncUserKit, User
from userkit.backends.mail import MemoryMailer
from userkit.kernel.events import Event
from userkit.testing import FrozenClock, InstantHasher
from userkit.testing.bench import new_realm

__all__ = ["EMAIL", "NEW_PASSWORD", "PASSWORD", "SECRET", "World"]

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"
EMAIL = "ada@example.com"
PASSWORD = "mauve otters juggle teapots"
NEW_PASSWORD = "quiet lanterns drift upstream"

_TOKEN = re.compile(r"ukl_[A-Za-z0-9_-]+")


@dataclass
class World:
    """One realm of a store, with a kit in it."""

    url: str
    clock: FrozenClock = field(default_factory=FrozenClock)
    hasher: InstantHasher = field(default_factory=InstantHasher)
    mailer: MemoryMailer = field(default_factory=MemoryMailer)
    realm: str = field(default_factory=new_realm)
    store: Any = None
    opened: list[SyncUserKit] = field(default_factory=list)

    def open(self, **changes: Any) -> SyncUserKit:
        """Open a kit on this realm; what is given differs from the usual."""
        usual: dict[str, Any] = {
            "secret": SECRET,
            "realm": self.realm,
            "clock": self.clock,
            "hasher": self.hasher,
            "mailer": self.mailer,
            "base_url": "https://app.example",
            "relay": False,
        }
        kit = SyncUserKit(self.url if self.store is None else self.store, **{**usual, **changes})
        kit.open()
        # A memory store is one object, and every kit of this world shares it.
        self.store = kit._store if self.url == "memory://" and self.store is None else self.store
        self.opened.append(kit)
        return kit

    @property
    def kit(self) -> SyncUserKit:
        """Return the first kit of this world."""
        return self.opened[0] if self.opened else self.open()

    def ada(self, password: str | None = PASSWORD) -> User:
        """Register Ada with a password."""
        return self.kit.users.register(email=EMAIL, name="Ada Lovelace", password=password)

    def mails(self) -> list[tuple[str, str]]:
        """Deliver what is due, and return what was sent so far: the template and the receiver."""
        while self.kit.outbox.deliver().done:
            pass
        return [(message.template, message.to) for message in self.mailer.sent]

    def token(self, template: str) -> str:
        """Return the token in the last mail of a kind."""
        self.mails()
        texts = [message.text for message in self.mailer.sent if message.template == template]
        found = _TOKEN.search(texts[-1])
        assert found is not None, texts[-1]
        return found[0]

    def heard(self, *kinds: type[Event]) -> list[Event]:
        """Return a list that fills with the events of these kinds."""
        heard: list[Event] = []
        for kind in kinds:
            self.kit.listen(kind, heard.append)
        return heard

    def close(self) -> None:
        """Close every kit."""
        for kit in self.opened:
            kit.close()
