"""Make the sample of Django, by running Django: ``python scripts/samples/make_django.py``.

Accounts with every hasher that it offers, written by ``manage.py dumpdata auth.user``, as the table
auth_user, once more as JSON Lines when somebody has come since, and the tables of users, groups and
addresses (django-allauth's) as SQL. Then Django itself checks each
password against what was written. Needs, as the sample has it::

    pip install Django==5.2.19 argon2-cffi==25.1.0 bcrypt==5.0.0 django-allauth==65.21.1
"""

# ruff: noqa: S105, T201  # it writes passwords that protect nothing, and says what it did

import csv
import json
import re
import sqlite3
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import django
from django.conf import settings

PASSWORD = "correct horse battery staple"
SAMPLE = Path(__file__).parents[2] / "tests" / "importing" / "samples" / "django"
HASHERS = (
    "PBKDF2PasswordHasher",
    "PBKDF2SHA1PasswordHasher",
    "Argon2PasswordHasher",
    "BCryptSHA256PasswordHasher",
    "BCryptPasswordHasher",
    "ScryptPasswordHasher",
    "MD5PasswordHasher",
)
# The name, the address, the algorithm ("" for none that can be used), and whether the account is open.
PEOPLE = (
    ("ada", "Ada", "Lovelace", "ada@example.com", "pbkdf2_sha256", True),
    ("grace", "Grace", "Hopper", "Grace@Example.com", "argon2", True),
    ("alan", "Alan", "Turing", "alan@example.com", "", True),
    ("emmy", "", "", "emmy@example.com", "scrypt", True),
    ("edsger", "Edsger", "Dijkstra", "edsger@example.com", "bcrypt_sha256", False),
    ("asa", "Åsa", "Öberg, d.ä.", "asa@example.com", "pbkdf2_sha1", True),
    ("barbara", "Barbara", "Liskov", "barbara@example.com", "md5", True),
    ("nobody", "No", "Address", "", "pbkdf2_sha256", True),
    ("ada2", "Other", "Ada", "ADA@example.com", "pbkdf2_sha256", True),
)
LATER = ("donald", "Donald", "Knuth", "donald@example.com", "bcrypt", True)

_ALLAUTH = ("django.contrib.sessions", "django.contrib.messages", "allauth", "allauth.account")
_TABLES = ("auth_user", "auth_group", "auth_user_groups", "account_emailaddress")


def _main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "db.sqlite3"
        _configure(database)
        SAMPLE.mkdir(parents=True, exist_ok=True)
        for day, person in enumerate(PEOPLE, 1):
            _make(day, *person)
        _dump(SAMPLE / "auth_user.json", "json")
        _table(database, SAMPLE / "auth_user.csv")
        _make(len(PEOPLE) + 1, *LATER)
        _dump(SAMPLE / "auth_user.jsonl", "jsonl")
        _groups_and_addresses()
        _tables(database, SAMPLE / "app.sql")
    count = _check(SAMPLE / "auth_user.jsonl")
    print(f"Django {django.__version__} has written and checked {count} accounts.")


def _configure(database: Path) -> None:
    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(database)}},
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", *_ALLAUTH],
        MIDDLEWARE=["allauth.account.middleware.AccountMiddleware"],
        PASSWORD_HASHERS=[f"django.contrib.auth.hashers.{name}" for name in HASHERS],
        USE_TZ=True,
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _make(day: int, username: str, first: str, last: str, email: str, algorithm: str, active: bool) -> None:
    from django.contrib.auth.hashers import make_password
    from django.contrib.auth.models import User

    User.objects.create(
        username=username,
        first_name=first,
        last_name=last,
        email=email,
        password=make_password(PASSWORD, hasher=algorithm) if algorithm else make_password(None),
        is_active=active,
        is_superuser=username == "grace",
        date_joined=datetime(2024, 5, day, 12, 30, tzinfo=UTC),
    )


def _dump(path: Path, form: str) -> None:
    from django.core.management import call_command

    call_command("dumpdata", "auth.user", format=form, output=str(path), verbosity=0)


def _table(database: Path, path: Path) -> None:
    with sqlite3.connect(database) as connection, path.open("w", encoding="utf-8", newline="") as file:
        rows = connection.execute("SELECT * FROM auth_user")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(column[0] for column in rows.description)
        writer.writerows(rows)
    connection.close()


def _groups_and_addresses() -> None:
    from allauth.account.models import EmailAddress
    from django.contrib.auth.models import Group, User

    editors = Group.objects.create(name="editors")
    for username, verified in (("ada", True), ("emmy", False), ("donald", True)):
        user = User.objects.get(username=username)
        user.groups.add(editors)
        EmailAddress.objects.create(user=user, email=user.email, verified=verified, primary=True)


def _tables(database: Path, path: Path) -> None:
    with sqlite3.connect(database) as connection:
        lines = connection.iterdump()
        kept = [
            line for line in lines if re.match(rf'(CREATE TABLE|INSERT INTO) "({"|".join(_TABLES)})"', line)
        ]
    connection.close()
    path.write_text("\n".join(kept) + "\n", "utf-8")


def _check(path: Path) -> int:
    """Have Django verify what stands in the file; return how many there are."""
    from django.contrib.auth.hashers import check_password

    users = [json.loads(line)["fields"] for line in path.read_text("utf-8").splitlines()]
    for user in users:
        if check_password(PASSWORD, user["password"]) == user["password"].startswith("!"):
            sys.exit(f"Django does not accept the password of {user['username']}.")
    return len(users)


if __name__ == "__main__":
    _main()
