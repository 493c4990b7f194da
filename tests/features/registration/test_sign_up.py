"""Opening accounts by the use case, in every mode and in both kits."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.features.surface import PASSWORD, SECRET, OpenSite, Site, features
from userkit import SyncUserKit, UserKit
from userkit.backends.mail import MemoryMailer
from userkit.errors import (
    ConfigurationError,
    EmailAlreadyExistsError,
    ForbiddenError,
    RateLimitedError,
    UnauthenticatedError,
    WeakPasswordError,
)
from userkit.features.email_verification import email_verification
from userkit.features.mail import mail
from userkit.features.registration import RegistrationMode, registration
from userkit.features.users import User
from userkit.kernel.identity import Identity
from userkit.ports.rate_limit import Limit
from userkit.testing import FrozenClock, InstantHasher

PRIVATE = (registration("private"), email_verification(required=True))
ADA = {"email": "ada@example.com", "name": "Ada Lovelace", "password": PASSWORD}
SIDES = ["SyncUserKit", "UserKit"]


class Desk:
    """A kit of either kind, asked in the same way."""

    def __init__(self, side: str, *given: Any) -> None:
        """Open a kit over an empty store."""
        self.runner = asyncio.Runner() if side == "UserKit" else None
        self.mailer = MemoryMailer()
        kind: Any = UserKit if self.runner else SyncUserKit
        self.kit: Any = kind(
            "memory://",
            secret=SECRET,
            clock=FrozenClock(),
            hasher=InstantHasher(),
            mailer=self.mailer,
            base_url="https://app.example",
            relay=False,
            features=features(*given),
        )
        self.do(self.kit.open())

    def do(self, called: Any) -> Any:
        """Return what a call results in."""
        return self.runner.run(called) if self.runner and asyncio.iscoroutine(called) else called

    def sign_up(self, **changes: Any) -> Any:
        """Open Ada's account; what is given differs."""
        return self.do(self.kit.registration.sign_up(**{**ADA, **changes}))

    def signed_in(self, name: str, *roles: str) -> Identity:
        """Return somebody who has signed in."""
        user = self.do(self.kit.users.register(email=f"{name}@example.com", name=name))
        for role in roles:
            self.do(self.kit.roles.assign(user.id, role))
        return Identity(user_id=user.id, session_id=user.id, authenticated_at=user.created_at)

    def letters(self) -> list[tuple[str, str]]:
        """Deliver what is due, and return what was sent."""
        while self.do(self.kit.outbox.deliver()).done:
            pass
        return [(message.template, message.to) for message in self.mailer.sent]

    def close(self) -> None:
        """Close the kit."""
        self.do(self.kit.close())
        if self.runner:
            self.runner.close()


@pytest.fixture
def open_desk(request: pytest.FixtureRequest) -> Any:
    """What opens a kit of each kind."""

    def open_one(side: str, *given: Any) -> Desk:
        desk = Desk(side, *given)
        request.addfinalizer(desk.close)
        return desk

    return open_one


@pytest.mark.parametrize("side", SIDES)
def test_open_registration_returns_the_user(open_desk: Any, side: str) -> None:
    """Or says that the address is taken."""
    desk = open_desk(side)
    assert desk.kit.registration.mode is RegistrationMode.OPEN
    user = desk.sign_up(attributes={"plan": "free"})
    assert isinstance(user, User)
    assert desk.do(desk.kit.users.get(user.id)) == user
    with pytest.raises(EmailAlreadyExistsError):
        desk.sign_up(email="ADA@example.com")
    with pytest.raises(WeakPasswordError):
        desk.sign_up(email="bob@example.com", password="short")


@pytest.mark.parametrize("side", SIDES)
def test_az_1_closed_registration_asks_who_it_is(open_desk: Any, side: str) -> None:
    """And whether they may open accounts for others."""
    desk = open_desk(side, registration("closed"))
    with pytest.raises(UnauthenticatedError):
        desk.sign_up()
    with pytest.raises(ForbiddenError):
        desk.sign_up(by=desk.signed_in("bob", "users-read"))
    assert desk.sign_up(by=desk.signed_in("holder", "users-write")).email == "ada@example.com"
    entries = desk.do(desk.kit.audit.list(limit=100)).items
    assert "permission_denied" in [each.event for each in entries]


