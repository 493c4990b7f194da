"""What is asked of each application, in the same words; it runs where nothing of userkit is installed."""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

__all__ = ["PASSWORD", "Application", "Reply", "behaviour", "members", "package", "told"]

PASSWORD = "mauve otters juggle teapots"
OTHER = "seven quiet lamps below deck"
CALLERS = 20
GUESSES = 30


@dataclass(frozen=True, slots=True)
class Reply:
    """A status of HTTP, and what shows who is signed in, if anything does."""

    status: int
    body: str = ""
    credential: Any = None

    @property
    def ok(self) -> bool:
        """Tell whether it was done."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An application as its own documentation puts it together, over a file of SQLite.

    ``sign_up(email, password)``, ``sign_in(email, password, address)``, ``who(credential)``,
    ``ask(email)``, which returns what the letter holds, ``reset(token, password)``, and
    ``stored(email)``, which returns the hash. ``on_a_loop`` tells whether one event loop serves all.
    """

    sign_up: Callable[[str, str], Awaitable[Reply]]
    sign_in: Callable[[str, str, str], Awaitable[Reply]]
    who: Callable[[Any], Awaitable[Reply]]
    ask: Callable[[str], Awaitable[str]]
    reset: Callable[[str, str], Awaitable[Reply]]
    stored: Callable[[str], Awaitable[str]]
    on_a_loop: bool


async def behaviour(app: Application) -> dict[str, Any]:
    """Return what the application does."""
    first = await app.sign_up("ada@example.com", PASSWORD)
    assert first.ok, first
    second = await app.sign_up("ada@example.com", PASSWORD)
    signed_in = await app.sign_in("ada@example.com", PASSWORD, "192.0.2.2")
    return {
        "refresh": "refresh" in signed_in.body.lower(),
        "hash": _form(await app.stored("ada@example.com")),
        "known_address": "same answer" if second.status == first.status else f"{second.status}",
        "after_reset": await _after_a_reset(app),
        "reset_wins": await _reset_wins(app),
        "pause_ms": await _pause(app) if app.on_a_loop else None,
        "guesses": await _guesses(app),
    }


async def _after_a_reset(app: Application) -> str:
    signed_in = await app.sign_in("ada@example.com", PASSWORD, "192.0.2.1")
    assert signed_in.credential, signed_in
    assert (await app.who(signed_in.credential)).ok
    reset = await app.reset(await app.ask("ada@example.com"), OTHER)
    assert reset.ok, reset
    return "is accepted" if (await app.who(signed_in.credential)).ok else "is refused"


async def _reset_wins(app: Application) -> int:
    """Return how many of many callers reset a password with one link, each to another one."""
    await app.sign_up("grace@example.com", PASSWORD)
    token = await app.ask("grace@example.com")
    calls = (app.reset(token, f"{OTHER} {number}") for number in range(CALLERS))
    replies = await asyncio.gather(*calls, return_exceptions=True)
    return sum(isinstance(reply, Reply) and reply.ok for reply in replies)


async def _pause(app: Application) -> float:
    """Return the longest time in which the loop did nothing else while people signed in, in ms."""
    for number in range(CALLERS):
        await app.sign_up(f"person{number}@example.com", PASSWORD)
    longest, last = 0.0, time.perf_counter()

    async def tick() -> None:
        nonlocal longest, last
        while True:
            await asyncio.sleep(0.001)
            longest, last = max(longest, time.perf_counter() - last), time.perf_counter()

    ticking = asyncio.create_task(tick())
    replies = await asyncio.gather(
        *(app.sign_in(f"person{n}@example.com", PASSWORD, f"198.51.100.{n}") for n in range(CALLERS))
    )
    assert all(reply.credential for reply in replies), replies
    await asyncio.sleep(0.005)
    ticking.cancel()
    with suppress(asyncio.CancelledError):
        await ticking
    return round(longest * 1000)


async def _guesses(app: Application) -> int | None:
    """Return after how many wrong passwords for one address something else is answered; None for never."""
    await app.sign_up("alan@example.com", PASSWORD)
    first = await app.sign_in("alan@example.com", "a wrong guess at it", "203.0.113.1")
    for number in range(1, GUESSES):
        reply = await app.sign_in("alan@example.com", f"wrong {number} of it", "203.0.113.1")
        if (reply.status, reply.body) != (first.status, first.body):
            return number
    return None


def _form(encoded: str) -> str:
    """Return a hash without its salt and digest."""
    if found := re.match(r"\$argon2\w+\$v=19\$m=\d+,t=\d+,p=\d+|\$2b\$\d+|pbkdf2_\w+\$\d+", encoded):
        return found[0]
    return "scrypt, hex" if re.fullmatch(r"[0-9a-f]{32}:[0-9a-f]{128}", encoded) else "unknown"


HAVE = {
    "has_oauth": r"oauth|oidc|socialaccount",
    "has_second_factor": r"totp|two_?factor|/mfa/",
    "has_passkeys": r"webauthn|passkey",
    "has_links": r"magic_?link|unified_signin|login_by_code|passwordless",
    "has_api_keys": r"api_?keys?\b|api_key",
    "has_organizations": r"organi[sz]ation",
    "has_pages": r"^(?!.*mail).*\.html",
    "has_admin": r"admin/.*\.html",
}
"""What the path of a file says of what it does; the words are those of all of them."""

ROLES = re.compile(rb"^class \w*(Role|Group|Permission)", re.MULTILINE)
"""Roles have no file of their own everywhere."""


def package(*distributions: str, frameworks: Sequence[str], stores: Sequence[str]) -> dict[str, Any]:
    """Return what installed packages say of themselves, and what the names of their files tell."""
    said = metadata.metadata(distributions[0])
    shipped = [file for each in distributions for file in metadata.files(each) or () if _is_shipped(file)]
    files = [str(file) for file in shipped]
    code = (Path(str(file.locate())).read_bytes() for file in shipped if file.suffix == ".py")
    return {
        "version": ", ".join(f"{each} {metadata.version(each)}" for each in distributions),
        "python": said["Requires-Python"],
        "typed": any(file.endswith("/py.typed") for file in files),
        "frameworks": sorted(frameworks),
        "stores": sorted(stores),
        "has_roles": any(ROLES.search(each) for each in code),
        **{fact: any(re.search(words, file) for file in files) for fact, words in HAVE.items()},
    }


def _is_shipped(file: metadata.PackagePath) -> bool:
    return not {"tests", "__pycache__", "locale"} & set(file.parts) and ".dist-info" not in file.parts[0]


def members(package: str) -> list[str]:
    """Return the public modules of a package."""
    spec = find_spec(package)
    assert spec is not None
    found = iter_modules(spec.submodule_search_locations)
    return [module.name for module in found if not module.name.startswith("_")]


def told(facts: dict[str, Any]) -> None:
    """Print what was found, for the program that has asked."""
    print(json.dumps(facts))
