"""Mail URLs: what they say, and that no error repeats them."""

import sys

import pytest

from tests.mail.sides import opened
from userkit.backends.mail.server import Encryption, MailServer
from userkit.errors import InvalidURLError, MissingExtraError


@pytest.mark.parametrize(
    ("url", "host", "port", "encryption"),
    [
        ("smtp://mail.example.org", "mail.example.org", 587, Encryption.REQUIRED),
        ("smtp://mail.example.org:25/", "mail.example.org", 25, Encryption.REQUIRED),
        ("smtp://localhost", "localhost", 25, Encryption.IF_OFFERED),
        ("smtp://127.8.0.1:1025", "127.8.0.1", 1025, Encryption.IF_OFFERED),
        ("smtp://[::1]", "::1", 25, Encryption.IF_OFFERED),
        ("smtp://[2001:db8::1]", "2001:db8::1", 587, Encryption.REQUIRED),
        ("smtp://10.0.0.1", "10.0.0.1", 587, Encryption.REQUIRED),
        ("smtp://localhost?starttls=required", "localhost", 25, Encryption.REQUIRED),
        ("smtp://mail.example.org?starttls=if-offered", "mail.example.org", 587, Encryption.IF_OFFERED),
        ("smtp://mail.example.org?starttls=never", "mail.example.org", 587, Encryption.NEVER),
        ("smtps://mail.example.org", "mail.example.org", 465, Encryption.AT_ONCE),
        ("smtps://localhost", "localhost", 465, Encryption.AT_ONCE),
    ],
)
def test_where_a_server_is_and_what_is_encrypted(
    url: str, host: str, port: int, encryption: Encryption
) -> None:
    """Encryption is required by default, except on this machine."""
    server = MailServer.read(url)
    assert (server.host, server.port, server.encryption) == (host, port, encryption)
    assert (server.user, server.password, server.timeout) == (None, None, 10.0)


def test_certificates_are_checked_wherever_it_matters() -> None:
    """Only on this machine itself, and only where encryption is optional, anybody's will do."""
    unchecked = MailServer.read("smtp://localhost").tls()
    assert unchecked is not None
    assert not unchecked.check_hostname
    for url in ("smtp://mail.example.org?starttls=if-offered", "smtps://localhost", "smtp://a.example"):
        checked = MailServer.read(url).tls()
        assert checked is not None
        assert checked.check_hostname
    assert MailServer.read("smtp://a.example?starttls=never").tls() is None


def test_credentials_and_options_are_percent_decoded() -> None:
    """A plus is a plus."""
    server = MailServer.read(
        "smtp://me%40example.org:p%3Aw%2Fd+@mail.example.org?sender=My%20App%20<app+mail@example.org>&timeout=2.5"
    )
    assert server.user == "me@example.org"
    assert server.password is not None
    assert server.password.reveal() == b"p:w/d+"
    assert server.sender == "My App <app+mail@example.org>"
    assert server.timeout == 2.5


@pytest.mark.parametrize(("user", "sender"), [("bot%40example.org", "bot@example.org"), ("bot", None)])
def test_a_user_that_is_an_address_is_the_sender(user: str, sender: str | None) -> None:
    """Most servers let people sign in by address, and send as nobody else."""
    assert MailServer.read(f"smtp://{user}:hunter2@mail.example.org").sender == sender


@pytest.mark.parametrize(
    "url",
    [
        "smtp://",
        "smtp://:25",
        "smtp://user:hunter2@",
        "smtp://user:hun/ter2@mail.example.org",
        "smtp://user:hun#ter2@mail.example.org",
        "smtp://user:hun?ter2@mail.example.org",
        "smtp://user:hun[ter2@mail.example.org",
        "smtp://user@mail.example.org",
        "smtp://:hunter2@mail.example.org",
        "smtp://user:@mail.example.org",
        "smtp://user:hunter2@mail.example.org:hunter2",
        "smtp://user:hunter2@mail.example.org:99999",
        "smtp://mail.example.org:0",
        "smtp://user:hunter2@mail.example.org/path",
        "smtp://user:hunter2%0a@mail.example.org",
        "smtp://user:hunter2@mail.exa\nmple.org",
        f"smtp://user:hunter2@{'a' * 64}.example.org",
        "smtp://user:hunter2@mail.example.org?hunter2=1",
        "smtp://user:hunter2@mail.example.org?starttls=hunter2",
        "smtp://user:hunter2@mail.example.org?starttls=at-once",
        "smtp://user:hunter2@mail.example.org?starttls=never",
        "smtp://user:hunter2@mail.example.org?timeout=hunter2",
        "smtp://mail.example.org?timeout=0",
        "smtp://mail.example.org?timeout=-1",
        "smtp://mail.example.org?timeout=121",
        "smtp://mail.example.org?timeout=nan",
        "smtp://mail.example.org?timeout=1&timeout=2",
        "smtp://mail.example.org?sender=hunter2",
        "smtp://mail.example.org?sender=",
        "smtp://mail.example.org?sender=a@example.org%0abcc:hunter2@example.org",
        "smtps://mail.example.org?starttls=required",
        "directory://",
        "directory://mail?hunter2",
        "directory://mail#hunter2",
        "directory://mail%00",
        "memory://hunter2",
        "memory://?hunter2=1",
    ],
)
@pytest.mark.parametrize("blocking", [True, False])
def test_st_4_no_error_repeats_a_url(url: str, blocking: bool) -> None:
    """What cannot be understood may be a password in the wrong place."""
    with pytest.raises(InvalidURLError) as caught:
        opened(url, blocking=blocking)
    assert "hunter2" not in str(caught.value)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_what_the_extra_brings_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the asynchronous side needs it."""
    monkeypatch.setitem(sys.modules, "aiosmtplib", None)
    monkeypatch.delitem(sys.modules, "userkit.backends.mail.asynchronous", raising=False)
    with pytest.raises(MissingExtraError, match=r"aiosmtplib is not installed: .*userkit-sdk\[mail\]"):
        opened("smtp://mail.example.org", blocking=False)
    assert opened("smtp://mail.example.org", blocking=True).blocking


def test_st_4_nobody_is_shown() -> None:
    """Not even the name under which we sign in."""
    shown = repr(MailServer.read("smtp://bot:hunter2@mail.example.org?sender=me@example.org"))
    assert "bot" not in shown
    assert "hunter2" not in shown
    assert "me@" not in shown


@pytest.mark.parametrize("url", ["", "smtp:", "smtp:mail.example.org", "http://hunter2@mail.example.org"])
def test_st_4_what_is_no_mail_url_is_not_repeated_either(url: str) -> None:
    """However a server is asked for."""
    with pytest.raises(InvalidURLError) as caught:
        MailServer.read(url)
    assert "hunter2" not in str(caught.value)
