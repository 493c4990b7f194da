"""The tables of the built-in features, for those who join, report on and migrate them.

Backends know no features; this module is the one that does, because an application's own tables
and queries want to name userkit's.
"""

from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from userkit.backends.sqlalchemy.tables import tables_of
from userkit.features.api_keys.collection import API_KEYS
from userkit.features.audit.collection import AUDIT
from userkit.features.links.collection import LINKS
from userkit.features.outbox.collection import OUTBOX
from userkit.features.passwords.collection import PASSWORDS
from userkit.features.roles.collection import ADMINISTRATORS, ROLES
from userkit.features.sessions.collection import SESSIONS
from userkit.features.throttling.collection import RATE_LIMITS
from userkit.features.users.collection import USERS
from userkit.storage.collection import Collection

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Mapped

__all__ = ["COLLECTIONS", "UserRow", "metadata"]

COLLECTIONS: tuple[Collection[Any], ...] = (
    USERS,
    OUTBOX,
    AUDIT,
    RATE_LIMITS,
    LINKS,
    PASSWORDS,
    SESSIONS,
    ROLES,
    ADMINISTRATORS,
    API_KEYS,
)
"""What the built-in features store."""

metadata = MetaData()
"""The tables of the built-in features."""

_TABLES = {collection.name: tables_of(collection, metadata) for collection in COLLECTIONS}


class _Rows(DeclarativeBase):
    """Where the classes below are registered: apart from those of the application."""

    metadata = metadata


class UserRow(_Rows):
    """A user as a row, to read with SQLAlchemy's ORM and to refer to with foreign keys.

        class Post(Base):
            __tablename__ = "posts"
            id: Mapped[int] = mapped_column(primary_key=True)
            author_id: Mapped[str] = mapped_column(ForeignKey(UserRow.id))
            author: Mapped[UserRow] = relationship(UserRow)

    Write through the kit: it keeps revisions, uniqueness and search words right.
    """

    __table__ = _TABLES["users"].main

    if TYPE_CHECKING:
        id: Mapped[str]
        realm: Mapped[str]
        schema: Mapped[int]
        version: Mapped[int]
        email: Mapped[str]
        email_key: Mapped[str]
        email_verified_at: Mapped[datetime | None]
        name: Mapped[str]
        disabled_at: Mapped[datetime | None]
        attributes: Mapped[dict[str, Any]]
        session_epoch: Mapped[int]
        spared_session: Mapped[str | None]
        spared_since: Mapped[int]
        claimed_epoch: Mapped[int]
        created_at: Mapped[datetime]
        updated_at: Mapped[datetime]

    def __repr__(self) -> str:
        return f"UserRow(id={self.id!r})"
