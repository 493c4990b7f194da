"""The features that every kit has, in one place."""

from typing import TYPE_CHECKING, Any

from userkit.feature import Feature
from userkit.features.api_keys import api_keys
from userkit.features.audit import audit
from userkit.features.email_verification import email_verification
from userkit.features.links import links
from userkit.features.mail import mail
from userkit.features.outbox import outbox
from userkit.features.password_reset import password_reset
from userkit.features.passwords import passwords
from userkit.features.registration import registration
from userkit.features.roles import roles
from userkit.features.security_notices import security_notices
from userkit.features.sessions import sessions
from userkit.features.throttling import throttling
from userkit.features.users import users

if TYPE_CHECKING:
    from userkit.features.users.attributes import AttributesModel

__all__ = ["built_in"]


def built_in(*, attributes: "AttributesModel | None" = None) -> tuple[Feature[Any, Any], ...]:
    """Return the built-in features with their defaults."""
    return (
        users(attributes=attributes),
        outbox(),
        audit(),
        throttling(),
        mail(),
        links(),
        passwords(),
        sessions(),
        roles(),
        api_keys(),
        email_verification(),
        password_reset(),
        registration(),
        security_notices(),
    )
