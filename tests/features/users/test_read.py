"""Reading, listing, searching and counting."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.features.users.world import World, prepared, world
from tests.storage.doubles import BareStore
from userkit.backends.memory import MemoryStore
from userkit.errors import InvalidCursorError, InvalidInputError, UnsupportedStoreError, UserNotFoundError
from userkit.features.users import User
from userkit.kernel.page import Page
from userkit.storage.paging import LARGEST_SKIP

NOBODY = "019c9f2f-3d7b-7000-8000-000000000000"


def several(here: World, count: int) -> tuple[User, ...]:
    """Register so many users, and return them in order."""
    made = (
        here.users.register(email=f"user{number}@example.com", name=f"User {number}")
        for number in range(count)
    )
    return tuple(made)


def all_pages(list_page: Callable[[str | None], Page[User]]) -> tuple[User, ...]:
    """Follow the cursors to the end."""
    page = list_page(None)
    items = page.items
    while page.next is not None:
        page = list_page(page.next)
        assert page.items, "a page that is announced holds something"
        items += page.items
    return items


def test_a_user_is_found_by_id_and_by_any_spelling_of_the_address(here: World) -> None:
    """As last committed."""
    ada = here.ada()
    assert here.users.get(ada.id) == ada
    for spelling in ("Ada@Example.com", "ada@example.com", "ADA@EXAMPLE.COM"):
        assert here.users.get_by_email(spelling) == ada


@pytest.mark.parametrize(
    "user_id", [NOBODY, "", "ada@example.com", NOBODY.upper(), "\0", "\ud800", "x" * 1_000_000]
)
def test_an_id_that_nobody_has_finds_nobody(here: World, user_id: str) -> None:
    """Whether or not it could be one."""
    here.ada()
    with pytest.raises(UserNotFoundError):
        here.users.get(user_id)


@pytest.mark.parametrize(
    "email", ["bo@example.com", "", "ada", "ada@example.com, bo@example.com", "\ud800@x.org"]
)
def test_an_address_that_nobody_has_finds_nobody(here: World, email: str) -> None:
    """Whether or not it is one."""
    here.ada()
    with pytest.raises(UserNotFoundError):
        here.users.get_by_email(email)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("newest_first", [False, True])
def test_a_list_is_complete_and_in_order(here: World, limit: int, newest_first: bool) -> None:
    """By registration, whatever the size of its pages."""
    made = several(here, 7)
    listed = all_pages(lambda after: here.users.list(limit=limit, after=after, newest_first=newest_first))
    assert listed == (made[::-1] if newest_first else made)


def test_a_list_may_be_empty(here: World) -> None:
    """Its only page is the last."""
    assert here.users.list() == here.users.list(newest_first=True) == Page(())


def test_paging_goes_on_where_it_was_when_users_come_and_go(here: World) -> None:
    """Nobody is listed twice, and nobody who stayed is left out."""
    made = several(here, 6)
    first = here.users.list(limit=3)
    here.users.delete(made[2].id)
    here.users.delete(made[0].id)
    late = here.users.register(email="late@example.com", name="Late")
    rest = all_pages(lambda after: here.users.list(limit=2, after=after or first.next))
    assert rest == (*made[3:], late)


def test_skipping_starts_further_down(here: World) -> None:
    """From either end, and past the end there is nothing; cursors go on from there."""
    made = several(here, 5)
    page = here.users.list(skip=2, limit=2)
    assert page.items == made[2:4]
    assert here.users.list(after=page.next).items == made[4:]
    assert here.users.list(skip=4, newest_first=True).items == made[:1]
    assert here.users.list(skip=5) == here.users.list(skip=LARGEST_SKIP) == Page(())


@pytest.mark.parametrize(
    "asked",
    [{"limit": 0}, {"limit": 1001}, {"limit": "5"}, {"skip": -1}, {"skip": LARGEST_SKIP + 1}, {"skip": None}],
)
def test_a_page_has_bounds(here: World, asked: dict[str, Any]) -> None:
    """What goes beyond is bad input."""
    with pytest.raises(InvalidInputError):
        here.users.list(**asked)


def test_a_page_is_asked_for_by_cursor_or_by_number(here: World) -> None:
    """Both at once would have to ignore one of them."""
    several(here, 3)
    after = here.users.list(limit=1).next
    with pytest.raises(InvalidInputError, match="not both"):
        here.users.list(after=after, skip=1)


@pytest.mark.parametrize("after", ["", "AAAA", NOBODY, 7, ["x"], {"$ne": None}])
def test_a_cursor_cannot_be_made_up(here: World, after: Any) -> None:
    """Neither for lists nor for searches."""
    for page in (here.users.list, lambda **asked: here.users.search("ada", **asked)):
        with pytest.raises(InvalidCursorError):
            page(after=after)


def test_a_cursor_is_good_for_the_list_it_came_from(here: World) -> None:
    """Not for the other direction, another search, or the other way round."""
    several(here, 3)
    oldest = here.users.list(limit=1).next
    newest = here.users.list(limit=1, newest_first=True).next
    found = here.users.search("user", limit=1).next
    assert None not in (oldest, newest, found)
    for wrong in (newest, found):
        with pytest.raises(InvalidCursorError):
            here.users.list(after=wrong)
    for wrong in (oldest, found):
        with pytest.raises(InvalidCursorError):
            here.users.list(after=wrong, newest_first=True)
    for wrong in (oldest, newest):
        with pytest.raises(InvalidCursorError):
            here.users.search("user", after=wrong)
    with pytest.raises(InvalidCursorError):
        here.users.search("users", after=found)


def test_users_are_found_by_how_their_words_begin(here: World) -> None:
    """The address, and the words of the name in any order and any case."""
    ada = here.users.register(email="countess@example.com", name="Ada Lovelace")
    luc = here.users.register(email="jl@example.org", name="Jean-Luc Picard")
    zoe = here.users.register(email="zoe@example.net", name="Zoë O’Brien")
    for text, found in [
        ("ada", (ada,)),
        ("LOVE", (ada,)),
        ("love ad", (ada,)),
        ("countess@", (ada,)),
        ("example", ()),
        ("velace", ()),
        ("ada picard", ()),
        ("luc", (luc,)),
        ("jean-luc", (luc,)),
        ("j", (luc,)),
        ("zoë", (zoe,)),
        ("zoe\u0308", (zoe,)),
        ("zoe", (zoe,)),
        ("brien", (zoe,)),
        ("o’b", (zoe,)),
        ("", ()),
        ("  ", ()),
    ]:
        assert here.users.search(text).items == found, text


def test_a_search_is_paged_like_a_list(here: World) -> None:
    """By registration."""
    made = several(here, 5)
    here.users.register(email="other@example.com", name="Other")
    assert all_pages(lambda after: here.users.search("USER", limit=2, after=after)) == made


@pytest.mark.parametrize(
    "text", ["a" * 256, "nul \0", "half \ud83d", None, 7, ["ada"], {"$ne": None}], ids=ascii
)
def test_a_search_is_for_text_of_bounded_length(here: World, text: Any) -> None:
    """Anything else is bad input."""
    assert here.users.search("a" * 255).items == ()
    with pytest.raises(InvalidInputError, match="at most 255 characters"):
        here.users.search(text)


def test_users_are_counted(here: World) -> None:
    """Disabled ones as well, deleted ones no more."""
    assert here.users.count() == 0
    made = several(here, 3)
    here.users.disable(made[0].id)
    here.users.delete(made[1].id)
    assert here.users.count() == 2


def test_a_store_that_can_neither_search_nor_count_says_so() -> None:
    """Everything else works."""
    here = world(BareStore(prepared(MemoryStore())))
    ada = here.ada()
    assert here.users.list().items == (ada,)
    with pytest.raises(UnsupportedStoreError, match="BareStore cannot search"):
        here.users.search("ada")
    with pytest.raises(UnsupportedStoreError, match="BareStore cannot count"):
        here.users.count()
