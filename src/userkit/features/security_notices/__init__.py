"""Security notices: tell owners by mail that somebody tries their password, or has had their session."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from userkit.feature import Feature, Parts
from userkit.features.mail.notices import Notices
from userkit.features.mail.offer import Letters
from userkit.features.passwords.offer import Passwords
from userkit.features.sessions.events import RefreshReuseDetected
from userkit.features.throttling import AttemptsThrottled, Throttling
from userkit.ports.rate_limit import Limit, RateLimiter
from userkit.storage.changes import Change

__all__ = ["SecurityNotices", "security_notices"]

# Strangers decide when it is written, so it must not fill a mailbox.
_ONCE_A_DAY = Limit(
    name="letters about wrong passwords",
    attempts=1,
    within=timedelta(days=1),
    delay=timedelta(days=1),
    longest=timedelta(days=1),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityNotices:
    """Take part in the commits of what owners should know."""

    notices: Notices
    limiter: RateLimiter
    account_limit: Limit

    async def on_throttled(self, event: AttemptsThrottled) -> Sequence[Change]:
        """Tell the owner of an account whose password somebody guesses at, once a day at most."""
        if event.user_id is None or event.limit != self.account_limit.name:
            return ()
        verdict = await self.limiter.take(_ONCE_A_DAY, event.user_id)
        return await self.notices.to(event.user_id, "sign_in_throttled") if verdict.allowed else ()

    async def on_reuse(self, event: RefreshReuseDetected) -> Sequence[Change]:
        """Tell the owner of a session that somebody else has had its token."""
        return await self.notices.to(event.user_id, "refresh_reuse")


def security_notices() -> Feature[SecurityNotices, SecurityNotices]:
    """Return the feature. It offers nothing to call: it writes letters where a kit has a mailer."""

    def build(parts: Parts) -> SecurityNotices:
        built = SecurityNotices(
            notices=Notices(store=parts.store, letters=parts.offer(Letters)),
            limiter=parts.offer(Throttling).limiter,
            account_limit=parts.offer(Passwords).prove.account_limit,
        )
        parts.offer(Throttling).personal.append(_ONCE_A_DAY)
        parts.participants.add(AttemptsThrottled, built.on_throttled)
        parts.participants.add(RefreshReuseDetected, built.on_reuse)
        return built

    return Feature(
        name="security_notices",
        requires=("users", "mail", "throttling", "passwords", "sessions"),
        build=build,
        mirror=lambda built: built,
    )
