"""Signing up, signing in, signing out, and confirming the password."""

from collections.abc import Sequence

import pytest

from tests.features.surface import NEW_PASSWORD, PASSWORD, Site, alike
from tests.pages.conftest import OpenPages
from tests.pages.walker import Walker
from userkit import UserNotFoundError
from userkit.errors import ProofRequiredError
from userkit.feature import Feature, Parts
from userkit.features.email_verification import email_verification
from userkit.features.passwords import PasswordCredential
from userkit.features.registration import registration
from userkit.features.sessions import SignInAttempt
from userkit.features.sessions.offer import Sessions
from userkit.storage.changes import Remove
from userkit.sync import run

PROBE = "<script>alert(1)</script>"


def second_factor() -> Feature[None, None]:
    """Return a feature that asks everybody for a code, which is 123456."""

    async def check(attempt: SignInAttempt) -> Sequence[str]:
        if attempt.proofs.get("otp") != "123456":
            raise ProofRequiredError(methods=("otp",))
        return ("otp",)

    def build(parts: Parts) -> None:
        parts.offer(Sessions).checks.append(check)

    return Feature(name="factor", requires=("sessions",), build=build, mirror=lambda _: None)


def test_somebody_signs_up_and_is_signed_in(site: Site, walker: Walker) -> None:
    """The account is there, a letter is on its way, and nothing is to be typed again."""
    walker.goto("/sign-up")
    page = walker.send(name="Grace Hopper", email="grace@example.com", password=PASSWORD)
    assert (page.path, page.done) == ("/account?did=welcome", ["Welcome. Your account is open."])
    assert "Grace Hopper" in page.markup.text
    assert ("verify_email", "grace@example.com") in site.letters()


