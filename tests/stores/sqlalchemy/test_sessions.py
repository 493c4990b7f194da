"""A store on the session of an application: one transaction for its rows and ours."""

from collections.abc import Generator

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.stores.sqlalchemy.application import Application, Post, Visit, user
from tests.stores.sqlalchemy.database import Database, kinds
from userkit.errors import (
    DuplicateError,
    SchemaOutdatedError,
    StaleError,
    StoreError,
    StoreUnavailableError,
    UnsupportedStoreError,
    UsageError,
)
from userkit.features.users import User, UserRepository
from userkit.storage.changes import Add, Remove, Save
from userkit.testing.specimens import COLLECTIONS, Person, person


@pytest.fixture
def bare(database: Database) -> Generator[Application, None, None]:
    """An application that has made no tables yet."""
    application = Application(database)
    yield application
    application.close()


@pytest.fixture
def application(bare: Application) -> Application:
    """An application with its tables and ours."""
    bare.make_tables()
    return bare


def write(title: str, author: User | None = None) -> Post:
    return Post(title=title, author_id=None if author is None else author.id)


async def seen(visit: Visit) -> tuple[set[str], set[str]]:
    """Return the titles of all posts and the addresses of all users."""
    titles = await visit.do(lambda session: set(session.scalars(select(Post.title))))
    return titles, {each.email for each in (await visit.store.find(User)).items}


def test_what_is_committed_is_committed_together(application: Application) -> None:
    """A user and the application's row about them, by the application's commit."""

    async def sign_up(visit: Visit) -> None:
        ada = user()
        await visit.store.commit(Add(ada))
        await visit.do(lambda session: session.add(write("Notes", ada)))
        await visit.do(Session.commit)

    application.visit(sign_up)
    assert application.visit(seen) == ({"Notes"}, {"ada@example.com"})


def test_what_is_rolled_back_takes_ours_away(application: Application) -> None:
    """Nothing of a store is permanent before the application says so."""

    async def change_their_mind(visit: Visit) -> None:
        ada, grace = user(), user("grace@example.com")
        await visit.store.commit(Add(ada))
        await visit.store.commit(Add(grace), Save(ada, ada.evolve(name="Ada King")))
        assert (await visit.store.search(User, "king")).items
        await visit.do(Session.rollback)

    application.visit(change_their_mind)
    assert application.visit(seen) == (set(), set())


def test_what_nobody_commits_is_not_kept(application: Application) -> None:
    """Closing the session is enough, and closing the store does nothing."""

    async def forget_to_commit(visit: Visit) -> None:
        await visit.store.commit(Add(user()))
        await visit.store.close()
        assert len((await visit.store.find(User)).items) == 1

    application.visit(forget_to_commit)
    assert application.visit(seen) == (set(), set())


def test_a_refusal_keeps_the_rows_of_the_application(application: Application) -> None:
    """A taken address, a stale revision and a commit that fails half-way undo only themselves."""

    async def go_on(visit: Visit) -> None:
        ada = user()
        await visit.store.commit(Add(ada))
        await visit.do(lambda session: (session.add(write("First")), session.flush()))
        with pytest.raises(DuplicateError) as refused:
            await visit.store.commit(Add(user()))
        assert refused.value.field == "email_key"
        newer = ada.evolve(name="Ada King")
        with pytest.raises(StaleError):
            await visit.store.commit(Add(user("grace@example.com")), Save(newer, newer.evolve(name="Eve")))
        with pytest.raises(DuplicateError):
            await visit.store.commit(Add(user("eve@example.com")), Add(user()))
        await visit.do(lambda session: session.add(write("Second")))
        await visit.store.commit(Save(ada, newer))
        await visit.do(Session.commit)

    application.visit(go_on)
    assert application.visit(seen) == ({"First", "Second"}, {"ada@example.com"})


def test_the_repository_needs_no_preparation(application: Application) -> None:
    """Users are known to a store on a session at once."""

    async def story(visit: Visit) -> None:
        users = UserRepository(visit.store)
        ada = await users.add(user())
        assert await users.get_by_email("ada@example.com") == ada
        ada = await users.update(ada.evolve(name="Ada King"))
        assert await users.list_all() == (ada,)
        await users.delete(ada.id)
        assert await users.get_by_id(ada.id) is None

    application.visit(story)


