"""VF: links that verify an address, change it, or reset a password."""

import dataclasses
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.features.email_verification.world import (
    ADA,
    NEW_PASSWORD,
    PASSWORD,
    World,
    fresh,
    prepared,
    token_in,
    world,
)
from tests.security.world import EMAIL as ADAS_EMAIL
from tests.security.world import NEW_PASSWORD as ADAS_PASSWORD
from tests.security.world import World as Everything
from tests.servers.postgres import PostgresServer
from userkit.backends.memory import MemoryStore
from userkit.backends.sqlalchemy.opening import open_url
from userkit.errors import (
    InvalidCredentialsError,
    InvalidTokenError,
    ProofRequiredError,
    UnauthenticatedError,
    UserKitError,
)
from userkit.features.links.use_cases import LINK
from userkit.features.outbox import OutboxEntry
from userkit.features.sessions import SignInAttempt
from userkit.features.users import User
from userkit.kernel.identity import Identity
from userkit.kernel.origin import coming_from
from userkit.storage.port import Store
from userkit.sync import run
from userkit.testing.bench import new_realm

NEW = "ada@new.example"
KINDS = ["verify_email", "change_email", "reset_password"]
NEVER_TOKENS: list[Any] = [
    *(None, 0, 1, True, False, [], {}, {"$ne": None}, ["ukl_"], object(), b"", b"ukl_"),
    *("", " ", "\0", "null", "None", "undefined", "ukl_", "a" * 1_000_000),
    *("ukl_" + "A" * 64, "ukl_" + "=" * 64, "ukl_" + "\ud800" * 64, "uks_" + "A" * 64, "ukr_" + "A" * 86),
]

every_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def database(postgres18: PostgresServer) -> str:
    """A database with the tables in it; each test takes a realm of its own there."""
    return postgres18.url("psycopg", database=postgres18.create_database())


@pytest.fixture
def in_memory() -> Store:
    """A store that is gone afterwards."""
    return MemoryStore()


@pytest.fixture
def on_postgresql(database: str) -> Iterator[Store]:
    """A store that is real."""
    store = open_url(database, blocking=True)
    yield store
    run(store.close())


@pytest.fixture(params=["in_memory", pytest.param("on_postgresql", marks=pytest.mark.server)])
def here(request: pytest.FixtureRequest) -> World:
    """The features over each kind of store, in a realm of their own."""
    store: Store = request.getfixturevalue(request.param)
    return world(prepared(store), realm=new_realm())


def sent(here: World, kind: str) -> str:
    """Ask for a link of a kind for Ada, and return its token."""
    ada = run(here.built["users"].get_by_email(ADA))
    here.mails()
    if kind == "verify_email":
        here.verification.request(ada.id)
    elif kind == "change_email":
        here.verification.change(ada.id, email=NEW)
    else:
        here.reset.request(email=ADA)
    return here.token(kind)


def use(here: World, kind: str, token: Any) -> User:
    """Use a link for what it is for."""
    if kind == "verify_email":
        return here.verification.complete(token=token)
    if kind == "change_email":
        return here.verification.confirm_change(token=token)
    return here.reset.complete(token=token, password=NEW_PASSWORD)


def is_refused(here: World, kind: str, token: Any) -> bool:
    """Tell whether a link opens nothing; another error than the one for this fails the test."""
    try:
        use(here, kind, token)
    except InvalidTokenError:
        return True
    return False


@every_kind
def test_vf_1_a_link_is_used_once(here: World, kind: str) -> None:
    """The second time it is as unknown as any other; tests/races has sixteen callers at once."""
    here.ada()
    token = sent(here, kind)
    assert use(here, kind, token)
    assert is_refused(here, kind, token)


@every_kind
def test_vf_1_a_letter_sent_twice_does_not_bring_a_link_back(here: World, kind: str) -> None:
    """As when a server dies between the mail and the note that it was sent: a spent link stays spent."""
    here.ada()
    deliver = here.built["outbox"].handlers["letter"]
    sent_again: list[OutboxEntry] = []

    async def twice(entry: OutboxEntry) -> None:
        sent_again.append(entry)
        await deliver(entry)

    here.built["outbox"].handlers["letter"] = twice
    token = sent(here, kind)
    entry = [each for each in sent_again if each.payload["letter"] == kind][-1]
    run(deliver(entry))
    assert here.token(kind) == token
    assert use(here, kind, token)
    run(deliver(entry))
    assert kind not in dict(here.letters())
    assert is_refused(here, kind, token)


