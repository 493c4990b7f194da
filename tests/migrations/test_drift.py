"""A check names in a sentence whatever differs, and recognition refuses the same."""

import re
from dataclasses import dataclass

import pytest

from tests.migrations.database import KINDS, NEWEST, Database, on
from userkit.backends.sqlalchemy import metadata
from userkit.errors import SchemaOutdatedError

MARIADB_EXACT = "CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"


@dataclass(frozen=True)
class Drift:
    """What is written instead of what in the SQL of the tables, and what a check says then."""

    pattern: str
    instead: str
    says: tuple[str, ...]
    only: str | None = None


DRIFTS = {
    "a dropped index": Drift(
        r"CREATE INDEX ix_userkit_users_realm_id .*;",
        "",
        ("userkit_users has no index ix_userkit_users_realm_id on (realm, id).",),
    ),
    "an index on other columns": Drift(
        r"ON userkit_users_words \(id, word\)",
        "ON userkit_users_words (id)",
        ("userkit_users_words has no index ix_userkit_users_words_id_word on (id, word).",),
    ),
    "a missing column": Drift(r"disabled_at .*,", "", ("userkit_users has no column disabled_at.",)),
    "a missing default": Drift(
        " DEFAULT '0'",
        "",
        ("userkit_outbox.attempts has no default, and should.",),
    ),
    "a changed type": Drift(
        r"email_key VARCHAR\(255\)", "email_key VARCHAR(100)", (r"userkit_users.email_key is VARCHAR(100)",)
    ),
    "a NULL more": Drift(
        r"(created_at .*) NOT NULL", r"\1 NULL", ("userkit_users.created_at may be NULL, and should not.",)
    ),
    "a NULL less": Drift(
        r"(disabled_at .*),",
        r"\1 NOT NULL,",
        ("userkit_users.disabled_at must not be NULL, and should be allowed to.",),
    ),
    "a column that must not be NULL": Drift(
        "version BIGINT NOT NULL,",
        "version BIGINT NOT NULL, pin INTEGER NOT NULL,",
        ("userkit_users has a column pin, unknown to userkit, that must not be NULL.",),
    ),
    "a missing unique constraint": Drift(
        r",\s+CONSTRAINT uq_userkit_users_realm_email_key .*",
        "",
        ("userkit_users has no unique constraint uq_userkit_users_realm_email_key on (realm, email_key).",),
    ),
    "a unique constraint of another name": Drift(
        "uq_userkit_users_realm_email_key",
        "uq_other",
        (
            "userkit_users has no unique constraint uq_userkit_users_realm_email_key on (realm, email_key).",
            "userkit_users has a unique constraint uq_other on (realm, email_key), unknown to its revision.",
        ),
    ),
    "a unique index more": Drift(
        "CREATE INDEX ix_userkit_users_realm_id",
        "CREATE UNIQUE INDEX mine ON userkit_users (realm, version);\nCREATE INDEX ix_userkit_users_realm_id",
        ("mine",),
    ),
    "a primary key in another order": Drift(
        r"PRIMARY KEY \(realm, word, id\)",
        "PRIMARY KEY (realm, id, word)",
        ("The primary key of userkit_users_words is (realm, id, word), not (realm, word, id).",),
    ),
    "a foreign key that does not delete": Drift(
        " ON DELETE CASCADE",
        "",
        (
            "userkit_users_words has no foreign key fk_userkit_users_words_id from (id) to userkit_users "
            "(id) on delete cascade.",
        ),
    ),
    "a foreign key more": Drift(
        r"(\(id\) ON DELETE CASCADE)",
        r"\1, CONSTRAINT fk_theirs FOREIGN KEY (realm, word) REFERENCES userkit_users (realm, email_key)",
        ("userkit_users_words has a foreign key fk_theirs from (realm, word) to userkit_users ",),
    ),
    "a check": Drift(
        "version BIGINT NOT NULL,",
        "version BIGINT NOT NULL CHECK (version < 1000),",
        ("userkit_users has a check (", "1000"),
    ),
    "the collation of the database": Drift(
        r'email_key VARCHAR\(255\) COLLATE "C"',
        "email_key VARCHAR(255)",
        ('userkit_users.email_key is VARCHAR(255), not VARCHAR(255) COLLATE "C".',),
        only="postgresql",
    ),
    "the name of the primary key": Drift(
        "pk_userkit_users ",
        "users_pkey ",
        ("The primary key of userkit_users is called users_pkey, not pk_userkit_users.",),
        only="postgresql",
    ),
    "text instead of JSON": Drift(
        "attributes JSONB",
        "attributes JSON",
        ("userkit_users.attributes is JSON, not JSONB.",),
        only="postgresql",
    ),
    "a type from elsewhere": Drift(
        "version BIGINT",
        "version pg_lsn",
        ("userkit_users.version is of a type that SQLAlchemy does not know, not BIGINT.",),
        only="postgresql",
    ),
    "a collation that ignores case": Drift(
        f"email_key VARCHAR\\(255\\) {MARIADB_EXACT}",
        "email_key VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
        (f"COLLATE utf8mb4_general_ci, not VARCHAR(255) {MARIADB_EXACT}.",),
        only="mariadb",
    ),
    "the collation of the table": Drift(
        f"email_key VARCHAR\\(255\\) {MARIADB_EXACT}",
        "email_key VARCHAR(255)",
        (f"COLLATE latin1_swedish_ci, not VARCHAR(255) {MARIADB_EXACT}.",),
        only="mariadb",
    ),
    "JSON with a check": Drift(
        r"attributes LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "attributes JSON",
        ("userkit_users has a check (json_valid(`attributes`)), unknown to its revision.",),
        only="mariadb",
    ),
    "seconds without fractions": Drift(
        r"created_at DATETIME\(3\)",
        "created_at DATETIME",
        ("created_at is DATETIME, not DATETIME(3)",),
        only="mariadb",
    ),
    "an engine without transactions": Drift(
        "ENGINE=InnoDB",
        "ENGINE=Aria",
        ("userkit_users is kept by the engine Aria, not InnoDB.",),
        only="mariadb",
    ),
    "a COLLATE clause": Drift(
        r"email_key VARCHAR\(255\)",
        "email_key VARCHAR(255) COLLATE NOCASE",
        ("userkit_users.email_key has a COLLATE clause",),
        only="sqlite",
    ),
}