def test_preparing_makes_no_tables(application: Application) -> None:
    """It teaches the store other collections; their tables are the application's to make."""

    async def story(visit: Visit) -> None:
        with pytest.raises(UsageError):
            await visit.store.get(Person, person().id)
        await visit.store.prepare(COLLECTIONS)
        with pytest.raises(SchemaOutdatedError, match="db upgrade"):
            await visit.store.get(Person, person().id)

    application.visit(story)


def test_missing_tables_are_said_to_be_missing(bare: Application) -> None:
    """With what to do about it."""

    async def story(visit: Visit) -> None:
        with pytest.raises(SchemaOutdatedError, match="db upgrade"):
            await visit.store.commit(Add(user()))

    bare.visit(story)


def test_a_user_whom_rows_refer_to_is_not_removed(application: Application) -> None:
    """The application's foreign key decides; its transaction goes on."""
    if application.database.system == "sqlite":
        application.switch_foreign_keys_on()

    async def story(visit: Visit) -> None:
        ada = user()
        await visit.store.commit(Add(ada))
        await visit.do(lambda session: (session.add(write("Notes", ada)), session.flush()))
        with pytest.raises(StoreError, match="refer"):
            await visit.store.commit(Remove(ada))
        await visit.do(lambda session: session.execute(text("DELETE FROM posts")))
        await visit.store.commit(Remove(ada))
        await visit.do(Session.commit)

    application.visit(story)
    assert application.visit(seen) == (set(), set())


def test_words_go_with_their_user(application: Application) -> None:
    """Also on SQLite without foreign keys, as applications have it."""

    async def story(visit: Visit) -> int:
        ada = user()
        await visit.store.commit(Add(ada))
        await visit.store.commit(Remove(ada))
        count = select(func.count()).select_from(text("userkit_users_words"))
        return int(await visit.do(lambda session: session.scalar(count)))

    assert application.visit(story) == 0


def test_a_session_that_failed_says_what_to_do(application: Application) -> None:
    """SQLAlchemy wants a rollback then; so do we, in our words."""

    async def story(visit: Visit) -> None:
        def fail(session: Session) -> None:
            session.add(Post(id=1, title="a"))
            session.flush()
            session.expunge_all()
            session.add(Post(id=1, title="b"))
            session.flush()

        with pytest.raises(DBAPIError):
            await visit.do(fail)
        with pytest.raises(UsageError, match="roll"):
            await visit.store.find(User)
        await visit.do(Session.rollback)
        assert not (await visit.store.find(User)).items

    application.visit(story)


@pytest.mark.parametrize("database", kinds("psycopg", "asyncpg", "pymysql", "asyncmy"), indirect=True)
def test_a_lost_transaction_is_not_begun_again(application: Application) -> None:
    """What the application wrote in it is lost as well, so only the application can begin again."""

    async def story(visit: Visit) -> None:
        await visit.do(lambda session: (session.add(write("Lost")), session.flush()))
        application.disconnect()
        with pytest.raises(StoreUnavailableError):
            await visit.store.commit(Add(user()))
        await visit.do(Session.rollback)
        await visit.store.commit(Add(user("grace@example.com")))
        await visit.do(Session.commit)

    application.visit(story)
    assert application.visit(seen) == (set(), {"grace@example.com"})


def test_a_store_on_a_session_says_what_it_is(application: Application) -> None:
    """It blocks where the session does, serves one caller, and migrates nothing."""

    async def story(visit: Visit) -> None:
        assert visit.store.blocking == application.database.blocking
        assert visit.store.concurrency == 1
        with pytest.raises(UnsupportedStoreError):
            visit.store.migrations()

    application.visit(story)


def test_a_realm_of_a_session_is_a_view(application: Application) -> None:
    """The same transaction, another tenant."""

    async def story(visit: Visit) -> None:
        acme = visit.store.realm("acme")
        await acme.commit(Add(user()))
        await visit.store.commit(Add(user()))
        assert len((await acme.find(User)).items) == 1
        await visit.do(Session.rollback)
        assert not (await acme.find(User)).items

    application.visit(story)
