"""Tables without a version row are recognised by what they are, and upgraded from there or refused."""

import pytest

from tests.migrations.database import ADA, NEWEST, Database
from userkit.errors import ConfigurationError, SchemaOutdatedError

BADGES = "DROP TABLE userkit_badges"


def at(database: Database, revision: str) -> None:
    """Bring the tables of the tests to a revision, with a user in them, and keep the version row."""
    database.migrations().upgrade()
    database.add_ada()
    migrations = database.migrations(of_tests=True)
    while (migrations.current().revision or "") < revision:
        migrations._advance()


def nicknames(database: Database) -> list[tuple[str]]:
    return database.rows("SELECT nickname FROM userkit_users")


def words(database: Database) -> list[tuple[str]]:
    return database.rows("SELECT word FROM userkit_users_words ORDER BY word")


def test_an_empty_database_has_everything_before_it(database: Database) -> None:
    """Nothing is recorded, nothing is recognised, nothing stands in the way."""
    state = database.migrations(of_tests=True).current()
    assert (state.revision, state.recognised, state.head, state.obstacles) == (None, None, "9003", ())
    assert [each.id for each in state.pending] == ["0001", "0002", "9001", "9002", "9003"]
    assert state.pending[2].summary == "Give everybody a nickname, which is the name so far."


def test_tables_that_a_kit_made_are_upgraded_from_their_base(database: Database) -> None:
    """Every row and every search word is still there, and the later revisions did their work."""
    database.create()
    database.add_ada()
    migrations = database.migrations(of_tests=True)
    before = migrations.current()
    assert (before.revision, before.recognised) == (None, NEWEST)
    assert [each.id for each in before.pending] == ["9001", "9002", "9003"]
    after = migrations.upgrade()
    assert (after.revision, after.recognised, after.pending) == ("9003", None, ())
    assert migrations.check() == []
    assert nicknames(database) == [("ADA",)]
    assert words(database) == [("ada",), ("ada@example.com",)]


def test_recorded_tables_are_upgraded_from_their_record(database: Database) -> None:
    """The row decides; what comes out is the same."""
    at(database, NEWEST)
    assert database.migrations(of_tests=True).upgrade().revision == "9003"
    assert (nicknames(database), words(database)) == ([("ADA",)], [("ada",), ("ada@example.com",)])
    assert database.migrations(of_tests=True).check() == []


def test_upgrading_again_changes_nothing(database: Database) -> None:
    """An upgrade at every start is harmless."""
    at(database, "9003")
    before = database.catalogue()
    database.run("UPDATE userkit_users SET nickname = 'low'")
    assert database.migrations(of_tests=True).upgrade().revision == "9003"
    assert (database.catalogue(), nicknames(database)) == (before, [("low",)])


def test_a_later_revision_is_recognised(database: Database) -> None:
    """What is recognised as 9001 does not get the nicknames of 9001 again."""
    at(database, "9001")
    database.run("UPDATE userkit_users SET nickname = 'countess'")
    database.forget()
    migrations = database.migrations(of_tests=True)
    assert migrations.current().recognised == "9001"
    assert migrations.upgrade().revision == "9003"
    assert nicknames(database) == [("COUNTESS",)]


def test_a_revision_that_leaves_no_mark_is_run_rather_than_passed_over(database: Database) -> None:
    """9002 changes data only. Tables after it look like those before it, so it is run again."""
    at(database, "9002")
    database.forget()
    assert [each.id for each in database.migrations(of_tests=True).current().pending] == ["9002", "9003"]


@pytest.mark.parametrize(
    ("change", "tells"),
    [
        ("ALTER TABLE userkit_users ADD COLUMN nickname VARCHAR(10)", "nickname"),
        (
            "CREATE INDEX ix_userkit_users_realm_nickname ON userkit_users (realm)",
            "ix_userkit_users_realm_nickname",
        ),
        ("ALTER TABLE userkit_users DROP COLUMN disabled_at", "userkit_users has no column disabled_at."),
        ("DROP TABLE userkit_users_words", "There is no table userkit_users_words."),
        ("CREATE TABLE userkit_badges (id INTEGER)", "userkit_badges"),
    ],
)
def test_what_is_in_between_is_refused(database: Database, change: str, tells: str) -> None:
    """A step that was begun, or half of the tables: it is named, and nothing is changed."""
    database.create()
    database.run(change)
    migrations = database.migrations(of_tests=True)
    state, catalogue = migrations.current(), database.catalogue()
    assert (state.at, state.pending) == (None, ())
    assert any(tells in obstacle for obstacle in state.obstacles)
    for act in (migrations.upgrade, migrations.sql):
        with pytest.raises(SchemaOutdatedError, match=r"Nothing was changed\.") as caught:
            act()
        assert tells in caught.value.detail
    assert database.catalogue() == catalogue


