"""A small world for addresses and passwords: the features that mail is sent for, and a mailbox."""

import re
from dataclasses import dataclass
from typing import Any

from tests.features.parts import SECRET, parts_over
from userkit.backends.mail.memory import MemoryMailer
from userkit.backends.memory import MemoryStore
from userkit.errors import UnauthenticatedError
from userkit.feature import Feature, Parts
from userkit.features.email_verification import (
    EmailChanged,
    EmailChangeRequested,
    EmailVerificationRequested,
    EmailVerified,
    SyncEmailVerification,
    email_verification,
)
from userkit.features.links import Link, SyncLinks, links
from userkit.features.mail import mail
from userkit.features.outbox import OutboxEntry, SyncOutbox, outbox
from userkit.features.password_reset import (
    PasswordResetCompleted,
    PasswordResetRequested,
    SyncPasswordReset,
    password_reset,
)
from userkit.features.passwords import (
    PasswordChanged,
    PasswordCredential,
    PasswordRefused,
    PasswordRemoved,
    SyncPasswords,
    passwords,
)
from userkit.features.sessions import SyncSessions, sessions
from userkit.features.throttling import throttling
from userkit.features.users import SyncUsers, User, users
from userkit.kernel.events import Event
from userkit.ports.mail import Mailer, Message
from userkit.storage.changes import Save
from userkit.storage.port import DEFAULT_REALM, Store
from userkit.sync import run
from userkit.testing import FrozenClock, InstantHasher

ADA = "Ada@Example.com"
PASSWORD = "mauve otters juggle teapots"
NEW_PASSWORD = "quiet lanterns drift upstream"

KINDS: tuple[type[Event], ...] = (
    EmailChangeRequested,
    EmailChanged,
    EmailVerificationRequested,
    EmailVerified,
    PasswordChanged,
    PasswordRefused,
    PasswordRemoved,
    PasswordResetCompleted,
    PasswordResetRequested,
)
NO_MAILER = object()

_TOKEN = re.compile(r"ukl_[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class World:
    """One realm with the features in it. ``told`` is what has happened, oldest first."""

    parts: Parts
    clock: FrozenClock
    mailbox: MemoryMailer
    built: dict[str, Any]
    mirrored: dict[str, Any]
    told: list[Event]

    @property
    def store(self) -> Store:
        """Return the store of the realm."""
        return self.parts.store

    @property
    def users(self) -> SyncUsers:
        """Return what can be done with users."""
        return self.mirrored["users"]  # type: ignore[no-any-return]

    @property
    def passwords(self) -> SyncPasswords:
        """Return what can be done with passwords."""
        return self.mirrored["passwords"]  # type: ignore[no-any-return]

    @property
    def sessions(self) -> SyncSessions:
        """Return what can be done with sessions."""
        return self.mirrored["sessions"]  # type: ignore[no-any-return]

    @property
    def links(self) -> SyncLinks:
        """Return what can be done with links."""
        return self.mirrored["links"]  # type: ignore[no-any-return]

    @property
    def verification(self) -> SyncEmailVerification:
        """Return what can be done with addresses."""
        return self.mirrored["email_verification"]  # type: ignore[no-any-return]

    @property
    def reset(self) -> SyncPasswordReset:
        """Return what can be done about forgotten passwords."""
        return self.mirrored["password_reset"]  # type: ignore[no-any-return]

    @property
    def outbox(self) -> SyncOutbox:
        """Return what is still to be done."""
        return self.mirrored["outbox"]  # type: ignore[no-any-return]

    def ada(self, password: str | None = PASSWORD, *, email: str = ADA) -> User:
        """Register Ada, and forget what was told and sent."""
        ada = self.users.register(email=email, name="Ada Lovelace", password=password)
        self.told.clear()
        return ada

    def verified_ada(self, password: str | None = PASSWORD) -> User:
        """Register Ada with an address that is verified."""
        return self.change(self.ada(password), email_verified_at=self.clock())

    def change(self, user: User, **changes: Any) -> User:
        """Store the next revision of a user."""
        after = user.evolve(**changes)
        run(self.store.commit(Save(user, after)))
        return after

    def mails(self) -> list[Message]:
        """Deliver what is due until nothing is, and return what was sent since the last time."""
        while self.outbox.deliver().done:
            pass
        sent = self.mailbox.sent
        self.mailbox.clear()
        return sent

    def letters(self) -> list[tuple[str, str]]:
        """Deliver what is due, and return the kinds of letters and their receivers."""
        return sorted((message.template, message.to) for message in self.mails())

    def token(self, template: str) -> str:
        """Deliver what is due, and return the token in the only letter of a kind."""
        (text,) = [message.text for message in self.mails() if message.template == template]
        return token_in(text)

    def session(self, *, email: str = ADA, password: str = PASSWORD) -> str:
        """Sign in, and return the session token."""
        return self.sessions.sign_in_opaque(email=email, password=password).token

    def is_open(self, session_token: str) -> bool:
        """Tell whether a session goes on."""
        try:
            run(self.built["sessions"].gate.opened_by(session_token))
        except UnauthenticatedError:
            return False
        return True

    def credential(self, user: User) -> PasswordCredential | None:
        """Return the password of a user as it is stored."""
        return run(self.store.get(PasswordCredential, user.id))

    def entries(self) -> tuple[OutboxEntry, ...]:
        """Return what is in the outbox."""
        return run(self.store.find(OutboxEntry, limit=1000)).items

    def stored_links(self) -> tuple[Link, ...]:
        """Return the links that are stored."""
        return run(self.store.find(Link, limit=1000)).items

    def kinds(self) -> list[str]:
        """Return the names of what was told, and forget it."""
        names = [type(event).__name__ for event in self.told]
        self.told.clear()
        return names


def world(
    store: Store,
    *given: Feature[Any, Any],
    realm: str = DEFAULT_REALM,
    mailer: Any = None,
    clock: FrozenClock | None = None,
    hasher: InstantHasher | None = None,
) -> World:
    """Build the features over one realm of a store that is prepared for them; some may be given."""
    mailbox = MemoryMailer()
    sending: Mailer | None = None if mailer is NO_MAILER else mailer or mailbox
    built: dict[str, Any] = {}
    now, told = clock or FrozenClock(), list[Event]()
    parts = parts_over(
        store, realm=realm, secret=SECRET, clock=now, hasher=hasher, mailer=sending, built=built
    )
    by_name = {feature.name: feature for feature in (*features(), *given)}
    for name, feature in by_name.items():
        built[name] = feature.build(parts)
    mirrored = {name: feature.mirror(built[name]) for name, feature in by_name.items()}

    for kind in KINDS:
        parts.listeners.add(kind, told.append)
    return World(parts, now, mailbox, built, mirrored, told)


def features() -> tuple[Feature[Any, Any], ...]:
    """Return the features in the order in which they are built."""
    return (
        users(),
        outbox(),
        throttling(),
        mail(sender="userkit@app.example"),
        links(),
        passwords(),
        sessions(),
        email_verification(),
        password_reset(),
    )


def prepared(store: Store) -> Store:
    """Return a blocking store that is ready for the features."""
    run(store.prepare(COLLECTIONS))
    return store


def fresh(*given: Feature[Any, Any], **changes: Any) -> World:
    """Return a world over an empty store in memory."""
    return world(prepared(MemoryStore()), *given, **changes)


def token_in(text: str) -> str:
    """Return the token in the text of a letter."""
    found = _TOKEN.search(text)
    assert found is not None, text
    return found[0]


COLLECTIONS = [each for feature in features() for each in feature.collections]
