"""What holds over all features at once: ST-3 and ST-4, the matrix of JW-2, and the completeness of AU-1."""

import base64
import contextlib
import inspect
import logging
import pkgutil
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import pytest

import userkit.features
from tests.security.world import EMAIL, NEW_PASSWORD, PASSWORD, SECRET, World
from userkit import coming_from
from userkit.errors import InvalidTokenError, UnauthenticatedError, UserKitError
from userkit.features.audit import AuditEntry
from userkit.features.built_in import built_in
from userkit.features.mail import LetterFailed
from userkit.features.throttling import AttemptsThrottled
from userkit.features.users import UserErased
from userkit.kernel.events import Event
from userkit.ports.tokens import TokenSettings
from userkit.sync import run

MAX = "max@example.com"
NEW_EMAIL = "ada@new.example"


@dataclass
class Life:
    """Everything that can happen to an account, and every secret that came up meanwhile."""

    here: World
    secrets: dict[str, str] = field(default_factory=dict)
    told: list[Event] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)

    def live(self) -> "Life":
        """Live it."""
        here, kit = self.here, self.here.kit
        for kind in every_event():
            kit.listen(kind, self.told.append)
        with coming_from(address="192.0.2.7", user_agent="tests"):
            ada = here.ada()
            self._sign_in_and_out(ada.id)
            self._links(ada.id)
            self._roles_and_keys(ada.id)
            kit.users.update(ada.id, name="Ada King")
            kit.users.disable(ada.id)
            kit.users.enable(ada.id)
            max_ = kit.users.register(email=MAX, name="Max", password=PASSWORD)
            kit.passwords.remove(max_.id)
            kit.users.delete(max_.id)
        return self

    def _sign_in_and_out(self, user_id: str) -> None:
        kit = self.here.kit
        self.secrets |= {"password": PASSWORD, "new password": NEW_PASSWORD, "application": SECRET}
        with contextlib.suppress(UserKitError):
            kit.sessions.sign_in(email=EMAIL, password="a wrong and secret guess")
        self.secrets["guess"] = "a wrong and secret guess"
        first = kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
        second = kit.sessions.refresh(first.refresh_token)
        self.here.clock.advance(minutes=1)
        with contextlib.suppress(UserKitError):
            kit.sessions.refresh(first.refresh_token)
        third = kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
        cookie = kit.sessions.sign_in_opaque(email=EMAIL, password=PASSWORD)
        kit.sessions.reauthenticate(third.session_id, password=PASSWORD)
        kit.passwords.change(
            user_id, current_password=PASSWORD, new_password=NEW_PASSWORD, session_id=third.session_id
        )
        kit.passwords.set(user_id, password=PASSWORD)
        for name, pair in (("first", first), ("second", second), ("third", third)):
            self.secrets |= {f"{name} access": pair.access_token, f"{name} refresh": pair.refresh_token}
        self.secrets["cookie"] = cookie.token
        last = kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
        kit.sessions.end(last.session_id)
        kit.sessions.end_all(user_id)

    def _links(self, user_id: str) -> None:
        here, kit = self.here, self.here.kit
        kit.email_verification.request(user_id)
        self.secrets["verify"] = here.token("verify_email")
        kit.email_verification.complete(token=self.secrets["verify"], password=PASSWORD)
        kit.email_verification.change(user_id, email=NEW_EMAIL)
        self.secrets["change"] = here.token("change_email")
        kit.email_verification.confirm_change(token=self.secrets["change"])
        kit.password_reset.request(email=NEW_EMAIL)
        self.secrets["reset"] = here.token("reset_password")
        kit.password_reset.complete(token=self.secrets["reset"], password=NEW_PASSWORD)

    def _roles_and_keys(self, user_id: str) -> None:
        kit = self.here.kit
        kit.roles.assign(user_id, "admin")
        root = kit.users.register(email="root@example.com", name="Root", password=PASSWORD)
        kit.roles.assign(root.id, "admin")
        key = kit.api_keys.create(user_id, name="ci", scopes={"users:read"})
        self.secrets["API key"] = key.secret
        identity = kit.authenticate(key.secret)
        with contextlib.suppress(UserKitError):
            kit.roles.require(identity, "users:write")
        kit.api_keys.revoke(user_id, identity.credential_id or "")
        kit.roles.unassign(user_id, "admin")

    def hidden(self) -> Iterator[tuple[str, bytes]]:
        """Yield every secret in every spelling."""
        for name, secret in self.secrets.items():
            yield name, secret.encode()
            raw = secret.partition("_")[2] if secret.startswith("uk") else ""
            if raw:
                value = base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))
                yield f"{name}, its random part", value[16:48]


