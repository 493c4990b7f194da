"""An address is verified with the link that was sent to it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.features.email_verification.world import (
    ADA,
    NO_MAILER,
    PASSWORD,
    World,
    fresh,
    prepared,
    token_in,
    world,
)
from tests.storage.doubles import OvertakenStore
from userkit.backends.memory import MemoryStore
from userkit.errors import (
    ConfigurationError,
    EmailNotVerifiedError,
    InvalidCredentialsError,
    InvalidTokenError,
    RateLimitedError,
    UserNotFoundError,
)
from userkit.features.email_verification import EmailVerified, email_verification
from userkit.features.users import UserRegistered
from userkit.kernel.identity import Identity
from userkit.storage.port import Store
from userkit.sync import run


def identity(here: World, user_id: str) -> Identity:
    """Return somebody who is signed in."""
    return Identity(user_id=user_id, session_id=user_id, authenticated_at=here.clock())


def test_who_registers_is_sent_a_link(here: World) -> None:
    """In the commit that adds them, to the address as they typed it."""
    here.users.register(email=ADA, name="Ada Lovelace")
    (entry,) = here.entries()
    assert entry.topic == "letter"
    (letter,) = here.mails()
    assert (letter.template, letter.to) == ("verify_email", ADA)
    assert "https://app.example/verify-email#token=ukl_" in letter.text
    assert "24 hours" in letter.text or "1 day" in letter.text


@pytest.mark.parametrize(
    "made",
    [
        lambda: fresh(email_verification(on_registration=False)),
        lambda: fresh(mailer=NO_MAILER),
    ],
    ids=["not wanted", "no mailer"],
)
def test_who_registers_may_be_left_alone(made: Callable[[], World]) -> None:
    """Where it is not wanted, or no mail can be sent."""
    here = made()
    here.ada()
    assert here.entries() == ()


def test_a_link_verifies_the_address(here: World) -> None:
    """Once, and it is told."""
    ada = here.ada()
    here.clock.advance(minutes=5)
    token = here.token("verify_email")
    verified = here.verification.complete(token=token)
    assert verified.email_verified_at == here.clock()
    assert here.users.get(ada.id) == verified
    assert here.told[0] == EmailVerified(at=here.clock(), realm="default", user=verified, claimed=True)
    with pytest.raises(InvalidTokenError):
        here.verification.complete(token=token)


def test_a_link_can_be_asked_for_again(here: World) -> None:
    """The newest is the one that is good."""
    ada = here.ada()
    first = here.token("verify_email")
    here.clock.advance(minutes=1)
    here.verification.request(ada.id)
    assert here.kinds() == ["EmailVerificationRequested"]
    second = here.token("verify_email")
    assert first != second
    with pytest.raises(InvalidTokenError):
        here.verification.complete(token=first)
    assert here.verification.complete(token=second).is_email_verified


def test_who_is_verified_or_disabled_is_sent_nothing(here: World) -> None:
    """Neither when they ask, nor when a letter was on its way already."""
    ada = here.ada()
    here.verification.request(ada.id)
    verified = here.change(ada, email_verified_at=here.clock())
    here.verification.request(ada.id)
    assert here.letters() == []
    here.users.disable(here.change(verified, email_verified_at=None).id)
    here.verification.request(ada.id)
    assert here.entries() == ()


def test_letters_to_who_is_gone_are_dropped(here: World) -> None:
    """There is no more point in them."""
    ada = here.ada()
    here.users.delete(ada.id)
    assert here.letters() == []
    assert [entry.topic for entry in here.entries()] == ["user.deleted"]


def test_asking_again_and_again_is_limited(here: World) -> None:
    """A mailbox is not to be flooded."""
    ada = here.ada()
    for _ in range(3):
        here.verification.request(ada.id)
    with pytest.raises(RateLimitedError):
        here.verification.request(ada.id)
    assert len(here.letters()) <= 4


@pytest.mark.parametrize("user_id", ["", "nobody", "01890a5d-ac96-774b-bcce-b302099a8057"])
def test_who_does_not_exist_is_not_found(here: World, user_id: str) -> None:
    """Whoever asks for them."""
    with pytest.raises(UserNotFoundError):
        here.verification.request(user_id)
    with pytest.raises(UserNotFoundError):
        here.verification.change(user_id, email="ada@new.example")


def test_without_a_mailer_nothing_can_be_asked_for() -> None:
    """The error says what is missing, for everybody alike."""
    here = fresh(mailer=NO_MAILER)
    ada = here.ada()
    for user_id in (ada.id, "nobody"):
        with pytest.raises(ConfigurationError, match="mailer"):
            here.verification.request(user_id)
        with pytest.raises(ConfigurationError, match="mailer"):
            here.verification.change(user_id, email="ada@new.example")


def test_the_owner_keeps_everything_by_being_signed_in(here: World) -> None:
    """Password and sessions stay as they were."""
    ada = here.ada()
    session = here.session()
    verified = here.verification.complete(token=here.token("verify_email"), identity=identity(here, ada.id))
    assert verified.is_email_verified
    assert here.is_open(session)
    assert here.passwords.exists(ada.id)
    assert here.kinds() == ["EmailVerified"]
    assert here.letters() == []


def test_the_owner_keeps_everything_by_the_password(here: World) -> None:
    """A wrong one is refused, and the link is still good."""
    here.ada()
    session, token = here.session(), here.token("verify_email")
    with pytest.raises(InvalidCredentialsError):
        here.verification.complete(token=token, password="not the password")
    assert here.verification.complete(token=token, password=PASSWORD).is_email_verified
    assert here.is_open(session)
    assert here.kinds() == ["PasswordRefused", "EmailVerified"]


def test_guessing_the_password_is_limited(here: World) -> None:
    """As on every path that proves one."""
    here.ada()
    token = here.token("verify_email")
    for _ in range(5):
        with pytest.raises(InvalidCredentialsError):
            here.verification.complete(token=token, password="not the password")
    with pytest.raises(RateLimitedError):
        here.verification.complete(token=token, password=PASSWORD)


def test_a_claimed_account_loses_what_was_there(here: World) -> None:
    """The password and the sessions, in the same commit; the owner is told."""
    ada = here.ada()
    session, token = here.session(), here.token("verify_email")
    claimed = here.verification.complete(token=token)
    assert claimed.version == ada.version + 1
    assert here.credential(ada) is None
    assert not here.is_open(session)
    assert here.kinds() == ["EmailVerified", "PasswordRemoved"]
    assert here.letters() == [("password_removed", ADA)]


def test_an_account_without_a_password_is_claimed_as_well(here: World) -> None:
    """Then only sessions are ended."""
    ada = here.ada(password=None)
    claimed = here.verification.complete(token=here.token("verify_email"))
    assert claimed.session_epoch == ada.session_epoch + 1
    assert here.kinds() == ["EmailVerified"]


def test_somebody_else_who_is_signed_in_is_nobody(here: World) -> None:
    """Being signed in to another account shows nothing about this one."""
    ada = here.ada()
    grace = here.users.register(email="grace@example.com", name="Grace Hopper")
    (letter,) = [each for each in here.mails() if each.to == ADA]
    here.verification.complete(token=token_in(letter.text), identity=identity(here, grace.id))
    assert here.credential(ada) is None


def test_verifying_again_takes_nothing_away(here: World) -> None:
    """A link that is still there when the address was verified otherwise is spent, and that is all."""
    ada = here.ada()
    token = here.token("verify_email")
    verified = here.change(ada, email_verified_at=here.clock())
    assert here.verification.complete(token=token) == verified
    assert here.passwords.exists(ada.id)
    assert here.kinds() == []
    with pytest.raises(InvalidTokenError):
        here.verification.complete(token=token)


@pytest.mark.parametrize("verified", [True, False])
def test_where_it_is_required_nobody_signs_in_unverified(verified: bool) -> None:
    """It is said to those who know the password only."""
    here = fresh(email_verification(required=True))
    ada = here.ada()
    with pytest.raises(InvalidCredentialsError):
        here.session(password="not the password")
    with pytest.raises(EmailNotVerifiedError):
        here.session()
    here.change(ada, email_verified_at=here.clock())
    assert here.session()


def test_a_password_changed_meanwhile_is_proved_again() -> None:
    """What was proved is the account as it is when it is committed."""
    memory = prepared(MemoryStore())
    here = world(memory)
    ada = here.ada()
    token = here.token("verify_email")
    rivals = [ada]

    def set_another(_: Store) -> None:
        if rivals:
            here.passwords.set(rivals.pop().id, password="another password altogether")

    late = world(OvertakenStore(memory, set_another), clock=here.clock)
    with pytest.raises(InvalidCredentialsError):
        late.verification.complete(token=token, password=PASSWORD)
    assert not here.users.get(ada.id).is_email_verified
    assert here.passwords.exists(ada.id)


@pytest.mark.parametrize("name", ["lifetime", "change_lifetime"])
def test_lifetimes_are_checked_at_start(name: str) -> None:
    """With the fix in the sentence."""
    lifetimes: dict[str, Any] = {name: timedelta(0)}
    with pytest.raises(ConfigurationError, match=rf"email_verification\({name}=…\) is from a minute"):
        email_verification(**lifetimes)


def test_a_user_who_is_verified_at_birth_is_not_asked(here: World) -> None:
    """As when they are brought along from elsewhere."""
    ada = here.ada()
    here.mails()
    here.change(ada, email_verified_at=here.clock())
    told = UserRegistered(at=here.clock(), user=here.users.get(ada.id))
    run(here.parts.journal.commit(tell=[told]))
    assert here.entries() == ()
