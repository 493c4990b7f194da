"""User accounts for any Python application: typed, for any database and any framework.

::

    from userkit import UserKit

    async with UserKit("sqlite:///app.db", secret=SECRET) as kit:
        user = await kit.users.register(email="ada@example.com", name="Ada Lovelace")
"""

from userkit.errors import (
    ConfigurationError,
    DuplicateError,
    EmailAlreadyExistsError,
    InvalidAttributesError,
    InvalidCursorError,
    InvalidEmailError,
    InvalidInputError,
    InvalidNameError,
    NotFoundError,
    StaleError,
    StoreError,
    StoreUnavailableError,
    UserKitError,
    UserNotFoundError,
)
from userkit.feature import Feature, Parts
from userkit.features.users import (
    SyncUsers,
    User,
    UserDeleted,
    UserDisabled,
    UserEnabled,
    UserRegistered,
    UserRepository,
    Users,
    UserUpdated,
)
from userkit.kernel.page import Page
from userkit.kernel.secret import Secret
from userkit.kit import SyncUserKit, UserKit

__all__ = [
    "ConfigurationError",
    "DuplicateError",
    "EmailAlreadyExistsError",
    "Feature",
    "InvalidAttributesError",
    "InvalidCursorError",
    "InvalidEmailError",
    "InvalidInputError",
    "InvalidNameError",
    "NotFoundError",
    "Page",
    "Parts",
    "Secret",
    "StaleError",
    "StoreError",
    "StoreUnavailableError",
    "SyncUserKit",
    "SyncUsers",
    "User",
    "UserDeleted",
    "UserDisabled",
    "UserEnabled",
    "UserKit",
    "UserKitError",
    "UserNotFoundError",
    "UserRegistered",
    "UserRepository",
    "UserUpdated",
    "Users",
]