@pytest.mark.filterwarnings("ignore:Did not recognize type:sqlalchemy.exc.SAWarning")
@pytest.mark.parametrize(
    ("database", "name"),
    [on(kind, name) for name, drift in DRIFTS.items() for kind in KINDS if drift.only in (None, KINDS[kind])],
    indirect=["database"],
)
def test_what_differs_is_named(database: Database, name: str) -> None:
    """Made so by hand, with the version row and without."""
    drift = DRIFTS[name]
    script = database.migrations().sql(from_nothing=True)
    changed = re.sub(drift.pattern, drift.instead, script)
    assert changed != script
    database.by_hand(changed)
    found = " ".join(database.migrations().check())
    for sentence in drift.says:
        assert sentence in found
    assert database.migrations().current().revision == NEWEST
    database.forget()
    catalogue = database.catalogue()
    with pytest.raises(SchemaOutdatedError):
        database.migrations().upgrade()
    assert database.catalogue() == catalogue


HARMLESS = (
    "ALTER TABLE userkit_users ADD COLUMN favourite_colour VARCHAR(20)",
    "ALTER TABLE userkit_users ADD COLUMN points INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX ix_theirs ON userkit_users (created_at)",
    "CREATE TABLE userkit_of_somebody_else (id INTEGER PRIMARY KEY)",
    "ALTER TABLE userkit_users ADD COLUMN team INTEGER REFERENCES userkit_of_somebody_else (id)",
    "ALTER TABLE userkit_users ADD COLUMN age INTEGER CHECK (age < 150)",
)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_collation_of_its_own_column_is_an_applications_affair(database: Database) -> None:
    """Ours are looked at one by one."""
    database.create()
    database.run("ALTER TABLE userkit_users ADD COLUMN nick TEXT COLLATE NOCASE")
    assert database.migrations().check() == []


def test_what_an_application_may_add_is_left_alone(database: Database) -> None:
    """Columns that may be empty or have a default, indexes that refuse nothing, tables of its own."""
    database.create()
    database.run(*HARMLESS)
    migrations = database.migrations()
    assert migrations.check() == []
    assert migrations.upgrade().revision == NEWEST
    assert "favourite_colour" in str(database.catalogue())


def test_an_empty_database_lacks_its_tables(database: Database) -> None:
    """That is what a check says, and it creates nothing."""
    lacking = [f"There is no table {table.name}." for table in metadata.sorted_tables]
    assert database.migrations().check() == lacking
    assert database.tables() in ([], [[], [], []])
