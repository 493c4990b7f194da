"""The formats that can be imported, each in a module of its own."""

from collections.abc import Mapping

from userkit.importing.formats import (
    auth0,
    cognito,
    csv,
    django,
    fastapi_users,
    firebase,
    flask_security,
    jsonl,
    keycloak,
)
from userkit.importing.reading import Reader

__all__ = ["FORMATS"]

FORMATS: Mapping[str, Reader] = {
    "csv": csv.read,
    "jsonl": jsonl.read,
    "django": django.read,
    "flask-security": flask_security.read,
    "fastapi-users": fastapi_users.read,
    "auth0": auth0.read,
    "firebase": firebase.read,
    "cognito": cognito.read,
    "keycloak": keycloak.read,
}
"""How to read each format, by its name."""
