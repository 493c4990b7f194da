"""Users: register, read, list, search, rename, disable, delete."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from userkit.feature import Feature, Parts
from userkit.features.users.attributes import AttributesModel, AttributesRule
from userkit.features.users.collection import USERS
from userkit.features.users.events import (
    UserDeleted,
    UserDisabled,
    UserEnabled,
    UserRegistered,
    UserUpdated,
)
from userkit.features.users.model import User
from userkit.features.users.offer import SyncUsers, Users
from userkit.features.users.repository import UserRepository

if TYPE_CHECKING:
    from userkit.http.route import AnyRoute

__all__ = [
    "USERS",
    "SyncUsers",
    "User",
    "UserDeleted",
    "UserDisabled",
    "UserEnabled",
    "UserRegistered",
    "UserRepository",
    "UserUpdated",
    "Users",
    "users",
]


def users(*, attributes: AttributesModel | None = None) -> Feature[Users, SyncUsers]:
    """Return the feature.

    - ``attributes``: a pydantic model that the users' attributes must meet; None takes any JSON.
    """
    rule = AttributesRule(attributes)

    def build(parts: Parts) -> Users:
        return Users.build(parts, rule)

    return Feature(name="users", collections=(USERS,), build=build, mirror=SyncUsers, routes=_routes)


def _routes(users: Users) -> "Sequence[AnyRoute]":
    from userkit.features.users.routes import routes

    return routes(users)
