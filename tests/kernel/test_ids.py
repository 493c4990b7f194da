"""Ids tell their time and their order, and cannot be guessed."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from userkit.kernel.clock import utc_now
from userkit.kernel.ids import UUIDv7, first_id_at, is_id, made_at

# RFC 9562, appendix A.6: the milliseconds of this moment are 0x017F22E279B0.
THEN = datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)


def filled_with(byte: int) -> Callable[[int], bytes]:
    """Return chance that always falls the same way."""
    return lambda length: bytes([byte]) * length


def milliseconds(text: str) -> int:
    """Return the time that an id tells."""
    return uuid.UUID(text).int >> 80


def counter(text: str) -> int:
    """Return the count of an id within its millisecond."""
    return uuid.UUID(text).int >> 64 & 0xFFF


def test_an_id_is_a_uuid_of_version_7() -> None:
    """Everybody's UUID type reads it."""
    made = UUIDv7(utc_now)()
    parsed = uuid.UUID(made)
    assert str(parsed) == made
    assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)


@pytest.mark.parametrize(
    ("byte", "text"),
    [
        (0x00, "017f22e2-79b0-7000-8000-000000000000"),
        (0xFF, "017f22e2-79b0-77ff-bfff-ffffffffffff"),
    ],
)
def test_time_comes_first_then_the_counter_then_chance(byte: int, text: str) -> None:
    """Whatever chance gives, time, version, variant and the room left in the counter stand firm."""
    made = UUIDv7(lambda: THEN, random=filled_with(byte))()
    assert made == text
    assert datetime.fromtimestamp(milliseconds(made) / 1000, UTC) == THEN


def test_an_id_tells_when_it_was_made() -> None:
    """And the first one of a moment comes before all that are made in it, and after all of before."""
    made = UUIDv7(lambda: THEN, random=filled_with(0))()
    assert made_at(made) == 0x017F22E279B0
    assert first_id_at(made_at(made) - 1) < first_id_at(made_at(made)) < made < first_id_at(made_at(made) + 1)


@pytest.mark.parametrize(("milliseconds", "meant"), [(-1, 0), (0, 0), (1 << 48, (1 << 48) - 1)])
def test_a_time_that_no_id_tells_is_the_nearest(milliseconds: int, meant: int) -> None:
    """Before 1970, or after the year 10889."""
    assert is_id(first_id_at(milliseconds))
    assert made_at(first_id_at(milliseconds)) == meant


def test_ids_of_one_millisecond_are_in_order() -> None:
    """The counter decides where the clock does not."""
    new_id = UUIDv7(lambda: THEN)
    made = [new_id() for _ in range(2000)]
    assert made == sorted(set(made))
    assert {milliseconds(each) for each in made} == {milliseconds(made[0])}


def test_order_survives_a_clock_that_steps_back() -> None:
    """Time synchronisation must not put a new user before an old one."""
    moments = [THEN, THEN - timedelta(hours=1), THEN - timedelta(seconds=1), THEN + timedelta(seconds=1)]
    times = iter(moments)
    new_id = UUIDv7(lambda: next(times))
    made = [new_id() for _ in moments]
    assert made == sorted(set(made))
    assert milliseconds(made[2]) == milliseconds(made[0])
    assert milliseconds(made[3]) == milliseconds(made[0]) + 1000


def test_a_full_counter_moves_on_to_the_next_millisecond() -> None:
    """More than the counter holds still come out in order; a later clock takes over again."""
    now = [THEN]
    new_id = UUIDv7(lambda: now[0], random=filled_with(0xFF))
    made = [new_id() for _ in range(0x800 + 2)]
    assert made == sorted(set(made))
    assert [counter(each) for each in (made[0], made[-3], made[-2])] == [0x7FF, 0xFFE, 0xFFF]
    assert (milliseconds(made[-1]), counter(made[-1])) == (milliseconds(made[0]) + 1, 0)
    now[0] += timedelta(milliseconds=2)
    assert new_id() > made[-1]


def test_a_new_millisecond_starts_at_a_count_nobody_knows() -> None:
    """Else the first id of a millisecond would give away part of itself."""
    now = [THEN]
    chance = iter([bytes(10), b"\xff" * 10])
    new_id = UUIDv7(lambda: now[0], random=lambda _: next(chance))
    first = counter(new_id())
    now[0] += timedelta(milliseconds=1)
    assert (first, counter(new_id())) == (0, 0x7FF)


def test_threads_never_get_the_same_id() -> None:
    """What each thread gets is in order, too."""
    new_id = UUIDv7(lambda: THEN)
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: [new_id() for _ in range(500)], range(8)))
    assert all(each == sorted(each) for each in made)
    assert len({id for each in made for id in each}) == 4000


def test_what_is_made_is_an_id() -> None:
    """The check and the maker agree."""
    assert is_id(UUIDv7(utc_now)())
    assert is_id(str(uuid.uuid4()))


@pytest.mark.parametrize(
    "thing",
    [
        "",
        "ada",
        "019C9F2F-3D7B-7000-8000-000000000000",
        "019c9f2f3d7b70008000000000000000",
        "{019c9f2f-3d7b-7000-8000-000000000000}",
        "019c9f2f-3d7b-7000-8000-000000000000\n",
        " 019c9f2f-3d7b-7000-8000-000000000000",
        "٠19c9f2f-3d7b-7000-8000-000000000000",
        b"019c9f2f-3d7b-7000-8000-000000000000",
        uuid.UUID(int=0),
        None,
        {"$ne": None},
    ],
)
def test_one_id_has_one_spelling(thing: object) -> None:
    """Upper case, other digits, braces, white space and other types are no ids."""
    assert not is_id(thing)
