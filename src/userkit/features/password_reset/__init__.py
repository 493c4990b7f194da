"""Password reset: who has forgotten a password gets a link, and owners are told of every new password."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from userkit.feature import Feature, Parts
from userkit.features.links import Link, Links, check_lifetime
from userkit.features.mail import Letters
from userkit.features.mail.notices import Notices
from userkit.features.outbox.offer import Outbox
from userkit.features.password_reset.events import PasswordResetCompleted, PasswordResetRequested
from userkit.features.password_reset.letters import REMOVED, RESET, PasswordLetters
from userkit.features.password_reset.offer import PasswordReset, SyncPasswordReset
from userkit.features.password_reset.use_cases import AnswerRequest, RequestReset
from userkit.features.passwords.events import PasswordChanged, PasswordRemoved
from userkit.features.passwords.model import PasswordCredential
from userkit.features.throttling import Throttling
from userkit.features.users.model import User
from userkit.ports.rate_limit import Limit

if TYPE_CHECKING:
    from userkit.http.route import AnyRoute

__all__ = [
    "ADDRESS_LIMIT",
    "REQUEST_LIMIT",
    "PasswordReset",
    "PasswordResetCompleted",
    "PasswordResetRequested",
    "SyncPasswordReset",
    "password_reset",
]

REQUEST_LIMIT = Limit(name="password resets of an account", attempts=3, within=timedelta(minutes=15))
"""How many letters one account is sent, whoever asks for them."""

ADDRESS_LIMIT = Limit(name="password resets from an address", attempts=50, within=timedelta(minutes=15))
"""How many may be asked for from one client address, whatever the accounts."""


def password_reset(
    *,
    lifetime: timedelta = timedelta(hours=1),
    limit: Limit = REQUEST_LIMIT,
    address_limit: Limit = ADDRESS_LIMIT,
) -> Feature[PasswordReset, SyncPasswordReset]:
    """Return the feature.

    - ``lifetime``: how long a link is good, from a minute to 30 days.
    - ``limit``: how many letters may be asked for to one e-mail address.
    - ``address_limit``: how many may be asked for from one client address.
    """
    lifetime = check_lifetime(lifetime, of="password_reset(lifetime=…)")

    def build(parts: Parts) -> PasswordReset:
        offered = parts.offer(Letters)
        letters = PasswordLetters(
            now=parts.now,
            letters=offered,
            notices=Notices(store=parts.store, letters=offered),
            links=parts.offer(Links),
            lifetime=lifetime,
        )
        letters.letters.add(REMOVED)
        letters.letters.link_for(RESET, letters.reset_link, lifetime=lifetime)
        parts.participants.add(PasswordChanged, letters.on_change)
        parts.participants.add(PasswordRemoved, letters.on_removal)
        answer = AnswerRequest(store=parts.store, journal=parts.journal, now=parts.now, letters=letters)
        parts.offer(Outbox).handle(RequestReset.TOPIC, answer)
        parts.offer(Outbox).perishable.add(RequestReset.TOPIC)
        parts.offer(Throttling).personal.append(limit)
        return PasswordReset.build(parts, letters=letters, limit=limit, address_limit=address_limit)

    return Feature(
        name="password_reset",
        together=(User, PasswordCredential, Link),
        decides=(Link,),
        requires=("users", "outbox", "links", "mail", "throttling", "passwords"),
        build=build,
        mirror=SyncPasswordReset,
        routes=_routes,
    )


def _routes(password_reset: PasswordReset) -> "Sequence[AnyRoute]":
    from userkit.features.password_reset.routes import routes

    return routes(password_reset)
