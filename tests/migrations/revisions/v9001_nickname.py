"""Give everybody a nickname, which is the name so far."""

from alembic.operations import Operations
from sqlalchemy import Column, Index, MetaData, Table

from tests.migrations.database import NEWEST
from userkit.backends.sqlalchemy.migrations.types_v1 import WORD

revision, down_revision = "9001", NEWEST


def define(metadata: MetaData) -> None:
    """Add the column and its index."""
    users = _with_nickname(metadata, nullable=False)
    Index("ix_userkit_users_realm_nickname", users.c.realm, users.c.nickname)


def upgrade(op: Operations, before: MetaData, after: MetaData) -> None:
    """Add the column, fill it, and only then forbid that it is empty."""
    with op.batch_alter_table("userkit_users") as batch:
        batch.add_column(Column("nickname", WORD, nullable=True))
    op.execute("UPDATE userkit_users SET nickname = substr(name, 1, 100) WHERE name NOT LIKE '%!'")
    op.execute("UPDATE userkit_users SET nickname = '-' WHERE nickname IS NULL")
    filled = _with_nickname(before, nullable=True)
    with op.batch_alter_table("userkit_users", copy_from=filled) as batch:
        batch.alter_column("nickname", existing_type=WORD, nullable=False)
    op.create_index("ix_userkit_users_realm_nickname", "userkit_users", ["realm", "nickname"])


def _with_nickname(metadata: MetaData, *, nullable: bool) -> Table:
    users = metadata.tables["userkit_users"]
    users.append_column(Column("nickname", WORD, nullable=nullable))
    return users
