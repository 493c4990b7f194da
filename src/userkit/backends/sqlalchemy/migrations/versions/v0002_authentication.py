"""Create the tables of authentication, and give users a session epoch."""

from typing import Any

from alembic.operations import Operations
from sqlalchemy import Column, Index, MetaData, PrimaryKeyConstraint, Table

from userkit.backends.sqlalchemy.migrations.creating import add_columns, create_table
from userkit.backends.sqlalchemy.migrations.types_v1 import (
    BIG,
    BYTES,
    DOCUMENT,
    FLAG,
    ID,
    LONG_TEXT,
    MOMENT,
    REALM,
    SMALL,
    WORD,
)

revision = "0002"
down_revision = "0001"


def define(metadata: MetaData) -> None:
    """Add four columns and the tables."""
    users = metadata.tables["userkit_users"]
    # The default stays, so that an older userkit may go on adding users while a newer one is rolled out.
    users.append_column(Column("session_epoch", BIG, nullable=False, server_default="0"))
    users.append_column(Column("spared_session", ID, nullable=True))
    users.append_column(Column("spared_since", BIG, nullable=False, server_default="0"))
    users.append_column(Column("claimed_epoch", BIG, nullable=False, server_default="0"))
    _what_happens(metadata)
    _credentials(metadata)
    _sessions(metadata)
    _roles(metadata)


def upgrade(op: Operations, before: MetaData, after: MetaData) -> None:
    """Add the columns, and create every table that was not there before."""
    fresh = ["session_epoch", "spared_session", "spared_since", "claimed_epoch"]
    add_columns(op, after.tables["userkit_users"], fresh)
    for table in after.sorted_tables:
        if table.name not in before.tables:
            create_table(op, table)


def _what_happens(metadata: MetaData) -> None:
    _table(
        metadata,
        "outbox",
        Column("topic", LONG_TEXT, nullable=False),
        Column("payload", DOCUMENT, nullable=False),
        Column("user_id", ID, nullable=True),
        Column("state", WORD, nullable=False, server_default="pending"),
        Column("attempts", BIG, nullable=False, server_default="0"),
        Column("problem", LONG_TEXT, nullable=True),
        Column("created_at", MOMENT, nullable=False),
        Column("due_at", MOMENT, nullable=False),
        Index("ix_userkit_outbox_realm_state_id", "realm", "state", "id"),
    )
    _table(
        metadata,
        "audit",
        Column("at", MOMENT, nullable=False),
        Column("event", LONG_TEXT, nullable=False),
        Column("user_id", ID, nullable=True),
        Column("actor_id", LONG_TEXT, nullable=True),
        Column("session_id", LONG_TEXT, nullable=True),
        Column("address", LONG_TEXT, nullable=True),
        Column("user_agent", LONG_TEXT, nullable=True),
        Column("facts", DOCUMENT, nullable=False),
        Column("expires_at", MOMENT, nullable=True),
        Index("ix_userkit_audit_realm_expires_at", "realm", "expires_at"),
        Index("ix_userkit_audit_realm_user_id_id", "realm", "user_id", "id"),
    )


def _credentials(metadata: MetaData) -> None:
    _table(
        metadata,
        "passwords",
        Column("hash", LONG_TEXT, nullable=False),
        Column("changed_at", MOMENT, nullable=False),
    )
    _table(
        metadata,
        "links",
        Column("purpose", LONG_TEXT, nullable=False),
        Column("user_id", ID, nullable=False),
        Column("email", LONG_TEXT, nullable=False),
        Column("new_email", LONG_TEXT, nullable=True),
        Column("epoch", BIG, nullable=True),
        Column("digest", BYTES, nullable=False),
        Column("asked_at", MOMENT, nullable=False),
        Column("created_at", MOMENT, nullable=False),
        Column("expires_at", MOMENT, nullable=False),
        Column("spent_at", MOMENT, nullable=True),
        Index("ix_userkit_links_realm_expires_at", "realm", "expires_at"),
        Index("ix_userkit_links_realm_user_id_id", "realm", "user_id", "id"),
    )
    _table(
        metadata,
        "api_keys",
        Column("user_id", ID, nullable=False),
        Column("epoch", BIG, nullable=False),
        Column("name", LONG_TEXT, nullable=False),
        Column("digest", BYTES, nullable=False),
        Column("scopes", DOCUMENT, nullable=False),
        Column("created_at", MOMENT, nullable=False),
        Column("last_used_at", MOMENT, nullable=True),
        Column("expires_at", MOMENT, nullable=True),
        Index("ix_userkit_api_keys_realm_expires_at", "realm", "expires_at"),
        Index("ix_userkit_api_keys_realm_user_id_id", "realm", "user_id", "id"),
    )


def _sessions(metadata: MetaData) -> None:
    _table(
        metadata,
        "sessions",
        Column("user_id", ID, nullable=False),
        Column("epoch", BIG, nullable=False),
        Column("kind", WORD, nullable=False),
        Column("methods", DOCUMENT, nullable=False),
        Column("digest", BYTES, nullable=False),
        Column("generation", BIG, nullable=False, server_default="0"),
        Column("created_at", MOMENT, nullable=False),
        Column("authenticated_at", MOMENT, nullable=False),
        Column("last_used_at", MOMENT, nullable=False),
        Column("expires_at", MOMENT, nullable=False),
        Column("ends_at", MOMENT, nullable=False),
        Column("user_agent", LONG_TEXT, nullable=True),
        Column("address", LONG_TEXT, nullable=True),
        Index("ix_userkit_sessions_realm_expires_at", "realm", "expires_at"),
        Index("ix_userkit_sessions_realm_user_id_id", "realm", "user_id", "id"),
    )
    _table(
        metadata,
        "rate_limits",
        Column("limit_name", LONG_TEXT, nullable=False),
        Column("since", MOMENT, nullable=False),
        Column("count", BIG, nullable=False),
        Column("delays", BIG, nullable=False),
        Column("until", MOMENT, nullable=True),
        Column("expires_at", MOMENT, nullable=False),
        Index("ix_userkit_rate_limits_realm_expires_at", "realm", "expires_at"),
    )


def _roles(metadata: MetaData) -> None:
    _table(
        metadata,
        "roles",
        Column("roles", DOCUMENT, nullable=False),
        Column("active", FLAG, nullable=False, server_default="1"),
    )
    _table(
        metadata,
        "administrators",
        Column("holders", DOCUMENT, nullable=False),
    )


def _table(metadata: MetaData, collection: str, *parts: Column[Any] | Index) -> None:
    name = f"userkit_{collection}"
    Table(
        name,
        metadata,
        Column("id", ID, nullable=False),
        Column("realm", REALM, nullable=False),
        Column("schema", SMALL, nullable=False),
        Column("version", BIG, nullable=False),
        *parts,
        PrimaryKeyConstraint("id", name=f"pk_{name}"),
        Index(f"ix_{name}_realm_id", "realm", "id"),
        mysql_engine="InnoDB",
        mariadb_engine="InnoDB",
    )
