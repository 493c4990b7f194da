"""Whom the servers know: a few who sign in, and as many others as a measurement wants."""

import uuid
from collections.abc import Sequence
from pathlib import Path

from benchmarks.people import people
from benchmarks.rivals.ours import fill_url
from userkit.features.users import USERS
from userkit.plugins.opening import open_store
from userkit.storage.capabilities import bulk_loadable
from userkit.sync import run as step

__all__ = ["EMAILS", "PASSWORD", "known_to_fastapi_users", "known_to_userkit"]

PASSWORD = "mauve otters juggle teapots"
EMAILS = [f"somebody{number}@example.com" for number in range(5)]


def known_to_userkit(file: Path, encoded: str, *, others: int = 0, emails: Sequence[str] = EMAILS) -> str:
    """Make a database of userkit, and return its URL."""
    url = f"sqlite:///{file}"
    fill_url(url, list(emails), encoded)
    store = open_store(url, blocking=True)
    step(store.prepare([USERS]))
    step(bulk_loadable(store).load(people(others)))
    step(store.close())
    return url


def known_to_fastapi_users(file: Path, encoded: str, *, others: int = 0) -> str:
    """Make a database of fastapi-users, and return its URL."""
    from sqlalchemy import create_engine, insert

    from benchmarks.rivals.over_fastapi_users import Base, User

    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        Base.metadata.create_all(connection)
        everybody = [*EMAILS, *(user.email for user in people(others))]
        connection.execute(insert(User), [_row(email, encoded) for email in everybody])
    engine.dispose()
    return f"sqlite+aiosqlite:///{file}"


def _row(email: str, encoded: str) -> dict[str, object]:
    return {
        "id": uuid.uuid4(),
        "email": email,
        "hashed_password": encoded,
        "is_active": True,
        "is_superuser": False,
        "is_verified": False,
    }
