"""Create a table for badges."""

from alembic.operations import Operations
from sqlalchemy import Column, MetaData, PrimaryKeyConstraint, Table

from userkit.backends.sqlalchemy.migrations.creating import create_table
from userkit.backends.sqlalchemy.migrations.types_v1 import ID, LONG_TEXT, REALM

revision, down_revision = "9003", "9002"


def define(metadata: MetaData) -> None:
    """Add the table."""
    Table(
        "userkit_badges",
        metadata,
        Column("id", ID, nullable=False),
        Column("realm", REALM, nullable=False),
        Column("title", LONG_TEXT, nullable=False),
        PrimaryKeyConstraint("id", name="pk_userkit_badges"),
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
    )


def upgrade(op: Operations, before: MetaData, after: MetaData) -> None:
    """Create it, unless a kit did."""
    create_table(op, after.tables["userkit_badges"])
