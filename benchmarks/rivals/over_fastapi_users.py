"""fastapi-users on SQLAlchemy and aiosqlite, with JWT, as in its full example; only the hash cost is set."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx
from fastapi import Depends, FastAPI
from fastapi_users import BaseUserManager, FastAPIUsers, UUIDIDMixin
from fastapi_users.authentication import AuthenticationBackend, BearerTransport, JWTStrategy
from fastapi_users.db import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from fastapi_users.password import PasswordHelper
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

__all__ = ["Base", "User", "application", "current_user", "fastapi_users"]

_SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"


class Base(DeclarativeBase):
    """The tables."""


class User(SQLAlchemyBaseUserTableUUID, Base):
    """The users."""


class UserManager(UUIDIDMixin, BaseUserManager[User, Any]):
    """What its example makes of it."""

    reset_password_token_secret = _SECRET
    verification_token_secret = _SECRET


@asynccontextmanager
async def fastapi_users(
    folder: Path, emails: list[str], password: str, encoded: str, costs: dict[str, int]
) -> AsyncIterator[Callable[[int], Awaitable[None]]]:
    """Yield what signs in the person of a number, through HTTP in the process."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{folder / 'fastapi-users.db'}")
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with sessions() as session:
        session.add_all(User(email=email, hashed_password=encoded) for email in emails)
        await session.commit()
    app, _ = application(sessions, costs)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=None) as client:

        async def sign_in(number: int) -> None:
            form = {"username": emails[number], "password": password}
            answer = await client.post("/auth/jwt/login", data=form)
            assert answer.status_code == 200, answer.text

        yield sign_in
    await engine.dispose()


def application(
    sessions: async_sessionmaker[AsyncSession], costs: dict[str, int], **settings: Any
) -> tuple[FastAPI, FastAPIUsers[User, Any]]:
    """Return an application where people sign in, and what guards its routes."""
    helper = PasswordHelper(PasswordHash((Argon2Hasher(**costs),)))

    async def get_async_session() -> AsyncIterator[AsyncSession]:
        async with sessions() as session:
            yield session

    async def get_user_db(session: Annotated[AsyncSession, Depends(get_async_session)]) -> AsyncIterator[Any]:
        yield SQLAlchemyUserDatabase(session, User)

    async def get_user_manager(user_db: Annotated[Any, Depends(get_user_db)]) -> AsyncIterator[UserManager]:
        yield UserManager(user_db, helper)

    backend = AuthenticationBackend(
        name="jwt",
        transport=BearerTransport(tokenUrl="auth/jwt/login"),
        get_strategy=lambda: JWTStrategy(secret=_SECRET, lifetime_seconds=3600),
    )
    users = FastAPIUsers[User, Any](get_user_manager, [backend])
    app = FastAPI(**settings)
    app.include_router(users.get_auth_router(backend), prefix="/auth/jwt")
    return app, users


def current_user(users: FastAPIUsers[User, Any]) -> Any:
    """Return the dependency that its documentation guards routes with."""
    return users.current_user(active=True)
