"""Tables: made where they are missing, checked where they are there."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from sqlalchemy import Connection, inspect

from tests.stores.sqlalchemy.database import Database, kinds
from userkit.backends.sqlalchemy.opening import open_url
from userkit.errors import InvalidEntityError, SchemaOutdatedError, UnsupportedStoreError
from userkit.features.users.collection import USERS
from userkit.kernel.entity import Entity
from userkit.storage.changes import Add, Save
from userkit.storage.collection import Collection
from userkit.sync import run
from userkit.testing.specimens import (
    COLLECTIONS,
    NEW_NOTES,
    OLD_NOTES,
    TICKETS,
    NewNote,
    OldNote,
    Ticket,
    new_id,
    ticket,
)


def indexes(connection: Connection) -> set[str | None]:
    return {each["name"] for each in inspect(connection).get_indexes("userkit_specimen_tickets")}


def test_tables_and_indexes_are_named_after_what_they_are(database: Database) -> None:
    """So that migrations and people can refer to them."""
    store = database.open()
    database.run(store.prepare([TICKETS]))

    def look(connection: Connection) -> None:
        inspector = inspect(connection)
        unique = inspector.get_unique_constraints("userkit_specimen_tickets")
        assert [each["name"] for each in unique] == ["uq_userkit_specimen_tickets_realm_code"]
        assert indexes(connection) >= {
            "ix_userkit_specimen_tickets_realm_id",
            "ix_userkit_specimen_tickets_realm_holder_id",
            "ix_userkit_specimen_tickets_realm_expires_at",
        }
        if database.system != "mariadb":
            assert (
                inspector.get_pk_constraint("userkit_specimen_tickets")["name"]
                == "pk_userkit_specimen_tickets"
            )

    database.below(store, look)


def test_what_is_missing_is_made(database: Database) -> None:
    """An index that somebody dropped comes back; the rows stay."""
    store = database.open()
    database.run(store.prepare([TICKETS]))
    database.run(store.commit(Add(kept := ticket())))
    name = "ix_userkit_specimen_tickets_realm_holder_id"
    table = " ON userkit_specimen_tickets" if database.system == "mariadb" else ""
    database.below(store, lambda it: it.exec_driver_sql(f"DROP INDEX {name}{table}"))
    again = database.open()
    with pytest.raises(SchemaOutdatedError, match=name):
        database.run(again.prepare([TICKETS], create=False))
    database.run(again.prepare([TICKETS]))
    assert name in database.below(again, indexes)
    assert database.run(again.get(Ticket, kept.id)) == kept


def test_checking_makes_nothing(database: Database) -> None:
    """It names what is missing and says what to do; migrations know the built-in features alone."""
    store = database.open()
    with pytest.raises(SchemaOutdatedError, match=r"userkit_specimen_tickets.*prepare=True"):
        database.run(store.prepare([TICKETS], create=False))
    with pytest.raises(SchemaOutdatedError, match=r"userkit_users.*userkit db upgrade"):
        database.run(store.prepare([USERS, TICKETS], create=False))
    assert database.below(store, lambda it: inspect(it).get_table_names()) == []


def test_a_table_that_lacks_a_column_is_out_of_date(database: Database) -> None:
    """Creating tables does not change those that are there."""
    store = database.open()
    database.run(store.prepare([TICKETS]))
    drop = "ALTER TABLE userkit_specimen_tickets DROP COLUMN version"
    database.below(store, lambda it: it.exec_driver_sql(drop))
    for create in (True, False):
        with pytest.raises(SchemaOutdatedError, match=r"lacks version; run `userkit db upgrade`"):
            database.run(database.open().prepare([TICKETS], create=create))


@pytest.mark.parametrize("database", kinds("psycopg", "pymysql"), indirect=True)
def test_a_table_that_lacks_uniqueness_is_out_of_date(database: Database) -> None:
    """Without it a store would keep no promise about duplicates."""
    store = database.open()
    database.run(store.prepare([TICKETS]))
    name = "uq_userkit_specimen_tickets_realm_code"
    how = "DROP INDEX" if database.system == "mariadb" else "DROP CONSTRAINT"
    database.below(store, lambda it: it.exec_driver_sql(f"ALTER TABLE userkit_specimen_tickets {how} {name}"))
    with pytest.raises(SchemaOutdatedError, match=name):
        database.run(database.open().prepare([TICKETS]))


def prepare(url: str) -> int:
    """Prepare with several stores at once; the return value tells that none failed."""

    def once(_: int) -> None:
        store = open_url(url, blocking=True)
        run(store.prepare(COLLECTIONS))
        run(store.close())

    with ThreadPoolExecutor(4) as threads:
        return len(list(threads.map(once, range(4))))


@pytest.mark.parametrize("database", kinds("sqlite", "psycopg", "pymysql"), indirect=True)
def test_processes_may_prepare_one_database_at_the_same_time(database: Database) -> None:
    """From nothing; all of them succeed, and it is made once."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as processes:
        assert list(processes.map(prepare, [database.url] * 2)) == [4, 4]
    store = database.open()
    database.run(store.prepare(COLLECTIONS, create=False))


