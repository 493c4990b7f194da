"""User accounts for any Python application: typed, for any database and any framework.

::

    from userkit import UserKit

    async with UserKit("sqlite:///app.db", secret=SECRET) as kit:
        user = await kit.users.register(email="ada@example.com", name="Ada Lovelace", password=PASSWORD)
        tokens = await kit.sessions.sign_in(email="ada@example.com", password=PASSWORD)
        identity = await kit.authenticate(tokens.access_token)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from userkit.errors import (
    ConfigurationError,
    DuplicateError,
    EmailAlreadyExistsError,
    EmailNotVerifiedError,
    ForbiddenError,
    InvalidAttributesError,
    InvalidCredentialsError,
    InvalidCursorError,
    InvalidEmailError,
    InvalidInputError,
    InvalidNameError,
    InvalidTokenError,
    LanguageModelError,
    MailError,
    NotFoundError,
    OverloadedError,
    ProofRequiredError,
    RateLimitedError,
    ReauthenticationRequiredError,
    ScreeningRefusedError,
    StaleError,
    StoreError,
    StoreUnavailableError,
    UnauthenticatedError,
    UnknownHashError,
    UserKitError,
    UserNotFoundError,
    WeakPasswordError,
)
from userkit.feature import Feature, Parts
from userkit.features.users import (
    SyncUsers,
    User,
    UserDeleted,
    UserDisabled,
    UserEnabled,
    UserErased,
    UserRegistered,
    UserRepository,
    Users,
    UserUpdated,
)
from userkit.kernel.identity import Identity
from userkit.kernel.origin import coming_from
from userkit.kernel.page import Page
from userkit.kernel.secret import Secret
from userkit.kit import SyncUserKit, UserKit

if TYPE_CHECKING:
    from userkit.features.api_keys import ApiKey, ApiKeyCreated, ApiKeyRevoked, ApiKeys, NewApiKey, api_keys
    from userkit.features.audit import Audit, AuditEntry, audit
    from userkit.features.email_verification import (
        EmailChanged,
        EmailVerification,
        EmailVerified,
        email_verification,
    )
    from userkit.features.mail import mail
    from userkit.features.password_reset import PasswordReset, password_reset
    from userkit.features.passwords import PasswordChanged, PasswordRefused, Passwords, passwords
    from userkit.features.registration import Registration, registration
    from userkit.features.roles import RoleAssigned, Roles, RoleUnassigned, roles
    from userkit.features.sessions import (
        RefreshReuseDetected,
        Session,
        SessionEnded,
        Sessions,
        SessionsEnded,
        SessionToken,
        SignedIn,
        SignInAttempt,
        SignInCheck,
        TokenPair,
        sessions,
    )
    from userkit.features.throttling import throttling
    from userkit.ports.language_model import LanguageModel
    from userkit.ports.mail import Mailer, Message
    from userkit.ports.passwords import PasswordHasher
    from userkit.ports.rate_limit import Limit, RateLimiter
    from userkit.ports.tokens import KeySet, SigningKey, TokenSettings

__all__ = [
    "ApiKey",
    "ApiKeyCreated",
    "ApiKeyRevoked",
    "ApiKeys",
    "Audit",
    "AuditEntry",
    "ConfigurationError",
    "DuplicateError",
    "EmailAlreadyExistsError",
    "EmailChanged",
    "EmailNotVerifiedError",
    "EmailVerification",
    "EmailVerified",
    "Feature",
    "ForbiddenError",
    "Identity",
    "InvalidAttributesError",
    "InvalidCredentialsError",
    "InvalidCursorError",
    "InvalidEmailError",
    "InvalidInputError",
    "InvalidNameError",
    "InvalidTokenError",
    "KeySet",
    "LanguageModel",
    "LanguageModelError",
    "Limit",
    "MailError",
    "Mailer",
    "Message",
    "NewApiKey",
    "NotFoundError",
    "OverloadedError",
    "Page",
    "Parts",
    "PasswordChanged",
    "PasswordHasher",
    "PasswordRefused",
    "PasswordReset",
    "Passwords",
    "ProofRequiredError",
    "RateLimitedError",
    "RateLimiter",
    "ReauthenticationRequiredError",
    "RefreshReuseDetected",
    "Registration",
    "RoleAssigned",
    "RoleUnassigned",
    "Roles",
    "ScreeningRefusedError",
    "Secret",
    "Session",
    "SessionEnded",
    "SessionToken",
    "Sessions",
    "SessionsEnded",
    "SignInAttempt",
    "SignInCheck",
    "SignedIn",
    "SigningKey",
    "StaleError",
    "StoreError",
    "StoreUnavailableError",
    "SyncUserKit",
    "SyncUsers",
    "TokenPair",
    "TokenSettings",
    "UnauthenticatedError",
    "UnknownHashError",
    "User",
    "UserDeleted",
    "UserDisabled",
    "UserEnabled",
    "UserErased",
    "UserKit",
    "UserKitError",
    "UserNotFoundError",
    "UserRegistered",
    "UserRepository",
    "UserUpdated",
    "Users",
    "WeakPasswordError",
    "api_keys",
    "audit",
    "coming_from",
    "email_verification",
    "mail",
    "password_reset",
    "passwords",
    "registration",
    "roles",
    "sessions",
    "throttling",
]

# Most modules of an application never name these: they are imported when they are asked for.
_LATER = {
    "ApiKey": "userkit.features.api_keys",
    "ApiKeyCreated": "userkit.features.api_keys",
    "ApiKeyRevoked": "userkit.features.api_keys",
    "ApiKeys": "userkit.features.api_keys",
    "NewApiKey": "userkit.features.api_keys",
    "api_keys": "userkit.features.api_keys",
    "Audit": "userkit.features.audit",
    "AuditEntry": "userkit.features.audit",
    "audit": "userkit.features.audit",
    "EmailChanged": "userkit.features.email_verification",
    "EmailVerification": "userkit.features.email_verification",
    "EmailVerified": "userkit.features.email_verification",
    "email_verification": "userkit.features.email_verification",
    "mail": "userkit.features.mail",
    "PasswordReset": "userkit.features.password_reset",
    "password_reset": "userkit.features.password_reset",
    "PasswordChanged": "userkit.features.passwords",
    "PasswordRefused": "userkit.features.passwords",
    "Passwords": "userkit.features.passwords",
    "passwords": "userkit.features.passwords",
    "Registration": "userkit.features.registration",
    "registration": "userkit.features.registration",
    "RoleAssigned": "userkit.features.roles",
    "RoleUnassigned": "userkit.features.roles",
    "Roles": "userkit.features.roles",
    "roles": "userkit.features.roles",
    "RefreshReuseDetected": "userkit.features.sessions",
    "Session": "userkit.features.sessions",
    "SessionEnded": "userkit.features.sessions",
    "SessionToken": "userkit.features.sessions",
    "Sessions": "userkit.features.sessions",
    "SessionsEnded": "userkit.features.sessions",
    "SignInAttempt": "userkit.features.sessions",
    "SignInCheck": "userkit.features.sessions",
    "SignedIn": "userkit.features.sessions",
    "TokenPair": "userkit.features.sessions",
    "sessions": "userkit.features.sessions",
    "throttling": "userkit.features.throttling",
    "LanguageModel": "userkit.ports.language_model",
    "Mailer": "userkit.ports.mail",
    "Message": "userkit.ports.mail",
    "PasswordHasher": "userkit.ports.passwords",
    "Limit": "userkit.ports.rate_limit",
    "RateLimiter": "userkit.ports.rate_limit",
    "KeySet": "userkit.ports.tokens",
    "SigningKey": "userkit.ports.tokens",
    "TokenSettings": "userkit.ports.tokens",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is asked for."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATER[name]), name)
