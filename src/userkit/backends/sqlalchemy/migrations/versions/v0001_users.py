"""Create the tables of users and of the words they are searched by."""

from alembic.operations import Operations
from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from userkit.backends.sqlalchemy.migrations.creating import create_table
from userkit.backends.sqlalchemy.migrations.types_v1 import (
    BIG,
    DOCUMENT,
    ID,
    LONG_TEXT,
    MOMENT,
    REALM,
    SMALL,
    WORD,
)

revision = "0001"
down_revision = None


def define(metadata: MetaData) -> None:
    """Add the two tables."""
    Table(
        "userkit_users",
        metadata,
        Column("id", ID, nullable=False),
        Column("realm", REALM, nullable=False),
        Column("schema", SMALL, nullable=False),
        Column("version", BIG, nullable=False),
        Column("email", LONG_TEXT, nullable=False),
        Column("email_key", WORD, nullable=False),
        Column("email_verified_at", MOMENT, nullable=True),
        Column("name", LONG_TEXT, nullable=False),
        Column("disabled_at", MOMENT, nullable=True),
        Column("attributes", DOCUMENT, nullable=False),
        Column("created_at", MOMENT, nullable=False),
        Column("updated_at", MOMENT, nullable=False),
        PrimaryKeyConstraint("id", name="pk_userkit_users"),
        UniqueConstraint("realm", "email_key", name="uq_userkit_users_realm_email_key"),
        Index("ix_userkit_users_realm_id", "realm", "id"),
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
    )
    Table(
        "userkit_users_words",
        metadata,
        Column("realm", REALM, nullable=False),
        Column("word", WORD, nullable=False),
        Column("id", ID, nullable=False),
        PrimaryKeyConstraint("realm", "word", "id", name="pk_userkit_users_words"),
        ForeignKeyConstraint(
            ["id"], ["userkit_users.id"], name="fk_userkit_users_words_id", ondelete="CASCADE"
        ),
        Index("ix_userkit_users_words_id_word", "id", "word"),
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
        sqlite_with_rowid=False,
    )


def upgrade(op: Operations, before: MetaData, after: MetaData) -> None:
    """Create both."""
    for table in after.sorted_tables:
        create_table(op, table)
