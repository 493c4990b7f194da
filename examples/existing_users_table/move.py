"""Giving the people of an existing table accounts: each row gets a link, and its password moves over."""

from dataclasses import dataclass, field

from sqlalchemy import (
    Column,
    Engine,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    Text,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session

from userkit import EmailAlreadyExistsError, InvalidInputError, SyncUserKit, UnknownHashError
from userkit.backends.sqlalchemy import SQLAlchemyStore

__all__ = ["Moved", "link_column", "move", "people"]

people = Table(
    "users",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("username", Text),
    Column("email", Text),
    Column("password", Text),
    Column("signature", Text),
    Column("userkit_id", String(36)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Who has an account, who has one without a password, and who has none, with the reason."""

    moved: list[str] = field(default_factory=list)
    reset: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [f"{username}: moved" for username in self.moved]
        lines += [f"{username}: moved, and must reset the password" for username in self.reset]
        return "\n".join([*lines, *(f"{username}: left, {why}" for username, why in self.left.items())])


def link_column(engine: Engine) -> None:
    """Add the column that links a row to its account, unless it is there."""
    if "userkit_id" not in {column["name"] for column in inspect(engine).get_columns("users")}:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE users ADD COLUMN userkit_id VARCHAR(36)"))
            connection.execute(text("CREATE UNIQUE INDEX uq_users_userkit_id ON users (userkit_id)"))


def move(kit: SyncUserKit, engine: Engine) -> Moved:
    """Give an account to everybody who has none. It may be interrupted, and called again."""
    report = Moved()
    waiting = (
        select(people).where(people.c.userkit_id.is_(None), people.c.password != "").order_by(people.c.id)
    )
    with engine.connect() as connection:
        rows = connection.execute(waiting).all()
    for row in rows:
        # One transaction each: there is no account without its link, and no link without its account.
        with Session(engine) as session, session.begin():
            _move_one(kit.with_store(SQLAlchemyStore.from_session(session)), session, row, report)
    return report


def _move_one(kit: SyncUserKit, session: Session, row: "Row[tuple[object, ...]]", report: Moved) -> None:
    try:
        user = kit.users.register(email=row.email, name=row.username)
    except (EmailAlreadyExistsError, InvalidInputError) as error:
        report.left[row.username] = error.code
        return
    try:
        kit.passwords.import_hash(user.id, row.password)
    except UnknownHashError:
        report.reset.append(row.username)
    else:
        report.moved.append(row.username)
    # The old hash goes: it would be the weaker of two ways to find out the same password.
    linked = update(people).where(people.c.id == row.id).values(userkit_id=user.id, password="")
    session.execute(linked)
