"""The use cases as an application sees them: ``kit.registration``."""

from dataclasses import dataclass
from typing import Self

from userkit.feature import Parts
from userkit.features.outbox.offer import Outbox
from userkit.features.registration.use_cases import RegistrationMode, SignUp
from userkit.features.roles.offer import Roles
from userkit.features.throttling import Throttling
from userkit.features.users.offer import Users
from userkit.ports.rate_limit import Limit
from userkit.sync import synced

__all__ = ["Registration", "SyncRegistration"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What can be done about opening accounts in one realm. ``mode`` is how the application wants it."""

    sign_up: SignUp
    mode: RegistrationMode

    @classmethod
    def build(cls, parts: Parts, *, mode: RegistrationMode, limit: Limit) -> Self:
        """Wire the use cases from the parts of a kit."""
        roles = parts.offer(Roles)
        sign_up = SignUp(
            register=parts.offer(Users).register,
            journal=parts.journal,
            outbox=parts.offer(Outbox),
            guard=parts.offer(Throttling).guard,
            allows=roles.allows,
            require=roles.require,
            mode=mode,
            limit=limit,
        )
        return cls(sign_up=sign_up, mode=mode)


class SyncRegistration:
    """The same without ``await``."""

    def __init__(self, registration: Registration) -> None:
        """Mirror the use cases."""
        self.sign_up = synced(registration.sign_up)
        self.mode = registration.mode
