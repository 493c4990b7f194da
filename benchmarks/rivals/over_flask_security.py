"""Flask-Security on Flask-SQLAlchemy and SQLite, as in its quick start; only the hash cost is set."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from flask_security import Security, SQLAlchemyUserDatastore
from flask_security.models import fsqla_v3 as fsqla
from flask_sqlalchemy import SQLAlchemy

__all__ = ["application", "flask_security"]

_SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"


@contextmanager
def flask_security(
    folder: Path, emails: list[str], password: str, costs: dict[str, int]
) -> Iterator[Callable[[int], None]]:
    """Yield what signs in the person of a number, through Flask's test client."""
    app = application(f"sqlite:///{folder / 'flask-security.db'}", emails, password, costs)

    def sign_in(number: int) -> None:
        body = {"email": emails[number], "password": password}
        answer = app.test_client().post("/login?include_auth_token", json=body)
        assert answer.status_code == 200, answer.text

    yield sign_in
    with app.app_context():
        app.extensions["sqlalchemy"].engine.dispose()


def application(url: str, emails: list[str], password: str, costs: dict[str, int]) -> Flask:
    """Return an application where some people may sign in."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=_SECRET,
        SECURITY_PASSWORD_SALT="146585145368132386173505678016728509634",
        SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS={f"argon2__{name}": cost for name, cost in costs.items()},
        SQLALCHEMY_DATABASE_URI=url,
        SQLALCHEMY_ENGINE_OPTIONS={"pool_pre_ping": True},
        REMEMBER_COOKIE_SAMESITE="strict",
        SESSION_COOKIE_SAMESITE="strict",
        WTF_CSRF_ENABLED=False,  # as its documentation says for tests and for tokens
    )
    db = SQLAlchemy(app)
    fsqla.FsModels.set_db_info(db)

    class Role(db.Model, fsqla.FsRoleMixin):  # type: ignore[name-defined,misc]
        pass

    class User(db.Model, fsqla.FsUserMixin):  # type: ignore[name-defined,misc]
        pass

    store = SQLAlchemyUserDatastore(db, User, Role)
    app.security = Security(app, store)  # type: ignore[attr-defined]
    with app.app_context():
        db.create_all()
        encoded = _hash(password, costs)
        for email in emails:
            store.create_user(email=email, password=encoded)
        db.session.commit()
    return app


def _hash(password: str, costs: dict[str, int]) -> str:
    from flask_security import hash_password

    encoded: str = hash_password(password)
    wanted = f"$argon2id$v=19$m={costs['memory_cost']},t={costs['time_cost']},p={costs['parallelism']}$"
    assert encoded.startswith(wanted), encoded
    return encoded
