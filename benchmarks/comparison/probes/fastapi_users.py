"""fastapi-users on SQLAlchemy and aiosqlite, with JWT, as in its full example."""

import asyncio
import sys
from collections.abc import AsyncIterator
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import httpx
from fastapi import Depends, FastAPI
from fastapi_users import BaseUserManager, FastAPIUsers, UUIDIDMixin
from fastapi_users.authentication import AuthenticationBackend, BearerTransport, JWTStrategy
from fastapi_users.db import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from fastapi_users.schemas import BaseUser, BaseUserCreate
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from benchmarks.comparison.probing import Application, Reply, behaviour, package, told

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"
LETTERS: dict[str, str] = {}


class Base(DeclarativeBase):
    """The tables."""


class User(SQLAlchemyBaseUserTableUUID, Base):
    """The users."""


class UserManager(UUIDIDMixin, BaseUserManager[User, Any]):
    """What its example makes of it."""

    reset_password_token_secret = SECRET
    verification_token_secret = SECRET

    async def on_after_forgot_password(self, user: User, token: str, request: Any = None) -> None:
        """Keep what the letter would hold."""
        LETTERS[user.email] = token


def _application(sessions: async_sessionmaker[AsyncSession]) -> FastAPI:
    async def get_async_session() -> AsyncIterator[AsyncSession]:
        async with sessions() as session:
            yield session

    async def get_user_db(session: Annotated[AsyncSession, Depends(get_async_session)]) -> AsyncIterator[Any]:
        yield SQLAlchemyUserDatabase(session, User)

    async def get_user_manager(user_db: Annotated[Any, Depends(get_user_db)]) -> AsyncIterator[UserManager]:
        yield UserManager(user_db)

    backend = AuthenticationBackend(
        name="jwt",
        transport=BearerTransport(tokenUrl="auth/jwt/login"),
        get_strategy=lambda: JWTStrategy(secret=SECRET, lifetime_seconds=3600),
    )
    users = FastAPIUsers[User, Any](get_user_manager, [backend])
    app = FastAPI()
    app.include_router(users.get_auth_router(backend), prefix="/auth/jwt")
    app.include_router(users.get_register_router(BaseUser, BaseUserCreate), prefix="/auth")
    app.include_router(users.get_reset_password_router(), prefix="/auth")

    @app.get("/me")
    async def me(user: Annotated[User, Depends(users.current_user(active=True))]) -> str:
        return user.email

    return app


async def _main(folder: Path) -> None:
    engine = create_async_engine(f"sqlite+aiosqlite:///{folder / 'app.db'}", connect_args={"timeout": 60})
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    app = _application(sessions)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=None) as client:

        async def sign_up(email: str, password: str) -> Reply:
            return _reply(await client.post("/auth/register", json={"email": email, "password": password}))

        async def sign_in(email: str, password: str, _: str) -> Reply:
            form = {"username": email, "password": password}
            return _reply(await client.post("/auth/jwt/login", data=form))

        async def who(token: str) -> Reply:
            return _reply(await client.get("/me", headers={"Authorization": f"Bearer {token}"}))

        async def ask(email: str) -> str:
            await client.post("/auth/forgot-password", json={"email": email})
            return LETTERS[email]

        async def reset(token: str, password: str) -> Reply:
            body = {"token": token, "password": password}
            return _reply(await client.post("/auth/reset-password", json=body))

        async def stored(email: str) -> str:
            async with sessions() as session:
                found = await session.scalar(select(User.hashed_password).where(User.email == email))
                return str(found)

        facts = await behaviour(
            Application(
                sign_up=sign_up,
                sign_in=sign_in,
                who=who,
                ask=ask,
                reset=reset,
                stored=stored,
                on_a_loop=True,
            )
        )
    await engine.dispose()
    told({**installed(), **facts})


def installed() -> dict[str, Any]:
    """Return what the installed package says."""
    extras = metadata.metadata("fastapi-users").get_all("Provides-Extra") or ()
    databases = [each for each in extras if each not in ("oauth", "redis")]
    return package("fastapi-users", frameworks=["fastapi"], stores=databases)


def _reply(answer: httpx.Response) -> Reply:
    token = answer.json().get("access_token") if answer.is_success and answer.text.startswith("{") else None
    return Reply(answer.status_code, answer.text, token)


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
