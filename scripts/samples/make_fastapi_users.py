"""Make the sample of fastapi-users, by running it: ``python scripts/samples/make_fastapi_users.py``.

Accounts made by its user manager, with both hashers of pwdlib. Then it signs each of them in itself.
``app.sql`` is the table whole. Needs, as the sample has it::

    pip install "fastapi-users[sqlalchemy]==15.0.5" fastapi-users-db-sqlalchemy==7.0.0 pwdlib==0.3.0 \
        aiosqlite==0.22.1
"""

# ruff: noqa: S105, T201  # it writes passwords that protect nothing, and says what it did

import asyncio
import csv
import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi.security import OAuth2PasswordRequestForm
from fastapi_users import BaseUserManager, UUIDIDMixin
from fastapi_users.db import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from fastapi_users.password import PasswordHelper
from fastapi_users.schemas import BaseUserCreate
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.schema import CreateTable

PASSWORD = "correct horse battery staple"
SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"
SAMPLE = Path(__file__).parents[2] / "tests" / "importing" / "samples" / "fastapi_users"
# The address, the hasher, and whether the account is open, a superuser's and verified.
PEOPLE = (
    ("ada@example.com", Argon2Hasher(), True, False, True),
    ("Grace@example.com", Argon2Hasher(), True, True, False),
    ("edsger@example.com", Argon2Hasher(), False, False, False),
    ("barbara@example.com", BcryptHasher(), True, False, True),
)


class Base(DeclarativeBase):
    """The tables."""


class User(SQLAlchemyBaseUserTableUUID, Base):
    """The users."""


class UserManager(UUIDIDMixin, BaseUserManager[User, Any]):
    """The manager of its full example."""

    reset_password_token_secret = SECRET
    verification_token_secret = SECRET


async def _main() -> None:
    engine = create_async_engine("sqlite+aiosqlite://")
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with async_sessionmaker(engine, expire_on_commit=False)() as session:
        database: Any = SQLAlchemyUserDatabase(session, User)
        for email, hasher, active, superuser, verified in PEOPLE:
            manager = UserManager(database, PasswordHelper(PasswordHash((hasher,))))
            await manager.create(
                BaseUserCreate(
                    email=email,
                    password=PASSWORD,
                    is_active=active,
                    is_superuser=superuser,
                    is_verified=verified,
                )
            )
        rows = [dict(row) for row in (await session.execute(text('SELECT * FROM "user"'))).mappings()]
        whole = await (await session.connection()).run_sync(_dump)
        SAMPLE.mkdir(parents=True, exist_ok=True)
        _write(rows)
        (SAMPLE / "app.sql").write_text(whole, "utf-8")
        await _check(database)
    await engine.dispose()
    print(f"fastapi-users {version('fastapi-users')} has written and checked {len(rows)} accounts.")


def _dump(connection: Connection) -> str:
    table = CreateTable(User.__table__).compile(connection)
    rows = connection.execute(text('SELECT * FROM "user"')).all()
    lines = [f"INSERT INTO user VALUES({', '.join(map(repr, row))});" for row in rows]
    return f"{str(table).strip()};\n" + "\n".join(lines) + "\n"


async def _check(database: Any) -> None:
    """Have fastapi-users sign in everybody, with the hashers that it comes with."""
    for email, *_ in PEOPLE:
        form = OAuth2PasswordRequestForm(username=email, password=PASSWORD)
        if await UserManager(database).authenticate(form) is None:
            sys.exit(f"fastapi-users does not accept the password of {email}.")


def _write(rows: list[dict[str, Any]]) -> None:
    with (SAMPLE / "user.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    lines = [json.dumps(row, default=str) + "\n" for row in rows]
    (SAMPLE / "user.jsonl").write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    asyncio.run(_main())
