"""How passwords are kept."""

from userkit.features.passwords.model import PasswordCredential
from userkit.storage.collection import Collection

__all__ = ["PASSWORDS"]

PASSWORDS = Collection("passwords", PasswordCredential)
