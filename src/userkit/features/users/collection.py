"""How users are kept."""

from userkit.features.users.model import User
from userkit.storage.collection import Collection

__all__ = ["USERS"]

USERS = Collection("users", User, unique=("email_key",), search="search_words", cached=True)