def test_vf_1_a_spent_change_stays_spent(here: World) -> None:
    """Also when the user is back at the address that it was bound to."""
    ada = here.ada()
    token = sent(here, "change_email")
    moved = use(here, "change_email", token)
    back = here.change(moved, email=ada.email, email_key=ada.email_key)
    assert is_refused(here, "change_email", token)
    assert here.users.get(ada.id) == back


@every_kind
def test_vf_1_a_link_is_bound_to_its_purpose(here: World, kind: str) -> None:
    """Presented anywhere else it opens nothing, and is still good where it belongs."""
    here.ada()
    token = sent(here, kind)
    assert all(is_refused(here, other, token) for other in KINDS if other != kind)
    assert use(here, kind, token)


@every_kind
def test_vf_1_a_link_is_bound_to_its_user(here: World, kind: str) -> None:
    """It changes the account that it was sent for and no other, and dies with it."""
    ada = here.ada()
    grace = here.users.register(email="grace@example.com", name="Grace Hopper", password=PASSWORD)
    assert use(here, kind, sent(here, kind)).id == ada.id
    assert here.users.get(grace.id) == grace
    token = sent(here, "reset_password") if kind != "change_email" else None
    here.users.delete(ada.id)
    assert token is None or is_refused(here, "reset_password", token)
    again = here.users.register(email=ADA, name="Ada the Second", password=PASSWORD)
    assert token is None or is_refused(here, "reset_password", token)
    assert here.users.get(again.id) == again


@every_kind
def test_vf_1_a_link_is_bound_to_its_address(here: World, kind: str) -> None:
    """Who has another address by now cannot use what was sent to the old one."""
    ada = here.ada()
    token = sent(here, kind)
    here.change(here.users.get(ada.id), email="ada@else.example", email_key="ada@else.example")
    assert is_refused(here, kind, token)


@every_kind
def test_vf_1_only_the_newest_link_is_good(here: World, kind: str) -> None:
    """Asking again kills what was sent before."""
    here.ada()
    first = sent(here, kind)
    here.clock.advance(seconds=1)
    second = sent(here, kind)
    assert first != second
    assert is_refused(here, kind, first)
    assert use(here, kind, second)


@pytest.mark.parametrize(
    ("kind", "lifetime"),
    [
        ("verify_email", timedelta(hours=24)),
        ("change_email", timedelta(hours=1)),
        ("reset_password", timedelta(hours=1)),
    ],
)
def test_vf_1_a_link_expires(here: World, kind: str, lifetime: timedelta) -> None:
    """By the clock of the kit, to the millisecond."""
    here.ada()
    token = sent(here, kind)
    here.clock.advance(seconds=lifetime.total_seconds())
    assert is_refused(here, kind, token)
    here.clock.advance(seconds=-0.001)
    assert use(here, kind, token)


@every_kind
@pytest.mark.parametrize(
    "token", NEVER_TOKENS, ids=lambda token: f"{type(token).__name__}-{str(token)[:6]!a}"
)
def test_vf_1_nothing_else_is_a_link(here: World, kind: str, token: Any) -> None:
    """Neither where a link was asked for nor where none was: blank, absent and null never match."""
    ada = here.ada()
    assert is_refused(here, kind, token)
    sent(here, kind)
    assert is_refused(here, kind, token)
    assert here.users.get(ada.id) == ada


@every_kind
def test_vf_1_a_spent_or_missing_digest_never_matches(here: World, kind: str) -> None:
    """What is stored of a link is not a link."""
    here.ada()
    token = sent(here, kind)
    (link,) = [each for each in here.stored_links() if each.purpose == kind]
    for wrong in (link.digest, bytes(32), link.digest[::-1]):
        assert is_refused(here, kind, LINK.write(link.id, wrong))
    assert use(here, kind, token)


