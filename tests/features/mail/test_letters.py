"""Letters: written with what they tell of, delivered after it, given up or tried again."""

import logging
import threading
from dataclasses import replace
from typing import Any

import pytest

from tests.features.mail.world import EMAIL, HOUR, USER_ID, FakeMailer, World, world
from tests.features.parts import parts_over
from userkit.backends.memory import MemoryStore
from userkit.errors import ConfigurationError, MailRefusedError, MailUnavailableError, UsageError
from userkit.features.mail import LetterFailed, LetterKind, Letters, SyncLetters, mail
from userkit.features.outbox import Delivery, OutboxEntry, outbox
from userkit.features.users import users

TOKEN = "ukl_secret/token+"


@pytest.fixture
def here() -> World:
    """Nobody has written yet."""
    return world()


async def made(entry: OutboxEntry) -> str | None:
    """Make the same token each time."""
    return TOKEN


def test_a_letter_is_sent_after_the_commit_it_is_in(here: World) -> None:
    """To the stored address, with what the feature said of it."""
    here.write("email_changed", context={"user_name": "Ada", "new_email": "ada@new.example"})
    (entry,) = here.waiting()
    assert here.mailer.sent == []
    assert here.outbox.deliver() == Delivery(done=1)
    (message,) = here.mailer.sent
    assert (message.id, message.to, message.template) == (entry.id, EMAIL, "email_changed")
    assert message.subject == "Your address at Engine has changed"
    assert "Hello Ada," in message.text
    assert "ada@new.example" in message.text
    assert "2026-01-01 00:00 UTC" in message.text
    assert message.html is not None
    assert message.sender is None
    assert here.waiting() == ()


def test_vf_3_a_link_is_built_from_the_configured_address(here: World) -> None:
    """With the token in the fragment, where neither servers nor other sites see it."""
    here.letters.link_for("verify_email", made, lifetime=HOUR)
    here.write("verify_email", link="verify_email")
    here.outbox.deliver()
    url = "https://app.example/verify-email#token=ukl_secret%2Ftoken%2B"
    assert url in here.mailer.sent[0].text.splitlines()
    assert "for 1 hour" in here.mailer.sent[0].text
    assert f'href="{url}"' in (here.mailer.sent[0].html or "")


def test_an_application_names_the_pages_of_links() -> None:
    """A purpose without a page has one of its own name."""
    here = world(mail(paths={"verify_email": "/welcome?lang=en"}))
    for purpose in ("verify_email", "reset_password"):
        here.letters.link_for(purpose, made, lifetime=HOUR)
        here.write(purpose, link=purpose)
    here.outbox.deliver()
    first, second = (message.text for message in here.mailer.sent)
    assert "\nhttps://app.example/welcome?lang=en#token=" in first
    assert "\nhttps://app.example/reset-password#token=" in second


def test_st_3_no_token_is_in_the_outbox(here: World) -> None:
    """It is made when the letter is delivered, from the note that was written with it."""
    asked: list[OutboxEntry] = []

    async def make(entry: OutboxEntry) -> str | None:
        asked.append(entry)
        return TOKEN

    here.letters.link_for("verify_email", make, lifetime=HOUR)
    here.write("verify_email", link="verify_email", note={"nonce": "abc"})
    assert TOKEN not in repr(here.waiting())
    here.mailer.failures.append(MailUnavailableError())
    assert here.outbox.deliver() == Delivery(failed=1)
    assert TOKEN not in repr(here.waiting())
    assert [entry.payload["note"] for entry in asked] == [{"nonce": "abc"}]
    assert asked[0].user_id == USER_ID


def test_a_letter_without_a_point_is_not_sent(here: World) -> None:
    """The user is gone, or has what the link is for."""

    async def pointless(entry: OutboxEntry) -> str | None:
        return None

    here.letters.link_for("verify_email", pointless, lifetime=HOUR)
    here.write("verify_email", link="verify_email")
    assert here.outbox.deliver() == Delivery(done=1)
    assert here.mailer.sent == []
    assert here.waiting() == ()
    assert here.refused == []


def test_a_letter_is_tried_again_until_the_server_is_back(here: World) -> None:
    """It is the same message each time, so that a mailbox recognises it."""
    here.write("password_changed")
    (entry,) = here.waiting()
    here.mailer.failures.extend([MailUnavailableError(), MailUnavailableError()])
    for _ in range(2):
        assert here.outbox.deliver() == Delivery(failed=1)
        here.clock.advance(minutes=1)
    assert here.outbox.deliver() == Delivery(done=1)
    assert [message.id for message in here.mailer.sent] == [entry.id]
    assert here.refused == []


