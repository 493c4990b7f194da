"""Users, and the rules that hold for them everywhere."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from userkit.kernel.email import EmailAddress
from userkit.kernel.entity import Entity
from userkit.kernel.identity import Identity
from userkit.kernel.ids import Id
from userkit.kernel.json import JSONObject, same_json
from userkit.kernel.words import words_of

__all__ = ["User"]


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Entity):
    """Somebody with an account.

    ``email`` is the address as it was typed, where mail goes; ``email_key`` is its canonical
    form, which no two users of a realm share. ``attributes`` is the application's own JSON.
    Every session keeps the ``session_epoch`` that it began in; raising the number ends them all in
    one write, save the ``spared_session``, which began in the epoch ``spared_since`` or later: what had
    ended by then cannot be spared. ``claimed_epoch`` is the one in which the owner of the
    mailbox took over an account that perhaps somebody else had registered; what was issued in an
    earlier one is void.
    """

    email: str
    email_key: str
    email_verified_at: datetime | None = None
    name: str
    disabled_at: datetime | None = None
    attributes: JSONObject = field(default_factory=dict, hash=False)
    session_epoch: int = 0
    spared_session: Id | None = None
    spared_since: int = 0
    claimed_epoch: int = 0
    created_at: datetime
    updated_at: datetime

    @classmethod
    def register(
        cls, *, id: str, address: EmailAddress, name: str, attributes: JSONObject, now: datetime
    ) -> Self:
        """Return the first revision of a new user."""
        return cls(
            id=id,
            email=address.typed,
            email_key=address.key,
            name=name,
            attributes=attributes,
            created_at=now,
            updated_at=now,
        )

    @property
    def is_disabled(self) -> bool:
        """Tell whether the account is closed for its owner."""
        return self.disabled_at is not None

    @property
    def is_email_verified(self) -> bool:
        """Tell whether the owner has shown that mail to the address reaches them."""
        return self.email_verified_at is not None

    @property
    def search_words(self) -> tuple[str, ...]:
        """Return what a search finds the user by: the canonical address and the words of the name."""
        return (self.email_key, *sorted(words_of(self.name) - {self.email_key}))

    def disabled(self, now: datetime) -> Self:
        """Return the user with the account closed, the same object when it already is."""
        if self.is_disabled:
            return self
        return self.evolve(disabled_at=now, updated_at=now, **self._no_sessions())

    def enabled(self, now: datetime) -> Self:
        """Return the user with the account open again, the same object when it already is."""
        return self.evolve(disabled_at=None, updated_at=now) if self.is_disabled else self

    def signed_out(self, *, spare: str | None = None) -> Self:
        """Return the user with every session ended, save perhaps one; which has ended already, has ended."""
        return self.evolve(**self._no_sessions(spare))

    def verified(self, now: datetime) -> Self:
        """Return the user with the address confirmed, the same object when it already is."""
        return self if self.is_email_verified else self.evolve(email_verified_at=now, updated_at=now)

    def claimed(self, now: datetime) -> Self:
        """Return the user in the hands of whoever reads the mail, with every session ended.

        When the address was confirmed before, only the sessions end.
        """
        if self.is_email_verified:
            return self.signed_out()
        ended = self._no_sessions()
        return self.evolve(
            email_verified_at=now, updated_at=now, claimed_epoch=ended["session_epoch"], **ended
        )

    def honours(self, epoch: int | None) -> bool:
        """Tell whether what was issued in an epoch of this account was issued to its owner.

        None is what was not issued here, such as the word of a proxy: no claim makes it void.
        """
        return not self.is_disabled and (epoch is None or epoch >= self.claimed_epoch)

    def moved(self, address: EmailAddress, now: datetime) -> Self:
        """Return the user at another address, which has been confirmed."""
        return self.evolve(email=address.typed, email_key=address.key, email_verified_at=now, updated_at=now)

    def admits(self, session_id: str, epoch: int) -> bool:
        """Tell whether a session that began in an epoch may go on."""
        is_spared = session_id == self.spared_session and epoch >= self.spared_since
        return (epoch == self.session_epoch or is_spared) and self.honours(epoch)

    def vouches_for(self, identity: Identity) -> bool:
        """Tell whether an identity still is one of this account: its session open, and no claim since."""
        if identity.session_id is None or identity.epoch is None:
            return self.honours(identity.epoch)
        return self.admits(identity.session_id, identity.epoch)

    def _no_sessions(self, spare: str | None = None) -> dict[str, Any]:
        # What is spared again was open all the time; anything else is if it began in the epoch that ends.
        is_again = spare is not None and spare == self.spared_session
        return {
            "session_epoch": self.session_epoch + 1,
            "spared_session": spare,
            "spared_since": self.spared_since if is_again else self.session_epoch,
        }

    def changed(
        self, now: datetime, *, name: str | None = None, attributes: JSONObject | None = None
    ) -> Self:
        """Return the user with another name or attributes, the same object when nothing differs."""
        name = self.name if name is None else name
        attributes = self.attributes if attributes is None else attributes
        if name == self.name and same_json(attributes, self.attributes):
            return self
        return self.evolve(name=name, attributes=attributes, updated_at=now)
