"""The use cases as an application sees them: ``kit.password_reset``."""

from dataclasses import dataclass
from typing import Self

from userkit.feature import Parts
from userkit.features.links import Links
from userkit.features.outbox.offer import Outbox
from userkit.features.password_reset.letters import PasswordLetters
from userkit.features.password_reset.use_cases import CompleteReset, RequestReset
from userkit.features.passwords.offer import Passwords
from userkit.features.throttling import Throttling
from userkit.ports.rate_limit import Limit
from userkit.sync import synced

__all__ = ["PasswordReset", "SyncPasswordReset"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordReset:
    """What can be done about the forgotten passwords of one realm."""

    request: RequestReset
    complete: CompleteReset

    @classmethod
    def build(cls, parts: Parts, *, letters: PasswordLetters, limit: Limit, address_limit: Limit) -> Self:
        """Wire the use cases from the parts of a kit."""
        passwords = parts.offer(Passwords)
        return cls(
            request=RequestReset(
                journal=parts.journal,
                guard=parts.offer(Throttling).guard,
                limit=limit,
                address_limit=address_limit,
                letters=letters,
                outbox=parts.offer(Outbox),
            ),
            complete=CompleteReset(
                journal=parts.journal,
                now=parts.now,
                hasher=parts.hasher,
                new=passwords.new,
                prove=passwords.prove,
                links=parts.offer(Links),
            ),
        )


class SyncPasswordReset:
    """The same without ``await``."""

    def __init__(self, reset: PasswordReset) -> None:
        """Mirror the use cases."""
        self.request = synced(reset.request)
        self.complete = synced(reset.complete)
