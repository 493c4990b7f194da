"""The plugin, and its settings from the environment."""

import asyncio
import subprocess
import sys

import pytest

from userkit.backends.passwords.blocking import BlockingHasher
from userkit.backends.passwords.opening import open_hasher
from userkit.backends.passwords.plugin import argon2
from userkit.backends.passwords.settings import Argon2Settings
from userkit.backends.passwords.threaded import ThreadedHasher
from userkit.errors import ConfigurationError
from userkit.ports.passwords import HASHER_API, PasswordHasherPlugin
from userkit.sync import run


def test_the_plugin_makes_the_hasher_that_fits_the_kit() -> None:
    """By the name that stands in the entry point, for the API of this userkit."""
    assert isinstance(argon2, PasswordHasherPlugin)
    assert (argon2.name, argon2.api_version) == ("argon2", HASHER_API)
    assert argon2.settings is not None
    assert argon2.settings() is Argon2Settings
    blocking, threaded = argon2.factory(blocking=True), argon2.factory(blocking=False)
    assert isinstance(blocking, BlockingHasher)
    assert isinstance(threaded, ThreadedHasher)
    encoded = run(blocking.hash("password"))
    assert asyncio.run(threaded.verify("password", encoded)).matches
    asyncio.run(threaded.close())


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is one variable."""
    monkeypatch.setenv("USERKIT_ARGON2_MEMORY_COST", "20000")
    monkeypatch.setenv("USERKIT_ARGON2_TIME_COST", "3")
    monkeypatch.setenv("USERKIT_ARGON2_PARALLELISM", "2")
    monkeypatch.setenv("USERKIT_ARGON2_WORKERS", "5")
    monkeypatch.setenv("USERKIT_ARGON2_QUEUE", "7")
    monkeypatch.setenv("USERKIT_ARGON2_FLASK_SECURITY_SALT", "salt of theirs")
    hasher = open_hasher(blocking=True)
    assert isinstance(hasher, BlockingHasher)
    assert (hasher._workers, hasher._queue) == (5, 7)
    assert run(hasher.hash("password")).startswith("$argon2id$v=19$m=20000,t=3,p=2$")
    assert hasher.recognises("flask-security$$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm")
    assert "salt of theirs" not in repr(Argon2Settings())


def test_settings_in_code_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment is not asked."""
    monkeypatch.setenv("USERKIT_ARGON2_WORKERS", "none")
    hasher = open_hasher(blocking=True, settings=Argon2Settings(workers=3))
    assert isinstance(hasher, BlockingHasher)
    assert hasher._workers == 3


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("MEMORY_COST", "8", "memory_cost=8 is too weak for passwords; take at least 19456 KiB"),
        ("TIME_COST", "1", "time_cost=1 is too weak"),
        ("MEMORY_COST", "much", "USERKIT_ARGON2_MEMORY_COST: Input should be a valid integer"),
        ("WORKERS", "0", "USERKIT_ARGON2_WORKERS: Input should be greater than or equal to 1"),
        ("QUEUE", "-1", "USERKIT_ARGON2_QUEUE: Input should be greater than or equal to 0"),
    ],
)
def test_a_wrong_setting_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    """The sentence names the variable or the floor."""
    monkeypatch.setenv(f"USERKIT_ARGON2_{variable}", value)
    with pytest.raises(ConfigurationError, match=told):
        argon2.factory(blocking=True)


def test_the_synchronous_hasher_needs_no_event_loop() -> None:
    """Its modules leave asyncio alone, and the plugin alone imports no argon2."""
    program = (
        "import sys; before = 'asyncio' in sys.modules\n"
        "from userkit.backends.passwords.plugin import argon2\n"
        "assert not {'argon2', 'pydantic', 'bcrypt'} & {*sys.modules}\n"
        "from userkit.backends.passwords import argon2id, blocking\n"
        "assert before or 'asyncio' not in sys.modules\n"
        "assert 'bcrypt' not in sys.modules and 'cryptography' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
