"""A kit on the session of an application: what people do, in its transaction."""

from collections.abc import Generator
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.stores.sqlalchemy.application import Application, Post, Visit
from tests.stores.sqlalchemy.database import Database
from userkit import EmailAlreadyExistsError, SyncUserKit, UserKit
from userkit.backends.mail import MemoryMailer
from userkit.backends.sqlalchemy import metadata
from userkit.testing import InstantHasher

EMAIL = "ada@example.com"
PASSWORD = "mauve otters juggle teapots"


@pytest.fixture
def application(database: Database) -> Generator[Application, None, None]:
    """An application with its tables and ours."""
    application = Application(database)
    application.make_tables()
    yield application
    application.close()


class Desk:
    """A kit of an application; what it does is called alike in both kinds."""

    def __init__(self, application: Application) -> None:
        """Make a kit over a store of its own."""
        self.database = application.database
        self.mailer = MemoryMailer()
        kind: Any = SyncUserKit if self.database.blocking else UserKit
        self.kit = kind(
            self.database.open(),
            secret="p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B",
            hasher=InstantHasher(),
            mailer=self.mailer,
            base_url="https://app.example",
            relay=False,
        )

    async def done(self, result: Any) -> Any:
        """Return a result, which an asynchronous kit has one wait for."""
        return result if self.database.blocking else await result

    async def join(self, visit: Visit) -> Any:
        """Return the kit in the transaction of a session."""
        return await self.done(self.kit.with_store(visit.store))

    async def sign_up(self, visit: Visit) -> None:
        """Write a user with a password and a row of the application, and commit neither."""
        joined = await self.join(visit)
        ada = await self.done(joined.users.register(email=EMAIL, name="Ada Lovelace", password=PASSWORD))
        await self.done(joined.email_verification.request(ada.id))
        await self.done(joined.sessions.sign_in(email=EMAIL, password=PASSWORD))
        await visit.do(lambda session: session.add(Post(title="Notes", author_id=ada.id)))
        with pytest.raises(EmailAlreadyExistsError):
            await self.done(joined.users.register(email=EMAIL, name="Eve", password=PASSWORD))
        await visit.do(Session.flush)


@pytest.fixture
def desk(application: Application) -> Generator[Desk, None, None]:
    """A kit that was entered."""
    desk = Desk(application)
    application.database.run(desk.done(desk.kit.open()))
    yield desk
    application.database.run(desk.done(desk.kit.close()))


async def filled(visit: Visit) -> set[str]:
    """Return the names of the tables in which there is anything."""

    def look(session: Session) -> set[str]:
        tables = [*metadata.sorted_tables, *Post.metadata.sorted_tables]
        return {table.name for table in tables if session.scalar(select(func.count()).select_from(table))}

    return await visit.do(look)


def test_a_rollback_takes_back_all_that_was_done(application: Application, desk: Desk) -> None:
    """The user, the password, the session, the letter, the trail and what was counted."""

    async def change_their_mind(visit: Visit) -> set[str]:
        await desk.sign_up(visit)
        written = await filled(visit)
        await visit.do(Session.rollback)
        return written

    assert application.visit(change_their_mind) >= {
        "posts",
        "userkit_audit",
        "userkit_outbox",
        "userkit_passwords",
        "userkit_rate_limits",
        "userkit_sessions",
        "userkit_users",
        "userkit_users_words",
    }
    assert application.visit(filled) == set()
    application.database.run(desk.done(desk.kit.outbox.deliver()))
    assert desk.mailer.sent == []


def test_a_commit_keeps_all_that_was_done(application: Application, desk: Desk) -> None:
    """Who was registered in it signs in with the kit itself afterwards, and gets the letter."""

    async def sign_up(visit: Visit) -> None:
        await desk.sign_up(visit)
        await visit.do(Session.commit)

    application.visit(sign_up)

    async def afterwards() -> None:
        await desk.done(desk.kit.outbox.deliver())
        await desk.done(desk.kit.sessions.sign_in(email=EMAIL, password=PASSWORD))

    application.database.run(afterwards())
    assert {message.to for message in desk.mailer.sent} == {EMAIL}
    assert "posts" in application.visit(filled)