@pytest.mark.parametrize("database", kinds("psycopg"), indirect=True)
def test_a_database_in_another_encoding_is_refused(database: Database) -> None:
    """It could not hold everybody's name."""
    assert database.server is not None
    name = f"{database.url.rpartition('/')[2]}_latin"
    options = "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    database.server.execute(f"CREATE DATABASE {name} {options}")
    store = database.keep(open_url(f"{database.url}_latin", blocking=True))
    with pytest.raises(UnsupportedStoreError, match="UTF8"):
        database.run(store.prepare([TICKETS]))


def test_old_rows_are_read_in_the_new_form(database: Database) -> None:
    """And a save writes all of it anew, so that no field stays behind in the old form."""
    old = database.open()
    database.run(old.prepare([OLD_NOTES]))
    note = OldNote(id=new_id(), text="buy milk")
    database.run(old.commit(Add(note)))
    new = database.open()
    database.run(new.prepare([NEW_NOTES]))
    read = database.run(new.get(NewNote, note.id))
    assert read is not None
    assert read.text == "BUY MILK"
    database.run(new.commit(Save(read, read.evolve())))
    row = database.below(
        new, lambda it: it.exec_driver_sql("SELECT text, version FROM userkit_specimen_notes").one()
    )
    assert tuple(row) == ("BUY MILK", 2)
    assert database.run(new.get(NewNote, note.id)) == read.evolve()


@dataclass(frozen=True, slots=True, kw_only=True)
class Early(Entity):
    """A thing as it was."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Late(Entity):
    """The same with a field more."""

    name: str
    colour: str = "grey"


def test_a_column_added_later_is_read_as_the_default(database: Database) -> None:
    """Old rows have nothing there; the field says what that means."""
    store = database.open()
    database.run(store.prepare([Collection("things", Early)]))
    database.run(store.commit(Add(early := Early(id=new_id(), name="chair"))))
    database.below(
        store, lambda it: it.exec_driver_sql("ALTER TABLE userkit_things ADD COLUMN colour VARCHAR(20)")
    )
    later = database.open()
    database.run(later.prepare([Collection("things", Late)]))
    assert database.run(later.get(Late, early.id)) == Late(id=early.id, name="chair")


def test_what_this_version_does_not_know_is_not_guessed(database: Database) -> None:
    """An enumeration may have grown in a newer one."""
    from userkit.testing.specimens import PERSONS, Person, person

    store = database.open()
    database.run(store.prepare([PERSONS]))
    database.run(store.commit(Add(ada := person())))
    database.below(
        store, lambda it: it.exec_driver_sql("UPDATE userkit_specimen_persons SET mood = 'hungry'")
    )
    with pytest.raises(InvalidEntityError):
        database.run(store.get(Person, ada.id))
