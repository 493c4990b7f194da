"""The forum as it was before: a table of users with what an application gathers in ten years."""

import hashlib

from sqlalchemy import Engine, text
from werkzeug.security import generate_password_hash

__all__ = ["make_old_database"]

TABLES = (
    """CREATE TABLE users (
        id INTEGER PRIMARY KEY, username TEXT NOT NULL, email TEXT NOT NULL, password TEXT NOT NULL,
        signature TEXT NOT NULL DEFAULT '')""",
    "CREATE TABLE posts (id INTEGER PRIMARY KEY, author_id INTEGER NOT NULL, text TEXT)",
)
MD5 = hashlib.md5(b"bombe", usedforsecurity=False).hexdigest()
PEOPLE = (
    ("ada", "ada@example.com", generate_password_hash("notes", "scrypt:1024:8:1"), "A. A. L."),
    ("grace", "grace@example.com", generate_password_hash("cobol", "pbkdf2:sha256:1000"), "Amazing!"),
    ("alan", "alan@example.com", MD5, ""),  # as the first version did it
    ("Ada2", "Ada@Example.com", generate_password_hash("again", "scrypt:1024:8:1"), ""),  # the same mailbox
    ("ghost", "none", generate_password_hash("boo", "scrypt:1024:8:1"), ""),
)


def make_old_database(engine: Engine) -> None:
    """Make the database, with five people and their posts."""
    with engine.begin() as connection:
        for table in TABLES:
            connection.execute(text(table))
        for username, email, password, signature in PEOPLE:
            row = {"username": username, "email": email, "password": password, "signature": signature}
            connection.execute(
                text("INSERT INTO users (username, email, password, signature)"
                     " VALUES (:username, :email, :password, :signature)"), row
            )  # fmt: skip
        connection.execute(
            text("INSERT INTO posts (author_id, text) SELECT id, 'I am ' || username FROM users")
        )
