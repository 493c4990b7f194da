"""A forum in Flask that keeps its table of users: ``python examples/existing_users_table/forum.py``.

The first start makes the database as the old forum left it, in the folder ``forum-data`` or where
``DATA`` says. Every start gives accounts to those who have none yet.
"""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from flask import Flask, request
from move import link_column, move, people
from old import make_old_database
from sqlalchemy import create_engine, inspect, select, text, update
from sqlalchemy.dialects.sqlite import insert

from userkit import Feature, Parts, SyncUserKit, User, mail
from userkit.backends.sqlalchemy import SQLAlchemyStore
from userkit.integrations.flask import UserKitExtension, get_current_user, login_required

PORT = int(os.environ.get("PORT", "5000"))
DATA = Path(os.environ.get("DATA", "forum-data")).absolute()
SECRET = os.environ.get("SECRET") or secrets.token_urlsafe(32)

DATA.mkdir(mode=0o700, parents=True, exist_ok=True)
engine = create_engine(f"sqlite:///{DATA / 'forum.db'}")


def build(parts: Parts) -> None:
    """Forget people whose account is deleted: their posts stay, without a name."""

    async def forget(user_id: str) -> None:
        gone = {"username": "somebody", "email": "", "signature": "", "userkit_id": None}
        with engine.begin() as connection:
            connection.execute(update(people).where(people.c.userkit_id == user_id).values(gone))

    parts.forget.append(forget)


members = Feature(name="members", requires=("users",), build=build, mirror=lambda _: None)
kit = SyncUserKit(
    SQLAlchemyStore.from_engine(engine),
    secret=SECRET,
    features=[members, mail(sender="Forum <no-reply@forum.example>")],
    mailer=f"directory://{DATA / 'mail'}",
    base_url=f"http://localhost:{PORT}",
    app_name="Forum",
)
app = Flask(__name__)
UserKitExtension(app, kit)


def member_id(user: User) -> int:
    """Return the id that the forum has always had for somebody; who is new gets a row."""
    row = {"username": user.name, "email": user.email, "password": "", "userkit_id": user.id}
    with engine.begin() as connection:
        # Two requests may come at once; the link is unique.
        connection.execute(insert(people).values(row).on_conflict_do_nothing())
        mine = select(people.c.id).where(people.c.userkit_id == user.id)
        return int(connection.execute(mine).scalar_one())


@app.get("/")
def posts() -> list[Mapping[str, str]]:
    """Show all posts."""
    everything = text("SELECT username, text FROM posts JOIN users ON users.id = author_id ORDER BY posts.id")
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(everything).mappings()]


@app.post("/posts")
@login_required
def post() -> tuple[str, int]:
    """Write a post."""
    row = {"author": member_id(get_current_user()), "text": str(request.get_json()["text"])}
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO posts (author_id, text) VALUES (:author, :text)"), row)
    return "", 204


@app.get("/me")
@login_required
def me() -> Mapping[str, object]:
    """Show what the forum has always known of you."""
    mine = select(people.c.id, people.c.username, people.c.signature)
    with engine.connect() as connection:
        found = mine.where(people.c.id == member_id(get_current_user()))
        return dict(connection.execute(found).mappings().one())


def start() -> None:
    """Make sure that there is a database, and that everybody who can have one has an account."""
    if not inspect(engine).has_table("posts"):
        make_old_database(engine)
    link_column(engine)
    # A kit without a mailer: one with a mailer would ask everybody who is moved to confirm their address.
    with SyncUserKit(SQLAlchemyStore.from_engine(engine), secret=SECRET) as quiet:
        print(move(quiet, engine), flush=True)


if __name__ == "__main__":
    start()
    app.run(port=PORT)
