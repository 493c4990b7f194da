"""Django with django-allauth: its headless API for apps, over SQLite, with its settings as they come."""

import asyncio
import sys
import threading
from pathlib import Path
from typing import Any

import django
from django.conf import settings

from benchmarks.comparison.probing import Application, Reply, behaviour, members, package, told

APP = "/_allauth/app/v1"
LETTERS: list[Any] = []


def _configure(database: Path) -> None:
    settings.configure(
        SECRET_KEY="p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(database),
                "OPTIONS": {"timeout": 30, "transaction_mode": "IMMEDIATE"},
            }
        },
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "allauth",
            "allauth.account",
            "allauth.headless",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "allauth.account.middleware.AccountMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
            }
        ],
        AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
        ACCOUNT_LOGIN_METHODS={"email"},
        ACCOUNT_SIGNUP_FIELDS=["email*", "password1*"],
        HEADLESS_ONLY=True,
        HEADLESS_FRONTEND_URLS={
            "account_confirm_email": "https://app.example/verify/{key}",
            "account_reset_password_from_key": "https://app.example/reset/{key}",
            "account_signup": "https://app.example/sign-up",
        },
        EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
        USE_TZ=True,
    )
    django.setup()


def _urls() -> list[Any]:
    from django.urls import include, path

    return [path("_allauth/", include("allauth.headless.urls")), path("accounts/", include("allauth.urls"))]


class _Post:
    """Sends JSON as an app does, each time from an address of its own unless one is told."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._number = 0

    def __call__(self, path: str, body: dict[str, str], address: str | None = None) -> Reply:
        from django.db import connection
        from django.test import Client

        with self._lock:
            self._number += 1
            here = address or f"192.0.2.{self._number}"
        client = Client(REMOTE_ADDR=here, raise_request_exception=False)
        answer = client.post(f"{APP}{path}", body, content_type="application/json")
        connection.close()
        token = None
        if answer.headers.get("Content-Type", "").startswith("application/json"):
            token = answer.json().get("meta", {}).get("session_token")
        return Reply(answer.status_code, answer.content.decode(), token)


async def _main(folder: Path) -> None:
    _configure(folder / "app.db")
    globals()["urlpatterns"] = await asyncio.to_thread(_urls)
    await asyncio.to_thread(_migrate)
    post = _Post()

    async def sign_up(email: str, password: str) -> Reply:
        return await asyncio.to_thread(post, "/auth/signup", {"email": email, "password": password})

    async def sign_in(email: str, password: str, address: str) -> Reply:
        return await asyncio.to_thread(post, "/auth/login", {"email": email, "password": password}, address)

    async def who(token: str) -> Reply:
        return await asyncio.to_thread(_session, token)

    async def ask(email: str) -> str:
        await asyncio.to_thread(post, "/auth/password/request", {"email": email})
        return await asyncio.to_thread(_letter, email)

    async def reset(token: str, password: str) -> Reply:
        reply = await asyncio.to_thread(post, "/auth/password/reset", {"key": token, "password": password})
        # 401 says that it is done, and that nobody is signed in by it.
        return Reply(200 if reply.status == 401 else reply.status, reply.body)

    async def stored(email: str) -> str:
        return await asyncio.to_thread(_stored, email)

    facts = await behaviour(
        Application(
            sign_up=sign_up, sign_in=sign_in, who=who, ask=ask, reset=reset, stored=stored, on_a_loop=False
        )
    )
    told({**installed(), **facts})


def installed() -> dict[str, Any]:
    """Return what the installed packages say."""
    engines = set(members("django.db.backends")) - {"base", "ddl_references", "dummy", "signals", "utils"}
    return package("django-allauth", "Django", frameworks=["django"], stores=[*engines])


def _migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _session(token: str) -> Reply:
    from django.db import connection
    from django.test import Client

    answer = Client().get(f"{APP}/auth/session", headers={"X-Session-Token": token})
    connection.close()
    return Reply(answer.status_code, answer.content.decode())


def _letter(email: str) -> str:
    from django.core import mail

    (letter,) = [each for each in mail.outbox if each.to == [email] and "/reset/" in each.body]
    return str(letter.body).partition("/reset/")[2].split()[0]


def _stored(email: str) -> str:
    from django.contrib.auth import get_user_model

    return str(get_user_model().objects.get(email=email).password)


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
