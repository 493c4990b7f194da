"""Registration: who may open an account for themselves, and what strangers learn from it."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from userkit.errors import ConfigurationError
from userkit.feature import Feature, Parts
from userkit.features.email_verification.offer import EmailVerification
from userkit.features.mail import LetterKind, Letters
from userkit.features.mail.notices import Notices
from userkit.features.outbox.offer import Outbox
from userkit.features.passwords.offer import Passwords
from userkit.features.registration.offer import Registration, SyncRegistration
from userkit.features.registration.use_cases import RegistrationMode, TellOwner
from userkit.features.throttling import Throttling
from userkit.features.users.model import User
from userkit.ports.rate_limit import Limit

if TYPE_CHECKING:
    from userkit.http.route import AnyRoute

__all__ = [
    "ADDRESS_LIMIT",
    "OWNER_LIMIT",
    "Registration",
    "RegistrationMode",
    "SyncRegistration",
    "registration",
]

ADDRESS_LIMIT = Limit(name="registrations from an address", attempts=500, within=timedelta(minutes=15))
"""How many accounts may be opened from one client address; offices and schools share one."""

OWNER_LIMIT = Limit(name="letters about registrations", attempts=3, within=timedelta(days=1))
"""How many letters an owner gets because somebody registers their address again."""

ALREADY = LetterKind(
    name="already_registered", may={"address": "192.0.2.1"}, folder=Path(__file__).parent / "templates"
)


def registration(
    mode: Literal["open", "closed", "private"] = "open",
    *,
    limit: Limit = ADDRESS_LIMIT,
    owner_limit: Limit = OWNER_LIMIT,
) -> Feature[Registration, SyncRegistration]:
    """Return the feature.

    - ``mode``: ``open``, anybody may open an account, and is told when the address has one;
      ``closed``, only whoever has the permission ``users:write``; ``private``, anybody may, and
      nobody learns whether an address has an account. The owner of the address is told by mail
      instead, so that it needs a mailer, and ``email_verification(required=True)``; before the
      address is confirmed, signing in is answered like a wrong password.
    - ``limit``: how many may be opened from one client address.
    - ``owner_limit``: how many letters an owner gets.

    Raises ConfigurationError.
    """
    try:
        chosen = RegistrationMode(mode)
    except ValueError:
        raise ConfigurationError('Registration is "open", "closed" or "private".') from None

    def build(parts: Parts) -> Registration:
        letters = parts.offer(Letters)
        letters.add(ALREADY)
        if chosen is RegistrationMode.PRIVATE:
            _check_private(parts, letters)
            # Else whoever registers an address with a password of their own learns by signing in
            # whether that account was new.
            parts.offer(Passwords).hides.append(_is_unconfirmed)
        tell = TellOwner(
            store=parts.store,
            journal=parts.journal,
            limiter=parts.offer(Throttling).limiter,
            limit=owner_limit,
            notices=Notices(store=parts.store, letters=letters),
            letter=ALREADY.name,
        )
        parts.offer(Outbox).handle(TellOwner.TOPIC, tell)
        parts.offer(Outbox).perishable.add(TellOwner.TOPIC)
        parts.offer(Throttling).personal.append(owner_limit)
        return Registration.build(parts, mode=chosen, limit=limit)

    return Feature(
        name="registration",
        requires=("users", "outbox", "throttling", "mail", "roles", "passwords", "email_verification"),
        build=build,
        mirror=SyncRegistration,
        routes=_routes,
    )


def _is_unconfirmed(user: User) -> bool:
    return not user.is_email_verified


def _check_private(parts: Parts, letters: Letters) -> None:
    if not letters.available:
        raise ConfigurationError(
            "Private registration tells owners by mail: give the kit a mailer and a base_url."
        )
    verification = parts.offer(EmailVerification)
    if not verification.on_registration:
        raise ConfigurationError(
            "With private registration a letter is all that people hear of their account: leave out "
            "on_registration=False of email_verification(…)."
        )
    if not verification.required:
        raise ConfigurationError(
            "With private registration whoever signs in must have a confirmed address, or signing in would "
            "tell what registering does not: features=[email_verification(required=True)]."
        )


def _routes(registration: Registration) -> "Sequence[AnyRoute]":
    from userkit.features.registration.routes import routes

    return routes(registration)