@every_kind
def test_vf_1_who_is_disabled_can_use_no_link(here: World, kind: str) -> None:
    """A closed account stays closed and as it was."""
    ada = here.ada()
    token = sent(here, kind)
    disabled = here.users.disable(ada.id)
    assert is_refused(here, kind, token)
    assert here.users.get(ada.id) == disabled


@every_kind
def test_vf_2_looking_at_a_link_does_not_use_it(here: World, kind: str) -> None:
    """So that the page of a link, and whoever scans mail, can be answered without spending it."""
    ada = here.ada()
    token = sent(here, kind)
    before = here.stored_links()
    for _ in range(3):
        assert here.links.look(token, kind)[1] == ada
    assert here.stored_links() == before
    assert use(here, kind, token)


@every_kind
def test_vf_3_links_begin_with_the_configured_address(here: World, kind: str) -> None:
    """Whatever the request said; the use cases take no host, and the origin of a call has none."""
    ada = here.ada()
    here.mails()
    with coming_from(address="203.0.113.9", user_agent="Host: evil.example"):
        if kind == "verify_email":
            here.verification.request(ada.id)
        elif kind == "change_email":
            here.verification.change(ada.id, email=NEW)
        else:
            here.reset.request(email=ADA)
        mails = [message for message in here.mails() if message.template == kind]
    (letter,) = mails
    links = [word for word in letter.text.split() if "://" in word]
    page = kind.replace("_", "-")
    assert links == [f"https://app.example/{page}#token={token_in(letter.text)}"]
    assert "evil.example" not in letter.text + (letter.html or "")


def test_vf_4_asking_changes_nothing(here: World) -> None:
    """Neither the user nor the password nor the sessions, however often a stranger asks."""
    ada = here.ada()
    session, credential = here.session(), here.credential(ada)
    for _ in range(3):
        sent(here, "reset_password")
    here.reset.request(email=ADA)
    here.mails()
    assert here.users.get(ada.id) == ada
    assert here.credential(ada) == credential
    assert here.is_open(session)
    assert here.session()


def test_vf_4_a_reset_signs_nobody_in_and_ends_all_sessions(here: World) -> None:
    """What it returns is the user, and what was open is not any more."""
    here.ada()
    sessions = [here.session() for _ in range(3)]
    reset = here.reset.complete(token=sent(here, "reset_password"), password=NEW_PASSWORD)
    assert isinstance(reset, User)
    assert not any(map(here.is_open, sessions))
    assert here.sessions.list(reset.id).items == ()


def test_vf_4_a_reset_does_not_bypass_a_second_factor(here: World) -> None:
    """Who has the mailbox only is asked for it, as who has the password only."""

    async def second_factor(attempt: SignInAttempt) -> list[str]:
        raise ProofRequiredError(methods=("otp",))

    here.ada()
    here.built["sessions"].checks.append(second_factor)
    here.reset.complete(token=sent(here, "reset_password"), password=NEW_PASSWORD)
    with pytest.raises(ProofRequiredError):
        here.session(password=NEW_PASSWORD)


@pytest.mark.parametrize("delivered", [True, False])
@pytest.mark.parametrize("how", ["reset", "change", "set", "sign out", "disable"])
def test_vf_4_pending_changes_of_the_address_die(here: World, how: str, delivered: bool) -> None:
    """By a reset and all else that takes an account back, also those whose letter is still on its way."""
    ada = here.verified_ada()
    token = sent(here, "reset_password")
    here.verification.change(ada.id, email=NEW)
    pending = here.token("change_email") if delivered else None
    if how == "reset":
        here.reset.complete(token=token, password=NEW_PASSWORD)
    elif how == "change":
        here.passwords.change(ada.id, current_password=PASSWORD, new_password=NEW_PASSWORD)
    elif how == "set":
        here.passwords.set(ada.id, password=NEW_PASSWORD)
    elif how == "sign out":
        here.sessions.end_all(ada.id)
    else:
        here.users.disable(ada.id)
        here.users.enable(ada.id)
    if pending is None:
        assert "change_email" not in dict(here.letters())
    else:
        assert is_refused(here, "change_email", pending)
    assert here.users.get(ada.id).email == ADA