def every_event() -> list[type[Event]]:
    """Return every kind of event that a built-in feature defines; the tests of others tell of theirs."""
    found: dict[str, type[Event]] = {}
    places = {f"userkit.features.{feature.name}.events" for feature in built_in()}
    for module in pkgutil.walk_packages(userkit.features.__path__, "userkit.features."):
        if module.name in places:
            classes = dict(inspect.getmembers(import_module(module.name), inspect.isclass))
            found |= {name: kind for name, kind in classes.items() if issubclass(kind, Event)}
    return [kind for kind in found.values() if kind is not Event]


def stored(here: World) -> bytes:
    """Return every field of every record of a realm."""
    store = here.kit._store.realm(here.realm)
    chunks: list[bytes] = []
    for feature in built_in():
        for collection in feature.collections:
            for entity in run(store.find(collection.entity, limit=1000)).items:
                values = (getattr(entity, each.name) for each in collection.fields)
                chunks += [each if isinstance(each, bytes) else str(each).encode() for each in values]
    return b"\n".join(chunks)


@pytest.fixture
def life(here: World) -> Life:
    """A life on each kind of store, with the real hasher so that passwords are not stored as they are."""
    here.open(hasher="argon2")
    return Life(here).live()


def test_st_3_the_database_holds_no_secret(life: Life) -> None:
    """Neither passwords nor tokens, links and keys: digests only. And that is what was looked at."""
    database = stored(life.here)
    assert b"$argon2id$" in database
    assert b"refresh_reuse_detected" in database
    assert [name for name, secret in life.hidden() if secret in database] == []
    assert len(life.secrets) >= 13


def test_st_4_no_secret_is_told_logged_or_shown(here: World, caplog: pytest.LogCaptureFixture) -> None:
    """In events, in logs of every level, in the representation of anything."""
    caplog.set_level(logging.DEBUG)
    here.open(hasher="argon2")
    life = Life(here).live()
    shown = repr(life.told) + caplog.text + "".join(repr(vars(record)) for record in caplog.records)
    shown += repr(here.kit.audit.list(limit=1000)) + repr(here.kit._built) + repr(here.kit._authentication)
    shown += repr(here.mailer.sent)
    assert "SignedIn" in shown
    assert [name for name, secret in life.hidden() if secret.decode("latin-1") in shown] == []


def test_st_4_no_error_repeats_what_was_sent(in_memory: World) -> None:
    """Whatever is wrong with it."""
    here, kit = in_memory, in_memory.kit
    ada = here.ada()
    attempts: list[Callable[[str], object]] = [
        lambda text: kit.sessions.sign_in(email=EMAIL, password=text),
        lambda text: kit.sessions.refresh("ukr_" + text),
        lambda text: kit.authenticate("uk_" + text),
        lambda text: kit.authenticate("uks_" + text),
        lambda text: kit.authenticate(f"a.{text}.c"),
        lambda text: kit.password_reset.complete(token="ukl_" + text, password=PASSWORD),
        lambda text: kit.password_reset.complete(token="ukl_x", password=text),
        lambda text: kit.email_verification.complete(token="ukl_" + text),
        lambda text: kit.passwords.set(ada.id, password=text),
        lambda text: kit.passwords.change(ada.id, current_password=PASSWORD, new_password=text),
        lambda text: kit.passwords.import_hash(ada.id, text),
        lambda text: kit.users.register(email="x@example.com", name="X", password=text),
    ]
    for secret in ("hunter2", "hunter2-\ud800", "hunter2\0"):
        for attempt in attempts:
            with pytest.raises(UserKitError) as caught:
                attempt(secret)
            assert "hunter2" not in "".join(traceback.format_exception(caught.value))
            here.clock.advance(hours=1)