def test_somebody_elses_table_is_refused(database: Database) -> None:
    """A table of the same name is not ours for it."""
    database.run("CREATE TABLE userkit_users (id INTEGER PRIMARY KEY, email VARCHAR(100))")
    catalogue = database.catalogue()
    with pytest.raises(SchemaOutdatedError, match="userkit_users has no column realm") as caught:
        database.migrations().upgrade()
    assert "more." in caught.value.detail
    assert database.catalogue() == catalogue


def test_a_view_is_no_table(database: Database) -> None:
    """It has the columns, perhaps, and none of the constraints."""
    database.create()
    database.run(
        "ALTER TABLE userkit_users_words RENAME TO others",
        "CREATE VIEW userkit_users_words AS SELECT * FROM others",
    )
    assert database.migrations().current().obstacles
    with pytest.raises(SchemaOutdatedError):
        database.migrations().upgrade()


def test_a_row_without_its_tables_is_refused(database: Database) -> None:
    """Who dropped the tables must say so in the version table as well."""
    database.migrations().upgrade()
    database.run("DROP TABLE userkit_users_words", "DROP TABLE userkit_users")
    assert database.migrations().current().obstacles
    with pytest.raises(SchemaOutdatedError, match=f"says {NEWEST}, but tables are gone"):
        database.migrations().upgrade()
    database.run("DELETE FROM userkit_alembic_version")
    assert database.migrations().upgrade().revision == NEWEST


def test_a_revision_of_a_newer_userkit_is_not_guessed_at(database: Database) -> None:
    """Nothing is looked at or changed, whatever the tables look like."""
    database.migrations(of_tests=True).upgrade()
    migrations = database.migrations()
    for act in (migrations.current, migrations.upgrade, migrations.sql):
        with pytest.raises(ConfigurationError, match="says 9003, which this userkit does not know"):
            act()


def test_an_empty_version_table_says_nothing(database: Database) -> None:
    """An upgrade that was interrupted on MariaDB leaves one; the tables decide."""
    database.migrations().upgrade()
    database.run("DELETE FROM userkit_alembic_version")
    assert database.migrations().current().recognised == NEWEST
    database.by_hand(database.migrations().sql())
    assert database.migrations().current().revision == NEWEST


def test_a_table_that_a_newer_kit_made_early_is_kept(database: Database) -> None:
    """With 9002 recorded, the kit of 9003 was entered before the upgrade: its table may have rows."""
    at(database, "9003")
    badge = f"INSERT INTO userkit_badges VALUES ('{ADA['id']}', 'default', 'first')"
    database.run("UPDATE userkit_alembic_version SET version_num = '9002'", badge)
    assert database.migrations(of_tests=True).upgrade().revision == "9003"
    assert database.rows("SELECT title FROM userkit_badges") == [("first",)]


def test_another_table_of_the_name_is_not_kept(database: Database) -> None:
    """The revision that would create it is refused, and the version stays."""
    at(database, "9002")
    database.run("CREATE TABLE userkit_badges (id INTEGER)")
    with pytest.raises(SchemaOutdatedError, match="There is another table userkit_badges already"):
        database.migrations(of_tests=True).upgrade()
    assert database.migrations(of_tests=True).current().revision == "9002"


def test_tables_that_no_kit_needed_yet_are_made(database: Database) -> None:
    """A kit creates the tables of its own features only; an upgrade adds the others."""
    at(database, "9003")
    database.forget()
    database.run("DROP TABLE userkit_users_words", "DROP TABLE userkit_users")
    migrations = database.migrations(of_tests=True)
    assert (migrations.current().recognised, migrations.current().pending) == ("9003", ())
    assert migrations.check()[0] == "There is no table userkit_users."
    database.by_hand(migrations.sql())
    assert migrations.check() == []
    assert migrations.current().revision == "9003"


def test_of_two_revisions_that_match_the_complete_one_wins(database: Database) -> None:
    """Without badges the tables are those of 9001, and 9003 is run as it should be."""
    at(database, "9003")
    database.forget()
    database.run(BADGES)
    assert database.migrations(of_tests=True).current().recognised == "9001"
