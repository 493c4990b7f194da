"""X18: a worker is told to stop with 200 registrations in flight: X1 and X3 hold, as does what it said."""

from contextlib import suppress

import pytest

from tests.faults.conftest import prepared
from tests.faults.sites import Site
from tests.faults.workers import ADDRESSES, Shift, Worker, address
from tests.security.world import PASSWORD
from userkit.errors import EmailAlreadyExistsError, UnauthenticatedError
from userkit.features.sessions import Session
from userkit.features.users import User
from userkit.storage.port import Store


def registered(workers: list[Worker]) -> list[str]:
    """Return the addresses whose owners were told that they have an account."""
    return [what for worker in workers for kind, what in worker.told if kind == "registered"]


def assert_whole(site: Site, workers: list[Worker]) -> None:
    """Each address has one whole account at most, and everybody who was told of one has it."""
    shape = site.shape()
    emails = [email for email, *_ in shape["users"]]
    assert len(set(emails)) == len(emails) == len(shape["passwords"])
    assert shape["audit"].count(("user_registered",)) == len(emails)
    told = registered(workers)
    assert len(set(told)) == len(told)
    assert set(told) <= set(emails)


def assert_one_successor(site: Site, old: str, workers: list[Worker]) -> None:
    """The session survives, and at most one caller has its next token."""
    told = [what for worker in workers for kind, what in worker.told if kind == "refreshed"]
    assert len(told) <= 1
    (session,) = site.stored(Session)
    assert session.generation in ((1,) if told else (0, 1))
    if session.generation:
        with pytest.raises(UnauthenticatedError):
            site.kit.sessions.refresh(old)
    if told or not session.generation:
        assert site.kit.sessions.refresh(told[0] if told else old)


@pytest.mark.parametrize("cancels", [False, True], ids=["closes", "cancels and closes"])
@pytest.mark.parametrize(
    "driver", ["sqlite", *[pytest.param(each, marks=pytest.mark.server) for each in ("psycopg", "asyncpg")]]
)
def test_x18_a_worker_that_is_told_to_stop_keeps_its_word(
    request: pytest.FixtureRequest, prepared_stores: dict[str, Store], driver: str, cancels: bool
) -> None:
    """Another worker has the same callers, goes on, and is told a little later."""
    url: str = request.getfixturevalue(f"fault_{'sqlite' if driver == 'sqlite' else 'postgres'}_url")
    site = Site(prepared(url, prepared_stores))
    site.ada()
    token = site.sign_in().refresh_token
    shift = Shift(url.replace("+psycopg", f"+{driver}"), site.realm, token, cancels)
    first, second = workers = [Worker(shift), Worker(shift)]
    first.listen(until=10)
    first.stop()
    assert first.finish() == 0
    assert first.foreign == []
    assert set(registered([first])) <= {user.email_key for user in site.stored(User)}
    second.stop()
    assert second.finish() == 0
    assert second.foreign == []
    assert_whole(site, workers)
    assert_one_successor(site, token, workers)
    for number in range(ADDRESSES):  # those who were turned away come again
        with suppress(EmailAlreadyExistsError):
            site.kit.users.register(email=address(number), name="Caller", password=PASSWORD)
    assert len(site.stored(User)) == ADDRESSES + 1


def test_x18_would_notice_a_worker_that_speaks_too_soon(
    fault_sqlite_url: str, prepared_stores: dict[str, Store]
) -> None:
    """Whoever says that it is done before the commit breaks its word."""
    site = Site(prepared(fault_sqlite_url, prepared_stores))
    site.ada()
    token = site.sign_in().refresh_token
    worker = Worker(Shift(fault_sqlite_url, site.realm, token, cancels=True, hasty=True))
    worker.listen(until=5 * ADDRESSES)
    worker.stop()
    assert worker.finish() == 0
    with pytest.raises(AssertionError):
        assert_whole(site, [worker])