def kinds_of_tokens(here: World) -> dict[str, str]:
    """Return a live token of each kind."""
    kit = here.kit
    ada = here.ada()
    pair = kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    kit.email_verification.change(ada.id, email=NEW_EMAIL)
    kit.password_reset.request(email=EMAIL)
    return {
        "access": pair.access_token,
        "refresh": pair.refresh_token,
        "opaque": kit.sessions.sign_in_opaque(email=EMAIL, password=PASSWORD).token,
        "key": kit.api_keys.create(ada.id, name="ci").secret,
        "verify": here.token("verify_email"),
        "change": here.token("change_email"),
        "reset": here.token("reset_password"),
    }


def places(kit: Any) -> dict[str, tuple[Callable[[str], object], set[str]]]:
    """Return where tokens are presented, and which kinds open each."""
    return {
        "authenticate": (kit.authenticate, {"access", "opaque", "key"}),
        "refresh": (kit.sessions.refresh, {"refresh"}),
        "verify": (lambda token: kit.email_verification.complete(token=token, password=PASSWORD), {"verify"}),
        "change": (lambda token: kit.email_verification.confirm_change(token=token), {"change"}),
        "reset": (
            lambda token: kit.password_reset.complete(token=token, password=NEW_PASSWORD),
            {"reset"},
        ),
    }


def test_jw_2_each_kind_of_token_works_in_its_own_place_only(here: World) -> None:
    """Everywhere else it is refused, and is still good afterwards in its own."""
    tokens, where = kinds_of_tokens(here), places(here.kit)
    for place, (present, kinds) in where.items():
        for kind, token in tokens.items():
            if kind in kinds:
                continue
            with pytest.raises((UnauthenticatedError, InvalidTokenError)):
                present(token)
            assert place
    for place in ("authenticate", "refresh", "verify", "change"):
        present, kinds = where[place]
        for kind in kinds:
            present(tokens[kind])
    here.kit.password_reset.request(email=NEW_EMAIL)
    where["reset"][0](here.token("reset_password"))


def test_jw_2_no_token_works_in_another_realm_or_kit(here: World) -> None:
    """Keys are shared by the realms of a kit, and what they sign is not."""
    tokens = kinds_of_tokens(here)
    others = [
        here.kit.realm("another"),
        here.open(secret="another application's secret 0123456789"),
        here.open(auth={"jwt": TokenSettings(audience="others")}),
    ]
    for other in others:
        with pytest.raises(UnauthenticatedError):
            other.authenticate(tokens["access"])
    for place, (present, kinds) in places(others[0]).items():
        for kind in kinds:
            with pytest.raises((UnauthenticatedError, InvalidTokenError)):
                present(tokens[kind])
            assert place


def test_au_1_every_kind_of_event_reaches_the_trail(life: Life) -> None:
    """Each success, failure, change and revocation has an entry with who, whom, from where and when."""
    kit, here = life.here.kit, life.here
    for _ in range(6):
        with contextlib.suppress(UserKitError):
            kit.sessions.sign_in(email=NEW_EMAIL, password="wrong again and again")
    lived = {type(event) for event in life.told}
    # A mail server that refuses, and what takes addresses out; tests/features/mail and subjects have them.
    out_of_reach = {LetterFailed, UserErased}
    assert set(every_event()) - lived == out_of_reach
    assert AttemptsThrottled in lived
    store = here.kit._store.realm(here.realm)
    entries = run(store.find(AuditEntry, limit=1000)).items
    recorded = [event for event in life.told if not type(event).routine]
    assert len(entries) == len(recorded)
    names = {entry.event for entry in entries}
    assert {"signed_in", "password_refused", "password_changed", "session_ended", "user_deleted"} <= names
    assert len(names) == len({type(event) for event in recorded})
    assert all(entry.at.tzinfo is not None for entry in entries)
    assert {entry.address for entry in entries} >= {"192.0.2.7"}
