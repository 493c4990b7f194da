"""A forgotten password is replaced with a link that was sent to the address of its owner."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.features.email_verification.world import (
    ADA,
    NEW_PASSWORD,
    NO_MAILER,
    PASSWORD,
    World,
    fresh,
    prepared,
    world,
)
from tests.storage.doubles import OvertakenStore
from userkit.backends.memory import MemoryStore
from userkit.errors import (
    ConfigurationError,
    InvalidCredentialsError,
    InvalidEmailError,
    InvalidTokenError,
    OverloadedError,
    RateLimitedError,
    StoreUnavailableError,
    WeakPasswordError,
)
from userkit.features.audit import AUDIT, AuditEntry, audit
from userkit.features.password_reset import PasswordResetRequested, password_reset
from userkit.features.passwords import PasswordChanged
from userkit.kernel.origin import coming_from
from userkit.storage.port import Store
from userkit.sync import run
from userkit.testing import InstantHasher

OTHER_PASSWORD = "velvet harbours under glass"


@pytest.fixture
def ready() -> World:
    """A world in which Ada is registered and her mailbox is empty."""
    here = fresh()
    here.ada()
    here.mails()
    return here


def resetting(here: World) -> str:
    """Ask for a reset, and return the token that was sent."""
    here.reset.request(email="ada@example.com")
    return here.token("reset_password")


def test_the_letter_goes_to_the_address_as_it_is_stored(ready: World) -> None:
    """However the one who asks spells it."""
    ready.reset.request(email="ADA@EXAMPLE.COM")
    (entry,) = ready.entries()
    assert (entry.topic, entry.payload["email"]) == ("password_reset.requested", "ada@example.com")
    assert entry.user_id is None
    (letter,) = ready.mails()
    assert (letter.template, letter.to) == ("reset_password", ADA)
    assert "https://app.example/reset-password#token=ukl_" in letter.text
    assert "1 hour" in letter.text


def test_a_link_sets_a_new_password(ready: World) -> None:
    """It is told, and so is the owner."""
    (ada,) = ready.users.list().items
    token = resetting(ready)
    ready.told.clear()
    reset = ready.reset.complete(token=token, password=NEW_PASSWORD)
    assert ready.users.get(ada.id) == reset
    assert reset.version == ada.version + 1
    assert ready.kinds() == ["PasswordChanged", "PasswordResetCompleted", "EmailVerified"]
    assert ready.letters() == [("password_reset_done", ADA)]
    with pytest.raises(InvalidCredentialsError):
        ready.session(password=PASSWORD)
    assert ready.session(password=NEW_PASSWORD)
    with pytest.raises(InvalidTokenError):
        ready.reset.complete(token=token, password=OTHER_PASSWORD)


def test_who_was_verified_is_not_verified_again(ready: World) -> None:
    """Then only the password is told of."""
    (ada,) = ready.users.list().items
    ready.change(ada, email_verified_at=ready.clock())
    token = resetting(ready)
    ready.told.clear()
    ready.clock.advance(minutes=1)
    reset = ready.reset.complete(token=token, password=NEW_PASSWORD)
    assert reset.email_verified_at == ready.clock() - timedelta(minutes=1)
    assert ready.kinds() == ["PasswordChanged", "PasswordResetCompleted"]


def test_who_has_no_password_gets_a_first_one() -> None:
    """Who reads the mail owns the account."""
    here = fresh()
    here.ada(password=None)
    here.mails()
    here.reset.complete(token=resetting(here), password=NEW_PASSWORD)
    assert here.session(password=NEW_PASSWORD)


def test_a_first_password_given_meanwhile_is_replaced() -> None:
    """The reset reads again, and wins."""
    memory = prepared(MemoryStore())
    here = world(memory)
    ada = here.ada(password=None)
    here.mails()
    token, rivals = resetting(here), [ada]

    def set_first(_: Store) -> None:
        if rivals:
            here.passwords.set(rivals.pop().id, password=OTHER_PASSWORD)

    late = world(OvertakenStore(memory, set_first), clock=here.clock)
    late.reset.complete(token=token, password=NEW_PASSWORD)
    assert here.session(password=NEW_PASSWORD)


def test_a_weak_password_does_not_spend_the_link(ready: World) -> None:
    """Nor does a server that has no time to hash one."""
    token = resetting(ready)
    with pytest.raises(WeakPasswordError):
        ready.reset.complete(token=token, password="short")
    assert ready.reset.complete(token=token, password=NEW_PASSWORD)


def test_an_overloaded_server_does_not_spend_the_link() -> None:
    """It can be tried again."""

    class Busy(InstantHasher):
        busy = False

        async def hash(self, password: str) -> str:
            if self.busy:
                raise OverloadedError
            return await super().hash(password)

    hasher = Busy()
    here = fresh(hasher=hasher)
    here.ada()
    here.mails()
    token = resetting(here)
    hasher.busy = True
    with pytest.raises(OverloadedError):
        here.reset.complete(token=token, password=NEW_PASSWORD)
    hasher.busy = False
    assert here.reset.complete(token=token, password=NEW_PASSWORD)


def test_a_token_that_opens_nothing_costs_no_hash() -> None:
    """So that nobody can keep the hasher busy with made-up links."""
    hasher = InstantHasher()
    here = fresh(hasher=hasher)
    for password in (NEW_PASSWORD, "short"):
        with pytest.raises(InvalidTokenError):
            here.reset.complete(token="ukl_nothing", password=password)
    assert hasher.runs == 0


def test_who_has_guessed_wrong_is_let_in_after_a_reset(ready: World) -> None:
    """The owner always gets back in, at once."""
    for _ in range(5):
        with pytest.raises(InvalidCredentialsError):
            ready.session(password="not the password")
    with pytest.raises(RateLimitedError):
        ready.session(password=PASSWORD)
    ready.reset.complete(token=resetting(ready), password=NEW_PASSWORD)
    assert ready.session(password=NEW_PASSWORD)


def test_a_limiter_that_fails_does_not_undo_a_reset(ready: World, caplog: pytest.LogCaptureFixture) -> None:
    """The password is new; the account opens when its time is up."""
    token = resetting(ready)

    class Unavailable:
        async def forget(self, *_: object) -> None:
            raise StoreUnavailableError

    complete = ready.built["password_reset"].complete
    prove = replace(complete.prove, guard=type("Guard", (), {"limiter": Unavailable()})())
    with caplog.at_level(logging.WARNING, "userkit.password_reset"):
        run(replace(complete, prove=prove)(token=token, password=NEW_PASSWORD))
    assert "could not be forgotten" in caplog.text
    assert ready.session(password=NEW_PASSWORD)


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
def test_asking_too_often_changes_neither_answer_nor_account(ready: World, email: str) -> None:
    """A few letters are sent, and for the others nothing is said."""
    for _ in range(10):
        ready.reset.request(email=email)
    assert len(ready.entries()) == 3


def test_one_client_cannot_ask_for_everybody(ready: World) -> None:
    """It is told to wait; others are not."""
    with coming_from(address="192.0.2.1"):
        for number in range(50):
            ready.reset.request(email=f"{number}@example.com")
        with pytest.raises(RateLimitedError):
            ready.reset.request(email="ada@example.com")
    with coming_from(address="192.0.2.2"):
        ready.reset.request(email="ada@example.com")
    assert ("reset_password", ADA) in ready.letters()


@pytest.mark.parametrize("email", ["", "ada", "ada@example.com, eve@example.com", None, ["ada@example.com"]])
def test_what_is_no_address_is_refused(ready: World, email: str) -> None:
    """Before anything is written."""
    with pytest.raises(InvalidEmailError):
        ready.reset.request(email=email)
    assert ready.entries() == ()


def test_without_a_mailer_nobody_can_ask() -> None:
    """It is said to everybody alike, and names what is missing."""
    here = fresh(mailer=NO_MAILER)
    here.ada()
    for email in ("ada@example.com", "nobody@example.com", "no address"):
        with pytest.raises(ConfigurationError, match="mailer"):
            here.reset.request(email=email)


def test_who_is_disabled_or_unknown_gets_no_letter(ready: World) -> None:
    """Nor does somebody who is disabled while the letter is on its way."""
    (ada,) = ready.users.list().items
    ready.reset.request(email="nobody@example.com")
    assert ready.letters() == []
    ready.reset.request(email="ada@example.com")
    ready.outbox.deliver(limit=1)
    ready.users.disable(ada.id)
    assert ready.letters() == []
    ready.reset.request(email="ada@example.com")
    assert ready.letters() == []
    assert ready.entries() == ()


def test_it_is_told_who_asked_from_where() -> None:
    """A moment later, when the address is looked up, for strangers as well."""
    store = MemoryStore()
    run(prepared(store).prepare([AUDIT]))
    here = world(store, audit())
    ada = here.ada()
    here.mails()
    with coming_from(address="192.0.2.1", user_agent="Lynx"):
        here.reset.request(email="ada@example.com")
        here.reset.request(email="nobody@example.com")
    here.mails()
    at = here.clock()
    assert here.told == [
        PasswordResetRequested(at=at, realm="default", user_id=ada.id),
        PasswordResetRequested(at=at, realm="default", user_id=None),
    ]
    trail = [each for each in run(store.find(AuditEntry)).items if each.event == "password_reset_requested"]
    assert [(each.user_id, each.address, each.user_agent) for each in trail] == [
        (ada.id, "192.0.2.1", "Lynx"),
        (None, "192.0.2.1", "Lynx"),
    ]


@pytest.mark.parametrize(
    ("how", "letters"),
    [
        ("change", [("password_changed", ADA)]),
        ("set", [("password_changed", ADA)]),
        ("import", []),
        ("remove", [("password_removed", ADA)]),
    ],
)
def test_owners_are_told_of_every_new_password(
    ready: World, how: str, letters: list[tuple[str, str]]
) -> None:
    """Save of one that is the same as they had elsewhere; from where it came is said."""
    (ada,) = ready.users.list().items
    with coming_from(address="192.0.2.1"):
        if how == "change":
            ready.passwords.change(ada.id, current_password=PASSWORD, new_password=NEW_PASSWORD)
        elif how == "set":
            ready.passwords.set(ada.id, password=NEW_PASSWORD)
        elif how == "import":
            ready.passwords.import_hash(ada.id, f"plain:{NEW_PASSWORD}")
        else:
            ready.passwords.remove(ada.id)
    mails = ready.mails()
    assert [(message.template, message.to) for message in mails] == letters
    assert all("192.0.2.1" in message.text for message in mails)


def test_nobody_is_told_where_there_is_nobody(ready: World) -> None:
    """A password of somebody who is gone concerns nobody."""
    (ada,) = ready.users.list().items
    ready.users.delete(ada.id)
    told = PasswordChanged(at=ready.clock(), user_id=ada.id, how="set")
    run(ready.parts.journal.commit(tell=[told]))
    assert ready.letters() == []


def test_the_lifetime_is_checked_at_start() -> None:
    """With the fix in the sentence."""
    with pytest.raises(ConfigurationError, match=r"password_reset\(lifetime=…\) is from a minute"):
        password_reset(lifetime=timedelta(0))