def test_a_letter_that_is_refused_is_given_up(here: World, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged without the address, and told to whoever listens."""
    caplog.set_level(logging.INFO)
    here.write("password_changed")
    here.mailer.failures.append(MailRefusedError("The mail server answered 550 while naming the recipient."))
    assert here.outbox.deliver() == Delivery(done=1)
    assert here.waiting() == ()
    assert here.refused == [
        LetterFailed(at=here.clock(), realm="default", user_id=USER_ID, letter="password_changed")
    ]
    (record,) = [each for each in caplog.records if each.name == "userkit.mail"]
    assert record.levelno == logging.WARNING
    assert "answered 550" in record.getMessage()
    assert record.__dict__["user_id"] == USER_ID
    assert EMAIL.lower() not in (caplog.text + repr(record.__dict__)).lower()


def test_st_4_no_log_holds_a_letter(here: World, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the token nor the name nor the address, at any level, however it ends."""
    caplog.set_level(logging.DEBUG)
    here.letters.link_for("verify_email", made, lifetime=HOUR)
    for failure in (None, MailRefusedError(), MailUnavailableError(), OSError(f"{EMAIL} {TOKEN}")):
        here.mailer.failures.extend([failure] if failure else [])
        here.write("verify_email", link="verify_email")
        here.outbox.deliver()
    said = "".join(repr(record.__dict__) for record in caplog.records).lower()
    assert "secret" not in said
    assert "lovelace" not in said
    assert EMAIL.lower() not in said


def test_a_template_that_fails_later_may_be_mended(here: World) -> None:
    """Such a letter stays in the outbox."""
    feature = mail(templates=_loader("Subject: a\n\n{{ 1 // (user_name|length - 5) }}"))
    other = world(feature)
    other.write("password_changed", context={"user_name": "Grace"})
    assert other.outbox.deliver() == Delivery(failed=1)
    assert len(other.waiting()) == 1
    assert other.mailer.sent == []


def _loader(template: str) -> Any:
    from jinja2 import DictLoader

    return DictLoader({"password_changed.txt": template})


@pytest.mark.parametrize(
    ("letter", "changes", "lacks"),
    [
        ("email_changed", {}, "new_email"),
        ("verify_email", {}, "a link"),
        ("password_changed", {"link": "verify_email"}, "no link"),
        ("welcome", {}, "no kind of letter called welcome"),
    ],
)
def test_a_letter_that_lacks_something_is_not_written(
    here: World, letter: str, changes: dict[str, str], lacks: str
) -> None:
    """The mistake is found in the call, and not when it is too late."""
    with pytest.raises(UsageError, match=lacks):
        here.write(letter, **changes)
    assert here.waiting() == ()


def test_nobody_makes_a_link_that_was_promised(here: World) -> None:
    """The letter stays until a kit with the feature comes along."""
    here.write("verify_email", link="verify_email")
    assert here.outbox.deliver() == Delivery(failed=1)
    here.letters.link_for("verify_email", made, lifetime=HOUR)
    here.clock.advance(minutes=1)
    assert here.outbox.deliver() == Delivery(done=1)


def test_links_for_a_purpose_are_made_by_one_feature(here: World) -> None:
    """Two would not agree on what a token is."""
    here.letters.link_for("verify_email", made, lifetime=HOUR)
    with pytest.raises(UsageError, match="Two features make links for verify_email"):
        here.letters.link_for("verify_email", made, lifetime=HOUR)


def test_without_a_mailer_nothing_is_written() -> None:
    """Notices are left out; what cannot do without mail says how to send it."""
    built: dict[str, Any] = {}
    parts = parts_over(MemoryStore(), built=built)
    built["users"] = users().build(parts)
    built["outbox"] = outbox().build(parts)
    letters = mail().build(parts)
    assert not letters.available
    assert letters.notice("password_changed", user_id=USER_ID, to=EMAIL) == ()
    letters.link_for("verify_email", made, lifetime=HOUR)
    letters.link_for("verify_email", made, lifetime=HOUR)
    letters.add(LetterKind(name="welcome"))
    with pytest.raises(ConfigurationError, match=r'mailer="smtp://.*base_url="https://'):
        letters.write("password_changed", user_id=USER_ID, to=EMAIL)


def test_a_notice_is_one_letter(here: World) -> None:
    """It is written like any other."""
    (change,) = here.letters.notice("password_changed", user_id=USER_ID, to=EMAIL)
    assert isinstance(change.entity, OutboxEntry)  # type: ignore[union-attr]  # an Add
    assert here.letters.available
    assert here.letters.require() is here.letters.deliver


def test_the_synchronous_twin_tells_whether_mail_can_be_sent(here: World) -> None:
    """There is nothing else that an application needs of it."""
    feature = mail()
    mirrored = feature.mirror(here.letters)
    assert isinstance(mirrored, SyncLetters)
    assert mirrored.available


def test_a_feature_adds_a_letter_of_its_own(here: World, tmp_path: Any) -> None:
    """And writes it as ours are written."""
    (tmp_path / "welcome.txt").write_text("Subject: Welcome\n\nHello\n")
    (tmp_path / "welcome.html").write_text("<p>Hello</p>")
    here.letters.add(LetterKind(name="welcome", folder=tmp_path))
    here.write("welcome")
    here.outbox.deliver()
    assert here.mailer.sent[0].subject == "Welcome"


def build(feature: Any = None, **changes: Any) -> Letters:
    """Build the feature with other parts."""
    built: dict[str, Any] = {}
    parts = replace(parts_over(MemoryStore(), mailer=FakeMailer(), built=built), **changes)
    built["users"] = users().build(parts)
    built["outbox"] = outbox().build(parts)
    offered: Letters = (feature or mail()).build(parts)
    return offered


def test_links_need_an_address() -> None:
    """A mailer without it is half a set-up."""
    with pytest.raises(ConfigurationError, match=r'base_url="https://app\.example"'):
        build(base_url=None)


def test_mails_need_a_sender() -> None:
    """A mailer that knows none must be told one, before the first letter."""

    class Anonymous(FakeMailer):
        sender = None

    with pytest.raises(ConfigurationError, match="Mails need a sender"):
        build(mailer=Anonymous())
    letters = build(mail(sender="App <no-reply@app.example>"), mailer=Anonymous())
    assert letters.require().sender == "App <no-reply@app.example>"
    assert build().require().sender is None


@pytest.mark.parametrize(
    "sender",
    [
        "",
        "App",
        "App <>",
        "App <a@example.org> <b@example.org>",
        "a@example.org, b@example.org",
        "App\n <a@example.org>",
        "App <a@example.org",
    ],
)
def test_a_sender_is_one_address(sender: str) -> None:
    """A wrong one would make every letter fail for good."""
    with pytest.raises(ConfigurationError, match="sender"):
        mail(sender=sender)


@pytest.mark.parametrize("sender", ["a@example.org", "App <a@example.org>", '"App, Inc." <a@bücher.example>'])
def test_a_sender_may_have_a_name(sender: str) -> None:
    """In any language, and mailers understand the same forms."""
    from userkit.backends.mail.composing import check_sender

    assert build(mail(sender=sender)).require().sender == sender
    assert check_sender(sender)


@pytest.mark.parametrize(
    "path", ["verify", "//evil.example/", "/#/verify", "/ver ify", "/verify\n", "", "https://a"]
)
def test_a_page_is_a_path(path: str) -> None:
    """It cannot lead to another host, and leaves the fragment to the token."""
    with pytest.raises(ConfigurationError, match="The path of a link"):
        mail(paths={"verify_email": path})


def test_templates_are_tried_once_for_all_realms() -> None:
    """A view of a realm costs no rendering."""
    feature = mail()
    renderers = {id(build(feature, realm=name).require().renderer) for name in ("one", "two", "three")}
    assert len(renderers) == 1
    assert build(feature, app_name="Other").require().renderer.app_name == "Other"


def test_letters_are_rendered_by_many_threads_at_once(here: World) -> None:
    """The templates are shared."""
    deliver = here.letters.require()
    kind = deliver.renderer.kind("password_changed")
    subjects: list[str] = []

    def work() -> None:
        rendered = (deliver.renderer.render(kind, {}, at=here.clock()) for _ in range(20))
        subjects.extend(letter.subject for letter in rendered)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert subjects == ["Your password at Engine has changed"] * 80
