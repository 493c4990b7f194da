"""Who may call what: every kind of access, asked by everybody."""

from typing import Any

import pytest

from tests.http.doors import OTHER, SELF, Doorkeeper, application, asking, bearing, of, problem, route
from userkit.errors import UserNotFoundError
from userkit.http import FRESH, PUBLIC, SESSION, USER, Access, over_user, permission, self_or
from userkit.http.messages import Response
from userkit.http.route import AnyCall, Reply
from userkit.sync import run

OK = (200, "")
NO_CREDENTIAL = (401, "unauthenticated")
FORBIDDEN = (403, "forbidden")
REPROVE = (403, "reauthentication_required")
HIDDEN = (404, "user_not_found")

# In the path is always SELF. Of the callers, "fresh", "stale" and "key" are SELF, all others are OTHER.
CALLERS = (None, "garbage", "fresh", "stale", "key", "stranger", "seer", "holder", "holder-key", "narrow-key")
ACCESS: dict[str, Access] = {
    "public": PUBLIC,
    "user": USER,
    "session": SESSION,
    "fresh": FRESH,
    "permission": permission("users:write"),
    "seeing": permission("users:read"),
    "over user": over_user("users:write"),
    "over user, seeing": over_user("users:read"),
    "self or": self_or("users:write"),
    "self or, fresh": self_or("users:write", fresh=True),
}
Answers = dict[str | None, tuple[int, str]]
NOBODY: Answers = {None: NO_CREDENTIAL, "garbage": NO_CREDENTIAL}
NO_KEYS: Answers = {"key": FORBIDDEN, "holder-key": FORBIDDEN, "narrow-key": FORBIDDEN}
WITHOUT: Answers = {
    "fresh": FORBIDDEN,
    "stale": FORBIDDEN,
    "key": FORBIDDEN,
    "narrow-key": FORBIDDEN,
    "stranger": FORBIDDEN,
}
# A stranger may not even know whether there is such a user; nor may a key that is for something else, or
# that may change users and not see them when it lacks what is asked for.
UNSEEN: Answers = {"stranger": HIDDEN, "narrow-key": HIDDEN, "seer": FORBIDDEN}
REFUSED: dict[str, Answers] = {
    "public": {},
    "user": NOBODY,
    "session": {**NOBODY, **NO_KEYS},
    "fresh": {**NOBODY, **NO_KEYS, "stale": REPROVE, "stranger": REPROVE, "seer": REPROVE},
    "permission": {**NOBODY, **WITHOUT, "seer": FORBIDDEN},
    "seeing": {**NOBODY, **WITHOUT, "holder-key": FORBIDDEN},
    "over user": {**NOBODY, **UNSEEN, "fresh": FORBIDDEN, "stale": FORBIDDEN, "key": FORBIDDEN},
    "over user, seeing": {
        **NOBODY,
        **UNSEEN,
        "fresh": FORBIDDEN,
        "stale": FORBIDDEN,
        "key": FORBIDDEN,
        "seer": OK,
        "holder-key": HIDDEN,
    },
    "self or": {**NOBODY, **UNSEEN},
    "self or, fresh": {**NOBODY, **UNSEEN, "stale": REPROVE, "key": REPROVE},
}


def asked(access: Access, credential: str | None, *, target: str = SELF, door: Any = None) -> Response:
    """Return the answer to a call about a user, with whatever shows who calls."""
    request = asking("POST", *bearing(credential), path_values={"id": target})
    return run(application(door).run(route(access=access, method="POST"), request))


def seen(answer: Response) -> tuple[int, str]:
    """Return the status and the code, none when all is well."""
    return (answer.status, "") if answer.status == 200 else problem(answer)


@pytest.mark.parametrize("caller", CALLERS, ids=str)
@pytest.mark.parametrize("name", list(ACCESS))
def test_az_1_only_who_may_is_let_in(name: str, caller: str | None) -> None:
    """By the table of the contract; all others are told what they lack, or that there is nobody."""
    assert seen(asked(ACCESS[name], caller)) == REFUSED[name].get(caller, OK)


@pytest.mark.parametrize("caller", ["stranger", "narrow-key", "seer"])
@pytest.mark.parametrize("name", ["over user", "self or", "self or, fresh"])
def test_az_1_a_user_who_exists_is_as_unknown_as_one_who_does_not(name: str, caller: str) -> None:
    """The answers are the same to the last byte."""
    there, nowhere, odd = (asked(ACCESS[name], caller, target=each) for each in (SELF, "nobody", "\0%ff"))
    assert (there.status, there.headers, there.body) == (nowhere.status, nowhere.headers, nowhere.body)
    assert there.body == odd.body


