"""RG: registration and addresses, as far as the use cases go."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.features.users.world import World, prepared, world
from tests.storage.doubles import BareStore
from userkit import EmailAlreadyExistsError, InvalidEmailError, InvalidNameError, NotFoundError
from userkit.backends.memory import MemoryStore
from userkit.errors import InvalidInputError
from userkit.kernel.email import EmailAddress
from userkit.storage.changes import Change

COLLISIONS = Path(__file__).parent.parent / "vectors" / "unicode" / "ascii_collisions_by_case_or_nfkc.json"
VICTIM = "victim@example.com"
NOT_TEXT = [
    None,
    7,
    1.5,
    True,
    b"ada@example.com",
    ["ada@example.com"],
    ("a", "b"),
    {"$ne": None},
    {"a": {"b": []}},
    object(),
]

not_text = pytest.mark.parametrize("value", NOT_TEXT, ids=lambda value: type(value).__name__)


@pytest.fixture
def here() -> World:
    """The use cases over a store in memory."""
    return world(prepared(MemoryStore()))


def key_of(text: str) -> str | None:
    """Return the key of an address, or None when it is refused."""
    try:
        return EmailAddress.parse(text).key
    except InvalidEmailError:
        return None


def collisions() -> list[tuple[str, str]]:
    """Return each character that some folding turns into ASCII, with what it is turned into."""
    rows = json.loads(COLLISIONS.read_text(encoding="utf-8"))
    return sorted({(chr(int(row["cp"].replace("U+", "0x"), 0)), row["to"]) for row in rows})


@pytest.mark.parametrize(
    "field",
    [
        "id",
        "version",
        "email_key",
        "email_verified_at",
        "disabled_at",
        "created_at",
        "updated_at",
        "is_admin",
        "realm",
    ],
)
def test_rg_1_what_the_server_decides_cannot_be_sent(here: World, field: str) -> None:
    """Neither when registering nor when updating."""
    ada = here.ada()
    register: Callable[..., object] = here.users.register
    update: Callable[..., object] = here.users.update
    with pytest.raises(TypeError, match=field):
        register(email="bo@example.com", name="Bo", **{field: "x"})
    if field != "version":  # there it says which revision is to be changed
        with pytest.raises(TypeError, match=field):
            update(ada.id, **{field: "x"})
    assert here.stored() == (ada,)


def test_rg_1_an_update_changes_neither_the_address_nor_its_state(here: World) -> None:
    """Whatever is in the attributes."""
    ada = here.ada()
    claims = {
        "email": "x@example.com",
        "version": 9,
        "disabled_at": None,
        "id": "x",
        "email_verified_at": "now",
    }
    after = here.users.update(ada.id, attributes=claims)
    assert (after.id, after.email, after.version, after.email_verified_at) == (ada.id, ada.email, 2, None)


@not_text
def test_rg_2_what_is_not_text_registers_nobody(here: World, value: Any) -> None:
    """Nor does it crash."""
    with pytest.raises(InvalidEmailError):
        here.users.register(email=value, name="Ada")
    with pytest.raises(InvalidNameError):
        here.users.register(email="ada@example.com", name=value)
    assert here.stored() == ()
    assert here.told == []


@not_text
def test_rg_2_what_is_not_text_matches_nobody(here: World, value: Any) -> None:
    """Not everybody, as an operator of a query language would."""
    ada = here.ada()
    for call in (
        here.users.get,
        here.users.get_by_email,
        here.users.update,
        here.users.disable,
        here.users.enable,
        here.users.delete,
    ):
        with pytest.raises(NotFoundError):
            call(value)
    with pytest.raises(InvalidInputError):
        here.users.search(value)
    if value is not None:  # None is the first page, no new name, and no attributes
        for page in (here.users.list, lambda after: here.users.search("ada", after=after)):
            with pytest.raises(InvalidInputError):
                page(after=value)
        with pytest.raises(InvalidInputError):
            here.users.update(ada.id, name=value)
    assert here.stored() == (ada,)
    assert here.told == []


@pytest.mark.parametrize(
    "value", [7, 1.5, True, "text", b"bytes", ["a"], {"a": {1: 2}}, {"a": object()}, {"a": {1}}]
)
def test_rg_2_attributes_of_another_form_change_nothing(here: World, value: Any) -> None:
    """Deeply nested ones included."""
    ada = here.ada()
    deep: dict[str, Any] = {}
    for _ in range(10_000):
        deep = {"in": deep}
    for attributes in (value, deep):
        with pytest.raises(InvalidInputError):
            here.users.register(email="bo@example.com", name="Bo", attributes=attributes)
        with pytest.raises(InvalidInputError):
            here.users.update(ada.id, attributes=attributes)
    assert here.stored() == (ada,)


def test_rg_3_the_characters_are_all_there() -> None:
    """A file that is not read proves nothing."""
    assert len(collisions()) > 1300
    assert {"\u212a", "\u017f", "\u0131", "\uff20", "\uff0e"} <= {char for char, _ in collisions()}


def test_rg_3_a_character_that_looks_like_ascii_makes_another_address_or_none() -> None:
    """In every place of the address, for every character that case or compatibility turns into ASCII."""
    taken_over = []
    for char, ascii_form in collisions():
        for place in range(len(VICTIM) + 1):
            for text in (VICTIM[:place] + char + VICTIM[place:], VICTIM[:place] + char + VICTIM[place + 1 :]):
                key = key_of(text)
                if key is not None and key in (VICTIM, key_of(text.replace(char, ascii_form))):
                    taken_over.append(text)
    assert taken_over == []


@pytest.mark.parametrize(
    ("look_alike", "ascii_address"),
    [
        ("\u212aate@example.com", "kate@example.com"),
        ("kate@\u212aate.example", "kate@kate.example"),
        ("v\u0131ctim@example.com", VICTIM),
        ("victim@ex\u0430mple.com", VICTIM),
        ("victim@example\u3002com", VICTIM),
        ("victim@example\uff0ecom", VICTIM),
        ("victim@example\uff61com", VICTIM),
        ("victim\uff20example.com", VICTIM),
        ("\uff56ictim@example.com", VICTIM),
        ("victim@example.\uff43om", VICTIM),
        ("victim@ex\u00adample.com", VICTIM),
        ("victim@ex\u200bample.com", VICTIM),
        ("victim@example.com\u200b", VICTIM),
        ("\ufeffvictim@example.com", VICTIM),
    ],
    ids=ascii,
)
def test_rg_3_a_look_alike_does_not_reach_the_account_it_looks_like(
    here: World, look_alike: str, ascii_address: str
) -> None:
    """The Kelvin sign is no k: it registers another account, or none."""
    victim = here.users.register(email=ascii_address, name="Victim")
    with suppress(InvalidEmailError):
        other = here.users.register(email=look_alike, name="Mallory")
        assert other.email_key != victim.email_key
        assert here.users.get_by_email(look_alike) == other
    assert here.users.get_by_email(ascii_address) == victim


def test_rg_3_mail_goes_to_the_stored_address(here: World) -> None:
    """Whoever asks with another spelling gets the account with the address as its owner typed it."""
    here.users.register(email="Ada@Example.com", name="Ada")
    assert here.users.get_by_email("aDA@eXAMPLE.COM").email == "Ada@Example.com"


class BlindStore(BareStore):
    """A store in which nothing can be looked up."""

    async def step(self) -> None:
        """Refuse."""
        raise AssertionError

    async def commit(self, *changes: Change) -> None:
        """See Store.commit."""
        await self.behind.commit(*changes)


def test_rg_3_the_store_decides_who_was_first() -> None:
    """Nothing is looked up before: the commit itself refuses the second registration."""
    blind = world(BlindStore(prepared(MemoryStore())))
    blind.ada()
    with pytest.raises(EmailAlreadyExistsError):
        blind.users.register(email="ada@example.com", name="Mallory")


@pytest.mark.parametrize(
    "text",
    [
        "ada@example.com\r\nBcc: all@example.com",
        "ada@example.com\n",
        "\nada@example.com",
        "ada\n@example.com",
        "ada@exam\nple.com",
        "ada\0@example.com",
        "ada@example.com\0",
        "ada@example.com, bo@example.com",
        "ada@example.com,bo@example.com",
        "ada@example.com;bo@example.com",
        "ada@example.com bo@example.com",
        "ada@example.com\tbo@example.com",
        "ada@example.com@example.com",
        "Ada <ada@example.com>",
        "<ada@example.com>",
        '"Ada" <ada@example.com>',
        '"ada bo"@example.com',
        "ada@example.com (Ada)",
        "ada(comment)@example.com",
        "mailto:ada@example.com?cc=bo@example.com",
        "ada@[127.0.0.1]",
        "ada@127.0.0.1",
        " ada@example.com",
        "ada@example.com ",
        "ada@example.com\u2028",
        "ada@example.com\x85",
        "ada@exam\u202eple.com",
    ],
    ids=ascii,
)
def test_rg_4_a_field_holds_exactly_one_address(here: World, text: str) -> None:
    """No lists, line breaks, display names, comments, literals or white space."""
    with pytest.raises(InvalidEmailError):
        here.users.register(email=text, name="Ada")
    assert here.stored() == ()


@pytest.mark.parametrize(
    "name",
    [
        "Ada\r\nBcc: all@example.com",
        "Ada\nERROR forged line",
        "Ada\x85forged",
        "Ada\u2028forged",
        "Ada\u2029forged",
        "Ada\x1b[31m",
        "Ada\0",
        "Ada\t",
        "Ada\x7f",
        "\u202eadA",
        "\u2066Ada\u2069",
        "Ada\ud800",
        "Ada\uffff",
        "Ada\ue000",
    ],
    ids=ascii,
)
def test_rg_4_a_name_forges_neither_a_line_nor_a_header_nor_another_name(here: World, name: str) -> None:
    """Neither at first nor later."""
    ada = here.ada()
    with pytest.raises(InvalidNameError):
        here.users.register(email="bo@example.com", name=name)
    with pytest.raises(InvalidNameError):
        here.users.update(ada.id, name=name)
    assert here.stored() == (ada,)
