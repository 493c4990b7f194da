"""How roles are kept."""

from userkit.features.roles.model import Administrators, RoleAssignment
from userkit.storage.collection import Collection

__all__ = ["ADMINISTRATORS", "ROLES"]

ROLES = Collection("roles", RoleAssignment, cached=True)
ADMINISTRATORS = Collection("administrators", Administrators, cached=True)