def test_one_is_never_hidden_from_oneself() -> None:
    """Who may not do it to themselves is told so."""
    assert seen(asked(over_user("users:delete"), "holder", target=OTHER)) == FORBIDDEN
    assert seen(asked(over_user("users:delete"), "stranger", target=OTHER)) == FORBIDDEN


def test_holders_are_themselves_first() -> None:
    """Who holds the permission must be fresh to do it to themselves, and need not be for others."""
    deleting = self_or("users:write", fresh=True)
    assert seen(asked(deleting, "stale-holder", target=OTHER)) == REPROVE
    assert seen(asked(deleting, "stale-holder", target=SELF)) == OK
    assert seen(asked(deleting, "holder", target=OTHER)) == OK


@pytest.mark.parametrize("target", [SELF.upper(), f"{SELF} ", f" {SELF}", f"{SELF}\0", SELF[:-1], "", "me"])
def test_az_1_only_ones_very_id_is_oneself(target: str) -> None:
    """Nothing is trimmed, and upper case is another."""
    assert seen(asked(self_or("users:write"), "fresh", target=target)) == HIDDEN


def test_cf_1_a_place_that_is_missing_lets_nobody_in() -> None:
    """A route whose path does not name the user is a mistake of ours."""
    broken = route(access=self_or("users:write"), method="POST", path="/things")
    answer = run(application().run(broken, asking("POST", *bearing("holder"))))
    assert problem(answer) == (500, "internal_error")


@pytest.mark.parametrize(
    ("access", "gone", "answer"),
    [
        (PUBLIC, (SELF,), HIDDEN),
        *((access, (SELF,), NO_CREDENTIAL) for access in (USER, SESSION, FRESH, self_or("users:write"))),
        *((access, (), HIDDEN) for access in (USER, SESSION, FRESH, self_or("users:write"))),
    ],
)
def test_who_has_been_deleted_is_nobody(
    access: Access, gone: tuple[str, ...], answer: tuple[int, str]
) -> None:
    """They are asked to sign in again; to others it is somebody else who is not there."""

    async def missing(_: AnyCall) -> Reply:
        raise UserNotFoundError

    request = asking("POST", *bearing("fresh"), path_values={"id": SELF})
    app = application(Doorkeeper(gone=gone))
    assert problem(run(app.run(route(missing, access=access, method="POST"), request))) == answer


def test_the_handler_knows_who_calls() -> None:
    """Also where anybody may, and not by a credential that is bad."""
    callers: list[str | None] = []

    async def note(call: AnyCall) -> Reply:
        callers.append(None if call.caller is None else call.caller.user_id)
        return Reply()

    for credential in ("fresh", "key", "garbage", None):
        assert (
            run(application().run(route(note, access=PUBLIC), asking("GET", *bearing(credential)))).status
            == 200
        )
    several = (("authorization", "Bearer fresh"), ("authorization", "Bearer fresh"))
    assert run(application().run(route(note, access=PUBLIC), asking("GET", *several))).status == 200
    assert callers == [SELF, SELF, None, None, None]


def test_permissions_are_asked_for_once() -> None:
    """Whether others may be seen is only asked when it decides the answer."""
    door = Doorkeeper()
    asked(self_or("users:write"), "holder", door=door)
    asked(self_or("users:write"), "fresh", door=door)
    assert door.asked == ["authenticate", "require", "authenticate"]
    door.asked.clear()
    asked(self_or("users:write"), "stranger", door=door)
    assert door.asked == ["authenticate", "require", "allows"]


def test_whatever_a_body_says_access_is_checked_first() -> None:
    """Who may not do it does not learn what it takes."""
    sent = asking("POST", body=b"garbage", query="x=1")
    assert problem(run(application().run(route(method="POST"), sent))) == NO_CREDENTIAL


def test_two_people_are_never_mixed_up() -> None:
    """One application answers many."""
    door = application(Doorkeeper(known={name: of(name) for name in ("ada", "bob")}))
    access = self_or("users:write")
    for caller in ("ada", "bob", "ada"):
        for target in ("ada", "bob"):
            request = asking("GET", *bearing(caller), path_values={"id": target})
            answer = run(door.run(route(access=access), request))
            assert answer.status == (200 if caller == target else 404)