def test_vf_4_a_password_that_is_refused_leaves_everything(here: World) -> None:
    """The link, the old password and the sessions."""
    here.ada()
    session, token = here.session(), sent(here, "reset_password")
    with pytest.raises(UserKitError):
        here.reset.complete(token=token, password="short")
    assert here.is_open(session)
    assert use(here, "reset_password", token)


@pytest.mark.parametrize("kind", ["verify_email", "reset_password"])
def test_vf_5_the_first_proof_of_a_mailbox_takes_the_account_over(here: World, kind: str) -> None:
    """Whoever registered it with a stranger's address before has neither password nor session left."""
    thief = here.ada("the password of the thief")
    session = here.session(password="the password of the thief")
    here.verification.change(thief.id, email="thief@evil.example")
    waiting = here.token("change_email")
    owner = use(here, kind, sent(here, kind))
    assert owner.is_email_verified
    assert not here.is_open(session)
    with pytest.raises(InvalidCredentialsError):
        here.session(password="the password of the thief")
    assert is_refused(here, "change_email", waiting)
    if kind == "verify_email":
        assert use(here, "reset_password", sent(here, "reset_password"))
    assert here.session(password=NEW_PASSWORD)


def test_vf_5_whoever_proves_more_loses_nothing(here: World) -> None:
    """The owner who registered and reads the mail is one person."""
    here.ada()
    session = here.session()
    here.verification.complete(token=sent(here, "verify_email"), password=PASSWORD)
    assert here.is_open(session)
    assert here.session()


def test_vf_5_being_signed_in_elsewhere_proves_nothing(here: World) -> None:
    """Neither does somebody else's account help, nor one that the thief has opened for this."""
    here.ada()
    grace = here.users.register(email="grace@example.com", name="Grace Hopper")
    session = here.session()
    somebody = Identity(user_id=grace.id, authenticated_at=here.clock())
    here.verification.complete(token=sent(here, "verify_email"), identity=somebody)
    assert not here.is_open(session)


def test_vf_5_a_wrong_proof_takes_nothing_and_verifies_nothing(here: World) -> None:
    """A mistyped password must not cost the account."""
    ada = here.ada()
    token = sent(here, "verify_email")
    with pytest.raises(InvalidCredentialsError):
        here.verification.complete(token=token, password="mistyped")
    assert here.users.get(ada.id) == ada
    assert here.session()


def test_vf_5_later_proofs_take_nothing(here: World) -> None:
    """An account that is verified belongs to its owner."""
    ada = here.verified_ada()
    session = here.session()
    token = here.links.make("verify_email", ada, lifetime=timedelta(hours=1))
    here.verification.complete(token=token)
    assert here.is_open(session)


@pytest.mark.parametrize(
    ("how", "letter"),
    [
        ("change", "password_changed"),
        ("set", "password_changed"),
        ("reset", "password_reset_done"),
        ("remove", "password_removed"),
        ("move", "email_changed"),
        ("ask to move", "email_change_requested"),
    ],
)
def test_vf_6_the_stored_address_is_told(here: World, how: str, letter: str) -> None:
    """Of every new password and every other address, at the address before the change."""
    ada = here.verified_ada()
    token = sent(here, "reset_password")
    change = sent(here, "change_email")
    actions: dict[str, Callable[[], object]] = {
        "change": lambda: here.passwords.change(ada.id, current_password=PASSWORD, new_password=NEW_PASSWORD),
        "set": lambda: here.passwords.set(ada.id, password=NEW_PASSWORD),
        "reset": lambda: here.reset.complete(token=token, password=NEW_PASSWORD),
        "remove": lambda: here.passwords.remove(ada.id),
        "move": lambda: here.verification.confirm_change(token=change),
        "ask to move": lambda: here.verification.change(ada.id, email="ada@newer.example"),
    }
    actions[how]()
    letters = [(template, to) for template, to in here.letters() if template == letter]
    assert letters == [(letter, ADA)]


def test_vf_6_no_notice_holds_a_link_or_a_token(here: World) -> None:
    """Who reads the old mailbox learns what happened, and can do nothing with it."""
    ada = here.verified_ada()
    change = sent(here, "change_email")
    here.verification.confirm_change(token=change)
    here.passwords.set(ada.id, password=NEW_PASSWORD)
    for message in here.mails():
        assert "ukl_" not in message.text + (message.html or "")


