"""E-mail verification: who has an account reads the mail to its address, also when it changes."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from userkit.errors import EmailNotVerifiedError
from userkit.feature import Feature, Parts
from userkit.features.email_verification.events import (
    EmailChanged,
    EmailChangeRequested,
    EmailVerificationRequested,
    EmailVerified,
)
from userkit.features.email_verification.letters import CHANGE, VERIFY, AddressLetters
from userkit.features.email_verification.offer import EmailVerification, SyncEmailVerification
from userkit.features.links import Link, Links, check_lifetime
from userkit.features.mail import Letters
from userkit.features.passwords.model import PasswordCredential
from userkit.features.sessions.checks import SignInAttempt
from userkit.features.sessions.offer import Sessions
from userkit.features.throttling import Throttling
from userkit.features.users.events import UserRegistered
from userkit.features.users.model import User
from userkit.ports.rate_limit import Limit

if TYPE_CHECKING:
    from userkit.http.route import AnyRoute

__all__ = [
    "CHANGE_LIMIT",
    "REQUEST_LIMIT",
    "EmailChangeRequested",
    "EmailChanged",
    "EmailVerification",
    "EmailVerificationRequested",
    "EmailVerified",
    "SyncEmailVerification",
    "email_verification",
]

REQUEST_LIMIT = Limit(name="verification letters", attempts=3, within=timedelta(minutes=15))
"""How many letters a user may have sent to their own address."""

CHANGE_LIMIT = Limit(name="changes of address", attempts=3, within=timedelta(minutes=15))
"""How many letters a user may have sent to new addresses, and how many a new address may be sent."""


def email_verification(
    *,
    required: bool = False,
    on_registration: bool = True,
    lifetime: timedelta = timedelta(hours=24),
    change_lifetime: timedelta = timedelta(hours=1),
    request_limit: Limit = REQUEST_LIMIT,
    change_limit: Limit = CHANGE_LIMIT,
) -> Feature[EmailVerification, SyncEmailVerification]:
    """Return the feature.

    - ``required``: whether nobody can sign in before their address is verified.
    - ``on_registration``: whether a letter is sent to everybody who registers, where the kit has a
      mailer.
    - ``lifetime``: how long a link that confirms an address is good, from a minute to 30 days.
    - ``change_lifetime``: how long one to a new address is good, from a minute to 30 days.
    - ``request_limit``: how many letters a user may ask for, to confirm the address.
    - ``change_limit``: how many a user may ask for, to have another address.
    """
    lifetime = check_lifetime(lifetime, of="email_verification(lifetime=…)")
    change_lifetime = check_lifetime(change_lifetime, of="email_verification(change_lifetime=…)")

    def build(parts: Parts) -> EmailVerification:
        letters = AddressLetters(
            store=parts.store,
            now=parts.now,
            letters=parts.offer(Letters),
            links=parts.offer(Links),
            lifetime=lifetime,
            change_lifetime=change_lifetime,
        )
        letters.letters.link_for(VERIFY, letters.verify_link, lifetime=lifetime)
        letters.letters.link_for(CHANGE, letters.change_link, lifetime=change_lifetime)
        parts.participants.add(EmailChanged, letters.tell_old_address)
        if on_registration:
            parts.participants.add(UserRegistered, letters.on_registration)
        parts.offer(Throttling).personal.extend((request_limit, change_limit))
        if required:
            parts.offer(Sessions).checks.append(_refuse_unverified)
        return EmailVerification.build(
            parts,
            letters=letters,
            limit=request_limit,
            change_limit=change_limit,
            required=required,
            on_registration=on_registration,
        )

    return Feature(
        name="email_verification",
        together=(User, PasswordCredential, Link),
        decides=(Link,),
        requires=("users", "links", "mail", "throttling", "passwords", "sessions"),
        build=build,
        mirror=SyncEmailVerification,
        routes=_routes,
    )


async def _refuse_unverified(attempt: SignInAttempt) -> Sequence[str]:
    if not attempt.user.is_email_verified:
        raise EmailNotVerifiedError
    return ()


def _routes(verification: EmailVerification) -> "Sequence[AnyRoute]":
    from userkit.features.email_verification.routes import routes

    return routes(verification)
