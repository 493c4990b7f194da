"""Users: register, read, list, search, rename, disable, delete."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from userkit.feature import Feature, Parts
from userkit.features.users.attributes import AttributesModel, AttributesRule
from userkit.features.users.collection import USERS
from userkit.features.users.disclosing import ExportSubject, SubjectRecord
from userkit.features.users.events import (
    UserDeleted,
    UserDisabled,
    UserEnabled,
    UserErased,
    UserRegistered,
    UserUpdated,
)
from userkit.features.users.model import User
from userkit.features.users.offer import SyncUsers, Users
from userkit.features.users.repository import UserRepository
from userkit.storage.disclosure import Disclosure

if TYPE_CHECKING:
    from userkit.http.route import AnyRoute

__all__ = [
    "USERS",
    "ExportSubject",
    "SubjectRecord",
    "SyncUsers",
    "User",
    "UserDeleted",
    "UserDisabled",
    "UserEnabled",
    "UserErased",
    "UserRegistered",
    "UserRepository",
    "UserUpdated",
    "Users",
    "users",
]

_SHOWN = (
    "id",
    "email",
    "email_verified_at",
    "name",
    "disabled_at",
    "attributes",
    "created_at",
    "updated_at",
)


def users(*, attributes: AttributesModel | None = None) -> Feature[Users, SyncUsers]:
    """Return the feature.

    - ``attributes``: a pydantic model that the users' attributes must meet; None takes any JSON.
    """
    rule = AttributesRule(attributes)

    def build(parts: Parts) -> Users:
        parts.disclose["users"] = Disclosure(parts.store, User, _SHOWN, by="id")
        return Users.build(parts, rule)

    return Feature(name="users", collections=(USERS,), build=build, mirror=SyncUsers, routes=_routes)


def _routes(users: Users) -> "Sequence[AnyRoute]":
    from userkit.features.users.routes import routes

    return routes(users)
