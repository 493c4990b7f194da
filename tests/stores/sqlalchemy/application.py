"""An application with tables of its own, and sessions of either kind on them."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import ForeignKey, String, create_engine, event
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from tests.stores.sqlalchemy.database import Database
from userkit.backends.sqlalchemy import SQLAlchemyStore, UserRow, metadata
from userkit.features.users import User
from userkit.kernel.clock import utc_now
from userkit.kernel.ids import UUIDv7

T = TypeVar("T")

NOON = datetime(2026, 5, 17, 12, 30, 15, 250000, tzinfo=UTC)

_new_id = UUIDv7(utc_now)


class Base(DeclarativeBase):
    """The application's own tables."""


class Post(Base):
    """Something that a user wrote."""

    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(100))
    author_id: Mapped[str | None] = mapped_column(ForeignKey(UserRow.id))
    author: Mapped[UserRow | None] = relationship(UserRow)


def user(email: str = "ada@example.com", **values: Any) -> User:
    """Return a new user."""
    plain: dict[str, Any] = {"name": "Ada Lovelace", "attributes": {"plan": "pro"}}
    return User(
        id=_new_id(), email=email, email_key=email, created_at=NOON, updated_at=NOON, **{**plain, **values}
    )


@dataclass
class Visit:
    """A session of an application, and a store that joins it."""

    session: Session | AsyncSession
    store: SQLAlchemyStore

    async def do(self, work: Callable[[Session], T]) -> T:
        """Work with the session, in the way of its kind."""
        if isinstance(self.session, AsyncSession):
            return await self.session.run_sync(work)
        return work(self.session)


class Application:
    """Tables of its own and userkit's in one database."""

    def __init__(self, database: Database) -> None:
        """Make the tables."""
        self.database = database
        if database.blocking:
            self._engine = self._sync_engine = create_engine(database.url)
        else:
            self._async_engine = create_async_engine(database.url)
            self._sync_engine = self._async_engine.sync_engine

    def visit(self, story: Callable[[Visit], Coroutine[Any, Any, T]]) -> T:
        """Run a story with a session, which is closed after it without a commit."""
        return self.database.run(self._told(story))

    def close(self) -> None:
        """Let go of the connections."""
        if self.database.blocking:
            self._engine.dispose()
        else:
            self.database.run(self._async_engine.dispose())

    async def _told(self, story: Callable[[Visit], Coroutine[Any, Any, T]]) -> T:
        if self.database.blocking:
            with Session(self._engine) as session:
                return await story(Visit(session, SQLAlchemyStore.from_session(session)))
        async with AsyncSession(self._async_engine) as asynchronous:
            return await story(Visit(asynchronous, SQLAlchemyStore.from_session(asynchronous)))

    def disconnect(self) -> None:
        """Have the server end every connection to the database."""
        server, name = self.database.server, self.database.url.rpartition("/")[2]
        assert server is not None
        if self.database.system == "postgresql":
            end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            server.execute(f"{end} WHERE datname = '{name}'")
        else:
            for (number,) in server.execute(
                f"SELECT id FROM information_schema.processlist WHERE db = '{name}'"
            ):
                server.execute(f"KILL {number}")

    def switch_foreign_keys_on(self) -> None:
        """Have SQLite enforce them, as applications must say themselves."""

        @event.listens_for(self._sync_engine, "connect")
        def switch(connection: Any, _: object) -> None:
            connection.execute("PRAGMA foreign_keys = ON")

        self._sync_engine.dispose()

    def make_tables(self) -> None:
        """Make userkit's tables and the application's."""

        def make(session: Session) -> None:
            for tables in (metadata, Base.metadata):
                tables.create_all(session.connection())
            session.commit()

        async def story(visit: Visit) -> None:
            await visit.do(make)

        self.visit(story)
