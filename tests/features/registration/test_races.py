"""Many who register one address at the same time, where nobody may learn who has it."""

import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.features.surface import PASSWORD, OpenSite, Site, alike, answer
from userkit.features.email_verification import email_verification
from userkit.features.passwords import PasswordCredential
from userkit.features.registration import registration
from userkit.features.users import User
from userkit.http import Response
from userkit.sync import run

CALLERS = 16
SPELLINGS = ("ada@example.com", "Ada@Example.COM", "ADA@EXAMPLE.COM", "ada@EXAMPLE.com")


@pytest.fixture(params=["memory", pytest.param("postgresql", marks=pytest.mark.server)])
def private(request: pytest.FixtureRequest, open_site: OpenSite) -> Site:
    """A kit where nobody learns who has an account, over a store in memory and over a database."""
    store = None
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres18")
        store = server.url("psycopg", database=server.create_database())
    return open_site(registration("private"), email_verification(required=True), store=store)


def all_at_once(site: Site) -> list[Response]:
    """Let sixteen threads in at the same moment, each with a spelling and a password of its own."""
    start = threading.Barrier(CALLERS)

    def register(number: int) -> Response:
        start.wait(30)
        email = SPELLINGS[number % len(SPELLINGS)]
        body = {"email": email, "name": f"Ada {number}", "password": f"{PASSWORD} {number}"}
        return site.ask("POST", "/users", json=body, peer=f"192.0.2.{number}")

    with ThreadPoolExecutor(CALLERS) as threads:
        calls = [threads.submit(contextvars.Context().run, register, number) for number in range(CALLERS)]
        return [call.result(60) for call in calls]


def test_rg_3_sixteen_private_registrations_of_one_address_make_one_user(private: Site) -> None:
    """All are answered alike; one password is kept, one link is sent, and three letters tell of the rest."""
    responses = all_at_once(private)
    alike(responses)
    answer(responses[0], 202)
    store = private.kit._store.realm("default")
    (user,) = run(store.find(User)).items
    (credential,) = run(store.find(PasswordCredential)).items
    assert user.email_key == "ada@example.com"
    assert (credential.id, credential.hash) == (user.id, f"plain:{PASSWORD} {user.name.split()[1]}")
    letters = sorted(private.letters())
    assert letters == [*[("already_registered", user.email)] * 3, ("verify_email", user.email)]
