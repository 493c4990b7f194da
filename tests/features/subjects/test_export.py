"""Handing a person out what is kept of them."""

import asyncio
import json
from contextlib import aclosing

import pytest

from tests.features.subjects.world import ADDRESS, EMAIL, PASSWORD, SECRET, World, at_home, opened
from userkit import UserKit
from userkit.errors import UsageError, UserNotFoundError
from userkit.features.audit import AuditEntry
from userkit.features.passwords import PasswordCredential
from userkit.features.sessions import Session
from userkit.kernel.ids import text_of_id
from userkit.kernel.json import JSONObject
from userkit.storage.capabilities import bulk_loadable
from userkit.storage.disclosure import shown
from userkit.sync import run
from userkit.testing import InstantHasher

NOBODY = "019c9f2f-3d7b-7000-8000-000000000000"


def records(here: World, feature: str, user_id: str | None = None) -> list[JSONObject]:
    """Return what one feature shows Ada, or somebody else."""
    return [
        record for name, record in here.kit.users.export_subject(user_id or here.ada.id) if name == feature
    ]


def test_everything_is_json(here: World) -> None:
    """Each record can be written as it is, and those of a feature come together."""
    told = list(here.kit.users.export_subject(here.ada.id))
    names = [each.feature for each in told]
    assert sorted(names, key=names.index) == names
    assert [json.loads(json.dumps(each.record)) for each in told] == [each.record for each in told]


def test_a_person_sees_what_they_have_given(here: World) -> None:
    """Their profile, where they are signed in, what their programs are called, what waits for them."""
    (user,) = records(here, "users")
    assert (user["email"], user["name"]) == (EMAIL, "Ada Lovelace of London")
    assert user["attributes"] == {"city": "London"}
    (session,) = records(here, "sessions")
    assert (session["kind"], session["methods"], session["address"]) == ("bearer", ["pwd"], ADDRESS)
    (key,) = records(here, "api_keys")
    assert key["name"] == "Laptop of the Countess"
    assert records(here, "roles") == [{"roles": ["editor"], "active": True}]
    assert records(here, "notes") == [{"text": "dear diary"}]
    assert {each.get("letter") for each in records(here, "outbox")} == {None, "api_key_created"}
    (review,) = records(here, "screening")
    assert (review["verdict"], review["reasons"]) == ("review", ["impersonates_staff"])


def test_of_a_password_only_the_time_is_told(here: World) -> None:
    """There is one, and since when."""
    assert [each.keys() for each in records(here, "passwords")] == [{"changed_at"}]


def test_what_others_are_is_not_told(here: World) -> None:
    """An administrator who changed the profile is somebody, without address and without id."""
    trail = records(here, "audit")
    (changed,) = (each for each in trail if each["event"] == "user_updated")
    assert (changed["by"], changed["about"]) == ("another", "subject")
    assert (changed["address"], changed["user_agent"], changed["session_id"]) == (None, None, None)
    told = json.dumps([record for _, record in here.kit.users.export_subject(here.ada.id)])
    assert here.root.id not in told
    assert "198.51.100.1" not in told
    # Bob is named by id in what Ada's own event says, and nowhere else.
    assert "bob@" not in told


def test_to_whom_a_letter_of_somebody_else_goes_is_not_told(here: World) -> None:
    """It names her, so it is shown; and where it goes only if that is to her."""
    for id, to in ((here.bob.id, "bob@engine.example"), (None, "dan@engine.example"), (None, EMAIL.lower())):
        payload = {"letter": "invitation", "to": to, "context": {"from": EMAIL}}
        run(here.store.commit(here.outbox.entry("letter", payload, user_id=id)))
    invitations = [each for each in records(here, "outbox") if each.get("letter") == "invitation"]
    assert [each.get("to") for each in invitations] == [None, None, EMAIL.lower()]


def test_what_a_person_did_to_others_is_theirs(here: World) -> None:
    """When, from where; and nothing of what it did to them."""
    done = [each for each in records(here, "audit") if each["about"] == "another"]
    assert [each["event"] for each in done] == ["user_disabled", "user_enabled", "invited"]
    assert {(each["by"], each["address"]) for each in done} == {("subject", ADDRESS)}
    assert all(each["facts"] == {} for each in done)


def test_no_secret_and_no_digest_is_handed_out(here: World) -> None:
    """Neither passwords nor what they, sessions, keys and links are compared with."""
    told = repr(list(here.kit.users.export_subject(here.ada.id)))
    (credential,) = (each for each in here.all(PasswordCredential) if each.id == here.ada.id)
    (session,) = here.all(Session)
    assert credential.hash not in told
    assert PASSWORD not in told
    assert repr(session.digest) not in told
    assert "nonce" not in told


def test_bytes_are_never_shown(here: World) -> None:
    """They are digests and keys, whoever asks for them."""
    (session,) = here.all(Session)
    with pytest.raises(UsageError, match="digest is bytes"):
        shown(session, "digest")


def test_somebody_of_whom_nothing_is_kept_is_not_found(here: World) -> None:
    """Nor is what is no id at all."""
    for unknown in (NOBODY, "nobody"):
        with pytest.raises(UserNotFoundError):
            list(here.kit.users.export_subject(unknown))


def test_what_stayed_of_somebody_who_is_gone_is_handed_out(here: World) -> None:
    """The trail, and what the outbox has still to do."""
    here.kit.users.delete(here.ada.id)
    told = list(here.kit.users.export_subject(here.ada.id))
    assert {each.feature for each in told} == {"audit", "outbox"}


def test_ids_that_do_not_tell_their_time_are_looked_for_everywhere() -> None:
    """The id of a user may come from elsewhere; what they did is found all the same."""
    with opened() as here:
        ours = text_of_id(bytes(6) + b"\x4f" + bytes(9))
        with at_home(actor_id=ours):
            here.kit.users.disable(here.bob.id)
        (done,) = here.kit.users.export_subject(ours)
        assert done.record["event"] == "user_disabled"


def test_a_long_trail_takes_the_memory_of_a_page() -> None:
    """It is read page by page, and nothing before it is asked for."""
    with opened() as here:
        told = [
            AuditEntry(id=here.parts.new_id(), at=here.clock(), event="seen", user_id=here.ada.id)
            for _ in range(1200)
        ]
        run(bulk_loadable(here.store).load(told))
        records = here.kit.users.export_subject(here.ada.id)
        assert next(records).feature == "users"
        assert len([record for _, record in records if record.get("event") == "seen"]) == 1200


def test_the_asynchronous_kit_does_the_same() -> None:
    """With ``async for``; it may be closed early."""

    async def first() -> tuple[str, int]:
        async with UserKit("memory://", secret=SECRET, hasher=InstantHasher()) as kit:
            user = await kit.users.register(email=EMAIL, name="Ada", password=PASSWORD)
            async with aclosing(kit.users.export_subject(user.id)) as some:
                feature, _ = await anext(some)
            everything = [each async for each in kit.users.export_subject(user.id)]
            await kit.users.erase(user.id)
            left = [each.feature async for each in kit.users.export_subject(user.id)]
            assert set(left) == {"audit", "outbox"}
            return feature, len(everything)

    assert asyncio.run(first()) == ("users", 3)
