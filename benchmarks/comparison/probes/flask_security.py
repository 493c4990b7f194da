"""Flask-Security on Flask-SQLAlchemy and SQLite, as in its quick start, with JSON and its tokens."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import flask_security
from flask import Flask
from flask_mail import Mail
from flask_security import Security, SQLAlchemyUserDatastore, auth_required, reset_password_instructions_sent
from flask_security.models import fsqla_v3 as fsqla
from flask_sqlalchemy import SQLAlchemy

from benchmarks.comparison.probing import Application, Reply, behaviour, package, told

LETTERS: dict[str, str] = {}


def _application(url: str) -> tuple[Flask, Any, Any]:
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B",
        SECURITY_PASSWORD_SALT="146585145368132386173505678016728509634",
        SECURITY_REGISTERABLE=True,
        SECURITY_RECOVERABLE=True,
        SECURITY_SEND_REGISTER_EMAIL=False,
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False},  # there is no network
        MAIL_SUPPRESS_SEND=True,
        SQLALCHEMY_DATABASE_URI=url,
        SQLALCHEMY_ENGINE_OPTIONS={"pool_pre_ping": True, "connect_args": {"timeout": 30}},
        WTF_CSRF_ENABLED=False,  # as its documentation says for tests and for tokens
    )
    Mail(app)
    db = SQLAlchemy(app)
    fsqla.FsModels.set_db_info(db)

    class Role(db.Model, fsqla.FsRoleMixin):
        pass

    class User(db.Model, fsqla.FsUserMixin):
        pass

    app.security = Security(app, SQLAlchemyUserDatastore(db, User, Role))

    @app.get("/me")
    @auth_required("token")
    def me() -> str:
        return "me"

    def keep(_: object, *, user: Any, token: str, **__: Any) -> None:
        LETTERS[user.email] = token

    reset_password_instructions_sent.connect(keep, app, weak=False)
    with app.app_context():
        db.create_all()
    return app, db, User


async def _main(folder: Path) -> None:
    app, db, user = _application(f"sqlite:///{folder / 'app.db'}")

    def post(path: str, body: dict[str, str], address: str = "192.0.2.9") -> Reply:
        answer = app.test_client().post(path, json=body, environ_base={"REMOTE_ADDR": address})
        found = answer.get_json(silent=True)
        user = (found.get("response") or {}).get("user") if isinstance(found, dict) else None
        return Reply(answer.status_code, answer.text, (user or {}).get("authentication_token"))

    async def sign_up(email: str, password: str) -> Reply:
        body = {"email": email, "password": password, "password_confirm": password}
        return await asyncio.to_thread(post, "/register", body)

    async def sign_in(email: str, password: str, address: str) -> Reply:
        body = {"email": email, "password": password}
        return await asyncio.to_thread(post, "/login?include_auth_token", body, address)

    async def who(token: str) -> Reply:
        def get() -> Reply:
            answer = app.test_client().get(
                "/me", headers={"Authentication-Token": token, "Accept": "application/json"}
            )
            return Reply(answer.status_code, answer.text)

        return await asyncio.to_thread(get)

    async def ask(email: str) -> str:
        await asyncio.to_thread(post, "/reset", {"email": email})
        return LETTERS[email]

    async def reset(token: str, password: str) -> Reply:
        body = {"password": password, "password_confirm": password}
        return await asyncio.to_thread(post, f"/reset/{token}", body)

    async def stored(email: str) -> str:
        with app.app_context():
            return str(db.session.scalar(db.select(user.password).where(user.email == email)))

    facts = await behaviour(
        Application(
            sign_up=sign_up, sign_in=sign_in, who=who, ask=ask, reset=reset, stored=stored, on_a_loop=False
        )
    )
    told({**installed(), **facts})


def installed() -> dict[str, Any]:
    """Return what the installed package says."""
    stores = [name.removesuffix("UserDatastore") for name in dir(flask_security) if "UserDatastore" in name]
    return package("Flask-Security", frameworks=["flask"], stores=[*filter(None, stores)])


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