@pytest.mark.parametrize(
    ("typed", "status", "field", "told"),
    [
        ({"email": "no address"}, 400, "email", "address"),
        ({"email": ""}, 400, "email", "address"),
        ({"email": "ADA@example.com"}, 409, "email", "Another account has this e-mail address."),
        ({"name": ""}, 400, "name", "A name has at least one visible character."),
        ({"name": "a\u202eb"}, 400, "name", "A name holds no control characters."),
        ({"password": "short"}, 400, "password", "A password has at least 15 characters."),
        ({"password": "passwordpassword"}, 400, "password", "easy to guess"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    site: Site, walker: Walker, typed: dict[str, str], status: int, field: str, told: str
) -> None:
    """The field is focused and described by the sentence; what was typed stays, except the password."""
    given = {"name": "Grace Hopper", "email": "grace@example.com", "password": PASSWORD, **typed}
    walker.goto("/sign-up")
    page = walker.send(**given)
    assert page.status == status
    assert page.markup.title.startswith("Problem: ")
    (alert,) = page.alerts
    assert told in alert
    (wrong,) = [each for each in page.markup.fields if each["aria-invalid"]]
    assert wrong["name"] == field
    assert "autofocus" in wrong.attributes
    assert f"{field}-error" in wrong["aria-describedby"].split()
    values = page.markup.forms[0].values()
    assert values == {"name": given["name"], "email": given["email"], "password": ""}
    assert walker.cookies == {}


@pytest.mark.parametrize("field", ["name", "email"])
def test_what_somebody_types_is_never_markup(walker: Walker, field: str) -> None:
    """Not where it is shown again."""
    walker.goto("/sign-up")
    page = walker.send(**{"name": "x", "email": "x", "password": "x", field: f'"><{PROBE}'})
    assert page.status == 400
    assert PROBE not in page.markup.html
    assert page.markup.forms[0].values()[field] == f'"><{PROBE}'


def test_a_name_is_never_markup(walker: Walker) -> None:
    """On none of the pages that show it."""
    walker.goto("/sign-up")
    page = walker.send(name=PROBE, email="grace@example.com", password=PASSWORD)
    assert PROBE in page.markup.text
    walker.goto("/new-api-key")
    shown = walker.send(name=PROBE, days="30")
    assert shown.status == 201
    for path in ("/account", "/profile", "/sessions", "/api-keys"):
        assert PROBE not in walker.goto(path).markup.html
    assert PROBE not in shown.markup.html


def test_private_registration_tells_the_same_to_everybody(open_pages: OpenPages) -> None:
    """Whether or not the address has an account, a letter tells how to go on."""
    site = open_pages(registration("private"), email_verification(required=True))
    site.kit.users.register(email="ada@example.com", name="Ada Lovelace", password=PASSWORD)
    pages = []
    for email in ("ada@example.com", "grace@example.com"):
        walker = Walker(site)
        walker.goto("/sign-up")
        pages.append(walker.send(name="Somebody", email=email, password=PASSWORD))
        assert walker.cookies == {}
    assert pages[0].path == "/sign-in?did=look-into-your-mail"
    alike(page.response for page in pages)


def test_where_addresses_must_be_confirmed_nobody_is_signed_in_before(open_pages: OpenPages) -> None:
    """Whoever signs up is told to look into their mail, and so is whoever signs in too early."""
    site = open_pages(email_verification(required=True))
    walker = Walker(site)
    walker.goto("/sign-up?next=/sessions")
    page = walker.send(name="Grace", email="grace@example.com", password=PASSWORD)
    assert page.done == ["Nearly done: follow the link in the mail that we have sent to you."]
    early = walker.send(email="grace@example.com", password=PASSWORD)
    assert (early.status, early.alerts) == (403, ["Confirm your e-mail address first."])
    assert walker.cookies == {}
    walker.goto("/verify-email")
    walker.send(link=site.token("verify_email", "grace@example.com"), password=PASSWORD, how="password")
    walker.goto("/sign-in?next=/sessions")
    assert walker.send(email="grace@example.com", password=PASSWORD).path == "/sessions"


def test_lg_3_who_cannot_sign_in_is_told_the_same(site: Site) -> None:
    """Unknown, wrong, disabled and without a password: one status, one page, the same headers."""
    kit = site.kit
    kit.users.register(email="none@example.com", name="None")
    gone = kit.users.register(email="gone@example.com", name="Gone", password=PASSWORD)
    kit.users.disable(gone.id)
    pages = []
    for email, password in [
        ("ada@example.com", "wrong"),
        ("nobody@example.com", PASSWORD),
        ("none@example.com", PASSWORD),
        ("gone@example.com", PASSWORD),
        ("ada@example.com", ""),
        ("no address", "x"),
    ]:
        walker = Walker(site)
        walker.goto("/sign-in")
        page = walker.send(email=email, password=password)
        assert page.markup.forms[0].values()["email"] == email
        pages.append((page.status, page.response.headers, page.markup.html.replace(email, "")))
        assert walker.cookies == {}
    assert pages[0][0] == 401
    assert all(page == pages[0] for page in pages)


def test_lg_1_too_many_attempts_wait_and_say_how_long(site: Site, walker: Walker) -> None:
    """The page has Retry-After for programs and a sentence for people."""
    walker.goto("/sign-in")
    for _ in range(5):
        walker.send(email="ada@example.com", password="wrong")
    page = walker.send(email="ada@example.com", password=PASSWORD)
    assert page.status == 429
    assert int(page.response.header("retry-after") or 0) > 0
    assert page.alerts[0].startswith("Too many attempts. Try again in ")


def test_a_second_factor_is_asked_for(open_pages: OpenPages) -> None:
    """The page asks for the proof that is missing; a wrong one is asked for again."""
    site = open_pages(second_factor())
    walker = Walker(site)
    walker.goto("/sign-up")
    page = walker.send(name="Grace", email="grace@example.com", password=PASSWORD)
    assert page.path == "/sign-in?did=welcome"
    page = walker.send(email="grace@example.com", password=PASSWORD)
    assert page.status == 401
    assert page.alerts == ["One more proof is needed. Type your password again, and the proof below it."]
    (code,) = [each for each in page.markup.fields if each["name"] == "proof-otp"]
    assert code["autocomplete"] == "one-time-code"
    page = walker.send(password=PASSWORD, proof__otp="000000")
    assert page.status == 401
    assert "000000" not in page.markup.html
    assert walker.send(password=PASSWORD, proof__otp="123456").path == "/account"


def test_signing_in_again_ends_the_session_that_the_browser_had(site: Site, ada: Walker) -> None:
    """Else nobody could end it any more."""
    before = dict(ada.cookies)
    ada.ask("POST", "/sign-in", form={"email": "ada@example.com", "password": PASSWORD})
    assert ada.cookies["__Host-userkit"] != before["__Host-userkit"]
    assert Walker(site, cookies=before).goto("/account").path.startswith("/sign-in")
    assert ada.goto("/account").path == "/account"


def test_signing_out_ends_the_session(site: Site, ada: Walker) -> None:
    """The cookie is taken back, and a copy of it opens nothing."""
    copied = dict(ada.cookies)
    ada.goto("/sign-out")
    page = ada.send()
    assert (page.path, page.done) == ("/sign-in?did=signed-out", ["You are signed out."])
    assert ada.cookies == {}
    assert Walker(site, cookies=copied).goto("/account").path.startswith("/sign-in")


def test_the_button_in_the_header_signs_out(ada: Walker) -> None:
    """From wherever one is."""
    ada.goto("/profile")
    assert ada.send(0).path == "/sign-in?did=signed-out"


@pytest.mark.parametrize("path", ["/new-api-key", "/delete-account", "/new-email"])
def test_what_is_dangerous_asks_for_the_password_and_goes_on(site: Site, ada: Walker, path: str) -> None:
    """Six minutes after signing in; a wrong password is said at its field."""
    site.clock.advance(minutes=6)
    asked = ada.goto(path)
    assert asked.path == f"/confirm-password?next={path.replace('/', '%2F')}"
    wrong = ada.send(password=NEW_PASSWORD)
    assert (wrong.status, wrong.alerts) == (401, ["Problem: This is not your password."])
    assert ada.send(password=PASSWORD).path == path


@pytest.mark.parametrize(
    ("path", "form"), [("/delete-account", {"sure": "yes"}), ("/new-api-key", {"name": "x"})]
)
def test_a_form_that_was_open_for_long_does_nothing(
    site: Site, ada: Walker, path: str, form: dict[str, str]
) -> None:
    """The password is asked for when the form is sent, too."""
    ada.goto(path)
    site.clock.advance(minutes=6)
    assert ada.send(**form).path.startswith("/confirm-password?")
    assert site.kit.users.get_by_email("ada@example.com")


def test_who_has_no_password_is_led_to_one(site: Site, ada: Walker) -> None:
    """Where the password would be asked for, and where it would be changed."""
    user, store = site.kit.users.get_by_email("ada@example.com"), site.surface.users.get.store
    held = run(store.get(PasswordCredential, user.id))
    assert held is not None
    # It goes, and the sessions stay: so it is with people who have another way to sign in.
    run(store.commit(Remove(held)))
    for path in ("/change-password", "/confirm-password"):
        page = ada.goto(path)
        assert "Your account has no password." in page.markup.text
        assert page.markup.links["Choose a password"] == "/forgot-password"


@pytest.mark.parametrize(
    "next",
    ["//evil.example", "https://evil.example", "/\\evil.example", "/a\nb", "javascript:alert(1)", "evil"],
)
def test_nobody_is_sent_to_another_site(site: Site, next: str) -> None:
    """Neither by the address nor by a hidden field."""
    walker = Walker(site)
    form = {"email": "ada@example.com", "password": PASSWORD, "next": next}
    assert walker.ask("POST", "/sign-in", form=form).header("location") == "/account"
    form = {"csrf": walker.cookies["__Host-userkit-csrf"], "password": PASSWORD, "next": next}
    assert walker.ask("POST", "/confirm-password", form=form).header("location") == "/account"


def test_an_account_that_is_deleted_meanwhile_is_signed_out(site: Site, ada: Walker) -> None:
    """The next form leads to signing in."""
    ada.goto("/profile")
    site.kit.users.delete(site.kit.users.get_by_email("ada@example.com").id)
    assert ada.send(name="Ada").path.startswith("/sign-in")
    with pytest.raises(UserNotFoundError):
        site.kit.users.get_by_email("ada@example.com")


def test_what_is_said_at_the_top_is_never_from_the_address(walker: Walker) -> None:
    """Only a code is, and an unknown one says nothing."""
    for did in ("<b>x</b>", "Your+account+is+in+danger", "problem"):
        page = walker.goto(f"/sign-in?did={did}")
        assert page.done == []
        assert "danger" not in page.markup.html
