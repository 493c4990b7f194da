"""ST: secrets are not shown and not weak, as far as keys, kits and settings go."""

import copy
import dataclasses
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from userkit import Secret, SyncUserKit, UserKit, UserRegistered
from userkit.errors import WeakSecretError
from userkit.kernel.keys import Keyring
from userkit.settings import read_settings

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"
PASSWORD = "hunter2-the-password-of-the-database"


def forms_of(secret: str) -> set[str]:
    """Return the ways in which a secret could be spelled in a log."""
    return {secret, secret.encode().hex(), repr(secret.encode()), repr(list(secret.encode()))}


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        format,
        ascii,
        lambda secret: f"{secret}",
        lambda secret: f"{secret!r}",
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031  # as logging does it
        lambda secret: "{} {!r}".format(secret, secret),  # noqa: UP032
        lambda secret: repr([secret, {"secret": secret}]),
        lambda secret: str(ValueError(secret)),
        lambda secret: repr(ValueError("bad", secret)),
        lambda secret: repr(Keyring((secret,))),
        lambda secret: repr(dir(secret)),
    ],
)
def test_st_4_a_secret_does_not_show_itself(show: Callable[[Secret], str]) -> None:
    """However it is turned into text."""
    shown = show(Secret(SECRET))
    assert not any(form in shown for form in forms_of(SECRET))


@pytest.mark.parametrize(
    "carry",
    [
        pickle.dumps,
        copy.copy,
        copy.deepcopy,
        json.dumps,
        vars,
        bytes,
        list,
        lambda secret: dataclasses.asdict(Keyring((secret,))),
        lambda secret: pickle.dumps(Keyring((secret,))),
        lambda secret: f"{secret:>10}",
    ],
)
def test_st_4_a_secret_cannot_be_carried_away(carry: Callable[[Secret], object]) -> None:
    """Neither into a pickle nor into a copy, and the refusal does not show it."""
    with pytest.raises(TypeError) as caught:
        carry(Secret(SECRET))
    told = "".join(traceback.format_exception(caught.value))
    assert not any(form in told for form in forms_of(SECRET))


def test_st_4_a_secret_in_a_log_is_none(caplog: pytest.LogCaptureFixture) -> None:
    """Neither in the message, nor in an exception, nor in a traceback with all its variables."""
    secret = Secret(SECRET)
    try:
        raise LookupError("no such key", secret)
    except LookupError as error:
        logging.getLogger("tests").exception("Failed with %s and %r", secret, {"secret": secret})
        told = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    for text in (caplog.text, told):
        assert "Secret(…)" in text
        assert not any(form in text for form in forms_of(SECRET))


@pytest.mark.parametrize("weak", ["hunter2", "changeme-" * 5, "\udcffhunter2"])
def test_st_4_a_refused_secret_is_not_repeated(weak: str) -> None:
    """Nor is what is not even text, as the environment may give it."""
    for given in (weak, [weak], [SECRET, weak]):
        with pytest.raises(WeakSecretError) as caught:
            Keyring.of(given)
        told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
        assert weak not in told
        assert SECRET not in told


@pytest.mark.parametrize("kind", [UserKit, SyncUserKit])
def test_st_4_a_kit_and_its_features_do_not_show_the_secret(kind: type[UserKit | SyncUserKit]) -> None:
    """Nor the keys that are derived from it."""
    kit = kind("memory://", secret=SECRET)
    hidden = forms_of(SECRET)
    for purpose in ("cursors", "fingerprint"):
        (key,) = Keyring.of(SECRET).derive(purpose)
        hidden |= {key.hex(), repr(key)}
    shown = repr(kit) + repr(vars(kit)) + repr(kit.users) + repr(getattr(kit.users, "__dict__", ""))
    shown += repr(kit.realm("acme").users)
    assert not any(form in shown for form in hidden)


def test_st_4_settings_show_neither_the_secret_nor_the_password_of_the_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Printed, dumped, or in what is said of another setting that is wrong."""
    monkeypatch.setenv("USERKIT_SECRET", SECRET)
    monkeypatch.setenv("USERKIT_DATABASE", f"postgresql://ada:{PASSWORD}@db.example/app")
    settings = read_settings()
    shown = repr(settings) + str(settings) + settings.model_dump_json() + repr(settings.model_dump())
    monkeypatch.setenv("USERKIT_PREPARE", PASSWORD)
    try:
        read_settings()
    except Exception as error:  # noqa: BLE001  # whatever it is, it must not show them
        shown += "".join(traceback.format_exception(error)) + repr(error)
    assert "USERKIT_PREPARE" in shown
    assert PASSWORD not in shown
    assert SECRET not in shown


def test_st_4_an_event_holds_no_secret() -> None:
    """What is told to others is the user, the time and the realm."""
    told: list[UserRegistered] = []
    with SyncUserKit("memory://", secret=SECRET) as kit:
        kit.listen(UserRegistered, told.append)
        kit.users.register(email="ada@example.com", name="Ada")
    assert [field.name for field in dataclasses.fields(told[0])] == ["at", "realm", "user"]
    assert SECRET not in repr(told)


WEAK: list[Any] = [
    "",
    b"",
    [],
    (),
    [""],
    "short",
    SECRET[:31],
    "ü" * 15,
    "a" * 64,
    "abc" * 32,
    bytes(64),
    "0123456" * 8,
    "changeme" + SECRET,
    "CHANGE-ME" + SECRET,
    "my-secret-key-that-is-long-enough-for-this",
    "your_secret_goes_here_and_is_long_enough",
    "django-insecure-" + SECRET,
    "correct horse battery staple password1",
    "this is only an Example of a long secret",
    "placeholder" + SECRET,
    "a-string-secret-at-least-256-bits-long",
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
    "09D25E094FAA6CA2556C818166B7A9563B93F7099F6F0F4CAA6CF63B88E8D3E7",
    None,
    32,
    12345678901234567890123456789012,
    [None],
    [SECRET, 7],
    bytearray(SECRET.encode()),
    {"secret": None},
    object(),
]


@pytest.mark.parametrize("secret", WEAK, ids=lambda secret: f"{type(secret).__name__} {len(str(secret))}")
@pytest.mark.parametrize("kind", [UserKit, SyncUserKit])
def test_st_5_a_weak_secret_stops_the_start(kind: type[UserKit | SyncUserKit], secret: Any) -> None:
    """Empty, short, repeated, an example, or none at all; the sentence says how to make one."""
    with pytest.raises(WeakSecretError, match="make one with: python"):
        kind("memory://", secret=secret)


@pytest.mark.parametrize(
    "secret",
    [
        SECRET,
        SECRET.encode(),
        bytes(range(32)),
        "0123456789abcdef" * 2,
        "é" * 3 + SECRET,
        [SECRET, SECRET[::-1]],
    ],
    ids=lambda secret: f"{type(secret).__name__} {len(secret)}",
)
def test_st_5_a_strong_secret_starts(secret: Any) -> None:
    """32 bytes of chance in any spelling."""
    SyncUserKit("memory://", secret=secret)
