"""Who a request is from, and how that was proved."""

from dataclasses import dataclass
from datetime import datetime

__all__ = ["EVERYTHING", "Identity", "SessionFacts"]

EVERYTHING = "*"
"""The scope of those who may do whatever their roles allow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A user who has shown who they are.

    - ``session_id``: the session, or None for an API key.
    - ``epoch``: which of the user's epochs the credential is of; what is older than the one in which the
      owner of the mailbox took the account over is void. None for what was not issued here.
    - ``methods``: how it was proved (RFC 8176): ``pwd``, ``otp``, … and ``key`` for an API key.
    - ``authenticated_at``: when it was last proved by the person, as far as the credential tells.
    - ``scopes``: what the credential is limited to; ``*`` is whatever the user's roles allow.
    - ``backend``: the auth backend that accepted the credential.
    - ``expires_at``: until when the credential is good, None for no end.
    """

    user_id: str
    session_id: str | None = None
    epoch: int | None = None
    methods: frozenset[str] = frozenset()
    authenticated_at: datetime
    scopes: frozenset[str] = frozenset({EVERYTHING})
    backend: str = ""
    realm: str = ""
    expires_at: datetime | None = None
    credential_id: str | None = None

    def covers(self, permission: str) -> bool:
        """Tell whether the credential is not narrower than a permission."""
        return EVERYTHING in self.scopes or permission in self.scopes


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFacts:
    """What an auth backend needs to know of a session.

    ``epoch`` is that of the user in which it began, and goes into the identity as it is. ``expires_at``
    is its absolute end.
    """

    id: str
    user_id: str
    epoch: int
    methods: frozenset[str]
    authenticated_at: datetime
    expires_at: datetime
    scopes: frozenset[str] = frozenset({EVERYTHING})