@pytest.mark.parametrize("side", SIDES)
def test_private_registration_returns_nothing(open_desk: Any, side: str) -> None:
    """To anybody but the staff; the mail tells."""
    desk = open_desk(side, *PRIVATE)
    assert desk.sign_up() is None
    assert desk.sign_up() is None
    assert desk.sign_up(by=desk.signed_in("bob")) is None
    staff = desk.signed_in("staff", "users-write")
    assert desk.sign_up(email="grace@example.com", by=staff).email == "grace@example.com"
    with pytest.raises(EmailAlreadyExistsError):
        desk.sign_up(by=staff)
    to_ada = sorted(template for template, to in desk.letters() if to == "ada@example.com")
    assert to_ada == ["already_registered", "already_registered", "verify_email"]


@pytest.mark.parametrize("side", SIDES)
def test_registrations_are_limited(open_desk: Any, side: str) -> None:
    """As the application wants; for the staff they are not."""
    limit = Limit(name="mine", attempts=2, within=timedelta(minutes=1))
    desk = open_desk(side, registration(limit=limit))
    staff = desk.signed_in("staff", "users-write")
    for number in range(2):
        desk.sign_up(email=f"user{number}@example.com")
    with pytest.raises(RateLimitedError) as caught:
        desk.sign_up()
    assert 0 < caught.value.retry_after <= 60
    assert desk.sign_up(by=staff).email == "ada@example.com"


def test_how_many_letters_an_owner_gets_is_a_setting(open_site: OpenSite) -> None:
    """Here it is one."""
    limit = Limit(name="letters", attempts=1, within=timedelta(days=1))
    site = open_site(registration("private", owner_limit=limit), PRIVATE[1])
    for _ in range(4):
        site.kit.registration.sign_up(**ADA)  # type: ignore[arg-type]
    assert site.letters() == [("verify_email", "ada@example.com"), ("already_registered", "ada@example.com")]


def test_a_letter_about_an_account_that_is_gone_is_none(open_site: OpenSite) -> None:
    """It was deleted in the meantime, so that nobody has the address."""
    site: Site = open_site(*PRIVATE)
    ada = site.person("ada", verified=True)
    before = len(site.letters())
    assert site.kit.registration.sign_up(**ADA) is None  # type: ignore[arg-type]
    site.kit.users.delete(ada.id)
    assert site.letters()[before:] == []


@pytest.mark.parametrize("mode", ["Open", "", "invite", None, 1])
def test_there_are_three_modes(mode: Any) -> None:
    """Another is refused at start-up, with those there are."""
    with pytest.raises(ConfigurationError, match='"open", "closed" or "private"'):
        registration(mode)


@pytest.mark.parametrize("kind", [SyncUserKit, UserKit])
def test_private_registration_is_refused_where_it_would_tell_after_all(kind: Any) -> None:
    """Without a mailer, and where people sign in before they have confirmed their address."""
    given: dict[str, Any] = {"secret": SECRET, "hasher": InstantHasher()}
    with pytest.raises(ConfigurationError, match="give the kit a mailer"):
        kind("memory://", features=list(PRIVATE), **given)
    given |= {"mailer": MemoryMailer(), "base_url": "https://app.example"}
    sender = mail(sender="App <no-reply@app.example>")
    with pytest.raises(ConfigurationError, match=r"email_verification\(required=True\)"):
        kind("memory://", features=[registration("private"), sender], **given)
    silent = email_verification(required=True, on_registration=False)
    with pytest.raises(ConfigurationError, match="on_registration=False"):
        kind("memory://", features=[registration("private"), silent, sender], **given)
    assert kind("memory://", features=[*PRIVATE, sender], **given)
