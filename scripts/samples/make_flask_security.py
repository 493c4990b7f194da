"""Make the sample of Flask-Security, by running it: ``python scripts/samples/make_flask_security.py``.

Accounts with the schemes that it hashes twice, one that it hashes once, and one in plain text. Then it
checks each password itself, through its sign-in route. ``app.sql`` is the database whole,
with a role. Needs, as the sample has it::

    pip install "Flask-Security[common]==5.9.2" Flask-SQLAlchemy==3.1.1 libpass==1.9.4 \
        argon2-cffi==25.1.0 bcrypt==5.0.0
"""

# ruff: noqa: DTZ001, S105, S106, T201  # it writes passwords that protect nothing, and says what it did

import csv
import json
import sys
import tempfile
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flask import Flask
from flask_security import Security, SQLAlchemyUserDatastore
from flask_security.models import fsqla_v3 as fsqla
from flask_security.password_util import PasswordUtil
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import text

PASSWORD = "correct horse battery staple"
TYPED = {"asa": "Åsas lösenord är långt", "kana": "ﬁve ², full-width ＡＢＣ"}
"""Passwords that Flask-Security does not hash as they are typed, but in the form NFKD."""

SALT = "flask-security-password-salt"
SAMPLE = Path(__file__).parents[2] / "tests" / "importing" / "samples" / "flask_security"
# The name, the scheme (None for no password), whether the address is confirmed and the account open.
PEOPLE = (
    ("ada", "argon2", True, True),
    ("grace", "bcrypt", False, True),
    ("alan", None, True, True),
    ("edsger", "argon2", True, False),
    ("barbara", "pbkdf2_sha512", True, True),
    ("donald", "pbkdf2_sha256", True, True),
    ("emmy", "django_pbkdf2_sha256", True, True),
    ("margaret", "plaintext", True, True),
    ("asa", "argon2", True, True),
    ("kana", "argon2", True, True),
)


def _main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        app, db, store = _application(f"sqlite:///{folder}/app.db")
        with app.app_context():
            db.create_all()
            for number, person in enumerate(PEOPLE, 1):
                _make(app, store, number, *person)
            editor = store.find_or_create_role("editor", permissions={"posts:write"})
            for name in ("ada", "emmy"):
                store.add_role_to_user(store.find_user(email=f"{name}@example.com"), editor)
            db.session.commit()
            lines = [*db.engine.raw_connection().driver_connection.iterdump()]
            with db.engine.connect() as connection:
                rows = [dict(row) for row in connection.execute(text('SELECT * FROM "user"')).mappings()]
        _check(app)
        with app.app_context():
            db.engine.dispose()
    SAMPLE.mkdir(parents=True, exist_ok=True)
    _write(rows)
    (SAMPLE / "app.sql").write_text("\n".join(lines) + "\n", "utf-8")
    print(f"Flask-Security {version('Flask-Security')} has written and checked {len(rows)} accounts.")


def _application(url: str) -> tuple[Flask, Any, Any]:
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B",
        SECURITY_PASSWORD_SALT=SALT,
        SECURITY_PASSWORD_SCHEMES=[*{person[1]: None for person in PEOPLE if person[1]}],
        SECURITY_DEPRECATED_PASSWORD_SCHEMES=[],
        SQLALCHEMY_DATABASE_URI=url,
        WTF_CSRF_ENABLED=False,
    )
    db = SQLAlchemy(app)
    fsqla.FsModels.set_db_info(db)

    class Role(db.Model, fsqla.FsRoleMixin):
        pass

    class User(db.Model, fsqla.FsUserMixin):
        pass

    store = SQLAlchemyUserDatastore(db, User, Role)
    app.security = Security(app, store)
    return app, db, store


def _make(
    app: Flask, store: Any, number: int, name: str, scheme: str | None, confirmed: bool, active: bool
) -> None:
    store.create_user(
        email=f"{name}@example.com",
        active=active,
        password=None if scheme is None else _hash(app, scheme, TYPED.get(name, PASSWORD)),
        confirmed_at=datetime(2024, 5, number, 12) if confirmed else None,
    )


def _hash(app: Flask, scheme: str, typed: str) -> str:
    from flask_security import hash_password

    app.config["SECURITY_PASSWORD_HASH"] = scheme
    app.security.pwd_context.update(default=scheme)
    encoded: str = hash_password(PasswordUtil(app).normalize(typed))
    return encoded


def _check(app: Flask) -> None:
    """Have Flask-Security sign in everybody whose account is open."""
    for name, scheme, _, active in PEOPLE:
        body = {"email": f"{name}@example.com", "password": TYPED.get(name, PASSWORD)}
        answer = app.test_client().post("/login", json=body)
        if (answer.status_code == 200) != (scheme is not None and active):
            sys.exit(f"Flask-Security answers otherwise than expected to {name}.")


def _write(rows: list[dict[str, Any]]) -> None:
    with (SAMPLE / "user.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    lines = [json.dumps(row, default=str) + "\n" for row in rows]
    (SAMPLE / "user.jsonl").write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    _main()
