"""The formats that can be imported, each in a module of its own."""

from collections.abc import Mapping

from userkit.importing.formats import csv, django, fastapi_users, jsonl
from userkit.importing.reading import Reader

__all__ = ["FORMATS"]

FORMATS: Mapping[str, Reader] = {
    "csv": csv.read,
    "jsonl": jsonl.read,
    "django": django.read,
    "fastapi-users": fastapi_users.read,
}
"""How to read each format, by its name."""
