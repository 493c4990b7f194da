"""The use cases as an application sees them: ``kit.email_verification``."""

from dataclasses import dataclass
from typing import Self

from userkit.feature import Parts
from userkit.features.email_verification.letters import AddressLetters
from userkit.features.email_verification.use_cases import (
    ChangeEmail,
    CompleteVerification,
    ConfirmChange,
    RequestVerification,
)
from userkit.features.links import Links
from userkit.features.passwords.offer import Passwords
from userkit.features.throttling import Throttling
from userkit.ports.rate_limit import Limit
from userkit.sync import synced

__all__ = ["EmailVerification", "SyncEmailVerification"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailVerification:
    """What can be done to confirm and change the addresses of one realm.

    ``required``: whether nobody can sign in before their address is confirmed; ``on_registration``:
    whether everybody who registers is asked to.
    """

    request: RequestVerification
    complete: CompleteVerification
    change: ChangeEmail
    confirm_change: ConfirmChange
    required: bool
    on_registration: bool

    @classmethod
    def build(
        cls,
        parts: Parts,
        *,
        letters: AddressLetters,
        limit: Limit,
        change_limit: Limit,
        required: bool,
        on_registration: bool,
    ) -> Self:
        """Wire the use cases from the parts of a kit."""
        store, journal, now, links = parts.store, parts.journal, parts.now, parts.offer(Links)
        guard, prove = parts.offer(Throttling).guard, parts.offer(Passwords).prove
        return cls(
            request=RequestVerification(
                store=store, journal=journal, now=now, guard=guard, limit=limit, letters=letters
            ),
            complete=CompleteVerification(store=store, journal=journal, now=now, links=links, prove=prove),
            change=ChangeEmail(
                store=store, journal=journal, now=now, guard=guard, limit=change_limit, letters=letters
            ),
            confirm_change=ConfirmChange(journal=journal, now=now, links=links),
            required=required,
            on_registration=on_registration,
        )


class SyncEmailVerification:
    """The same without ``await``."""

    def __init__(self, verification: EmailVerification) -> None:
        """Mirror the use cases."""
        self.request = synced(verification.request)
        self.complete = synced(verification.complete)
        self.change = synced(verification.change)
        self.confirm_change = synced(verification.confirm_change)