def test_st_3_the_database_holds_no_token(here: World) -> None:
    """Neither of links, nor of letters that are not delivered yet."""
    ada = here.ada()
    here.reset.request(email=ADA)
    here.verification.change(ada.id, email=NEW)
    here.outbox.deliver(limit=1)
    undelivered = [repr(entry.payload) for entry in here.entries()]
    tokens = [token_in(message.text) for message in here.mails() if "ukl_" in message.text]
    assert len(tokens) == len(here.stored_links()) == 3
    for token in tokens:
        assert not any(token[20:] in payload for payload in undelivered)
        read = LINK.read(token)
        assert read is not None
        assert all(read[1] not in (link.digest, link.id.encode()) for link in here.stored_links())


def test_lg_3_a_request_looks_nothing_up(here: World) -> None:
    """What a stranger can time does the same for an address that somebody has and for one that nobody has."""
    here.ada()
    here.mails()
    asked = []
    for email in (ADA, "nobody@example.com"):
        here.reset.request(email=email)
        (entry,) = here.entries()
        here.mails()
        asked.append((entry.topic, entry.user_id, sorted(entry.payload)))
    assert asked[0] == asked[1]
    fields = {field.name for field in dataclasses.fields(type(here.built["password_reset"].request))}
    assert "store" not in fields


def test_lg_3_the_owner_of_a_taken_address_gets_no_link(here: World) -> None:
    """It is decided when the letter is delivered, out of sight of who asks."""
    ada = here.ada()
    here.users.register(email="grace@example.com", name="Grace Hopper")
    here.mails()
    here.verification.change(ada.id, email="grace@example.com")
    assert here.letters() == [("email_change_requested", ADA)]


def test_lg_3_changing_to_a_taken_address_looks_like_any_other() -> None:
    """The same entries, the same events, and no error."""
    seen = []
    for email in ("grace@example.com", "nobody@example.com"):
        here = fresh()
        ada = here.ada()
        here.users.register(email="grace@example.com", name="Grace Hopper")
        here.mails()
        here.told.clear()
        assert run(here.built["email_verification"].change(ada.id, email=email)) is None
        seen.append(([sorted(entry.payload) for entry in here.entries()], here.kinds()))
    assert seen[0] == seen[1]


def test_lg_3_a_request_takes_the_same_time(here: World) -> None:
    """Medians over interleaved pairs, with generous room: there is no work that only one of them has."""
    known = [f"somebody{number}@example.com" for number in range(40)]
    for email in known:
        here.users.register(email=email, name="Somebody")
    here.mails()
    times: dict[str, list[float]] = {"known": [], "unknown": []}
    for number, email in enumerate(known):
        for who, asked in (("known", email), ("unknown", f"nobody{number}@example.com")):
            with coming_from(address=f"192.0.2.{number}"):
                began = time.thread_time()
                here.reset.request(email=asked)
                times[who].append(time.thread_time() - began)
    of_known, of_unknown = (statistics.median(each) for each in times.values())
    assert of_known < 2 * of_unknown
    assert of_unknown < 2 * of_known


@pytest.mark.parametrize("how", ["verify", "reset"])
def test_vf_5_what_a_stranger_made_before_the_owner_came_opens_nothing(how: str) -> None:
    """An API key of whoever registered the account with somebody else's address dies with the takeover."""
    here = Everything("memory://")
    ada = here.ada()
    key = here.kit.api_keys.create(ada.id, name="back door")
    assert here.kit.authenticate(key.secret).user_id == ada.id
    if how == "verify":
        here.kit.email_verification.complete(token=here.token("verify_email"))
    else:
        here.kit.password_reset.request(email=ADAS_EMAIL)
        here.kit.password_reset.complete(token=here.token("reset_password"), password=ADAS_PASSWORD)
    with pytest.raises(UnauthenticatedError):
        here.kit.authenticate(key.secret)
    owned = here.kit.api_keys.create(ada.id, name="front door")
    assert here.kit.authenticate(owned.secret).user_id == ada.id
    here.kit.password_reset.request(email=ADAS_EMAIL)
    here.kit.password_reset.complete(token=here.token("reset_password"), password="eleven brave marmots")
    assert here.kit.authenticate(owned.secret).user_id == ada.id
