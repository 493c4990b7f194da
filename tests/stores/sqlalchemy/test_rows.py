"""Users as rows of the application's own queries."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session, joinedload

from tests.stores.sqlalchemy.application import NOON, Application, Post, Visit, user
from tests.stores.sqlalchemy.database import Database
from userkit.backends.sqlalchemy import UserRow
from userkit.storage.changes import Add, Save


@pytest.fixture
def application(database: Database) -> Generator[Application, None, None]:
    """An application with its tables and ours."""
    application = Application(database)
    application.make_tables()
    yield application
    application.close()


def test_a_relationship_leads_to_the_user(application: Application) -> None:
    """From the application's row by its foreign key, loaded in one query."""

    async def story(visit: Visit) -> None:
        ada = user()
        await visit.store.commit(Add(ada))

        def read(session: Session) -> None:
            session.add(Post(title="Notes", author_id=ada.id))
            session.flush()
            session.expire_all()
            post = session.scalars(select(Post).options(joinedload(Post.author))).one()
            assert post.author is not None
            assert (post.author.id, post.author.name) == (ada.id, "Ada Lovelace")

        await visit.do(read)

    application.visit(story)


def test_a_row_holds_what_the_entity_holds(application: Application) -> None:
    """Text for ids, UTC for times, mappings for JSON."""

    async def story(visit: Visit) -> None:
        ada = user(attributes={"plan": "pro", "seats": [1, 2]})
        await visit.store.commit(Add(ada))
        row = await visit.do(lambda session: session.get_one(UserRow, ada.id))
        assert (row.id, row.realm, row.schema, row.version) == (ada.id, "default", 1, 1)
        assert (row.email, row.email_key, row.name) == (ada.email, ada.email_key, ada.name)
        assert (row.attributes, row.disabled_at) == ({"plan": "pro", "seats": [1, 2]}, None)
        assert (row.session_epoch, row.claimed_epoch) == (0, 0)
        assert (row.spared_session, row.spared_since) == (None, 0)
        assert row.created_at == NOON
        assert row.created_at.tzinfo is UTC
        assert repr(row) == f"UserRow(id={ada.id!r})"

    application.visit(story)


def test_rows_are_found_by_time(application: Application) -> None:
    """Any aware time compares rightly; one without a zone is refused."""

    async def story(visit: Visit) -> None:
        await visit.store.commit(Add(user()))

        def since(session: Session, moment: datetime) -> int:
            return len(session.scalars(select(UserRow).where(UserRow.created_at >= moment)).all())

        assert await visit.do(lambda session: since(session, NOON)) == 1
        assert await visit.do(lambda session: since(session, NOON + timedelta(milliseconds=1))) == 0
        with pytest.raises(StatementError, match="zone"):
            await visit.do(lambda session: since(session, NOON.replace(tzinfo=None)))

    application.visit(story)


def test_reports_join_in_sql(application: Application) -> None:
    """Columns, joins and JSON operators, as with any table."""

    async def story(visit: Visit) -> None:
        ada, grace = user(), user("grace@example.com", name="Grace Hopper")
        await visit.store.commit(Add(ada), Add(grace))
        await visit.store.commit(Save(grace, grace.evolve(attributes={"plan": "free"})))

        def report(session: Session) -> list[tuple[str, str]]:
            session.add_all([Post(title="Notes", author_id=ada.id), Post(title="Bugs", author_id=grace.id)])
            session.flush()
            query = select(UserRow.name, Post.title).join(Post, Post.author_id == UserRow.id)
            paying = query.where(UserRow.attributes["plan"].as_string() == "pro")
            return [tuple(row) for row in session.execute(paying)]

        assert await visit.do(report) == [("Ada Lovelace", "Notes")]

    application.visit(story)
