"""Who listens is told what has happened, and can neither undo it nor keep it from others."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import pytest

from userkit.kernel.events import Event, Listeners, Publisher
from userkit.sync import run

THEN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorOpened(Event):
    """A door is open now."""

    door: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontDoorOpened(DoorOpened):
    """It was the one to the street."""


OPENED = DoorOpened(at=THEN, door="garden")


def test_listeners_are_told_in_the_order_in_which_they_came() -> None:
    """Plain ones and asynchronous ones alike."""
    told: list[str] = []
    listeners = Listeners()

    async def second(event: DoorOpened) -> None:
        told.append(f"second: {event.door}")

    listeners.add(DoorOpened, lambda event: told.append(f"first: {event.door}"))
    listeners.add(DoorOpened, second)
    listeners.add(DoorOpened, lambda event: told.append(f"third: {event.door}"))
    run(Publisher("default", listeners)(OPENED))
    assert told == ["first: garden", "second: garden", "third: garden"]


def test_those_who_listen_here_are_told_before_those_who_listen_everywhere() -> None:
    """A feature is done with an event before the application hears of it."""
    told: list[str] = []
    everywhere = Listeners()
    here, elsewhere = Listeners(wider=everywhere), Listeners(wider=everywhere)
    everywhere.add(DoorOpened, lambda _: told.append("everywhere"))
    here.add(DoorOpened, lambda _: told.append("here"))
    elsewhere.add(DoorOpened, lambda _: told.append("elsewhere"))
    run(Publisher("default", here)(OPENED))
    assert told == ["here", "everywhere"]


def test_an_event_says_in_which_realm_it_happened() -> None:
    """Who publishes it knows; who makes it need not."""
    told: list[Event] = []
    listeners = Listeners()
    listeners.add(DoorOpened, told.append)
    run(Publisher("acme", listeners)(OPENED))
    assert told == [DoorOpened(at=THEN, door="garden", realm="acme")]
    assert OPENED.realm == ""


def test_a_listener_hears_of_exactly_one_kind_of_event() -> None:
    """Neither of its parents nor of its children."""
    told: list[Event] = []
    listeners = Listeners()
    listeners.add(DoorOpened, told.append)
    run(Publisher("default", listeners)(FrontDoorOpened(at=THEN, door="front")))
    run(Publisher("default", listeners)(Event(at=THEN)))
    assert told == []


async def fails_later(event: DoorOpened) -> None:
    """Fail as an asynchronous listener does."""
    raise LookupError(event.door)


class Failing:
    """A listener that is an object."""

    def __call__(self, event: DoorOpened) -> None:
        """Fail as a plain listener does."""
        raise LookupError(event.door)


@pytest.mark.parametrize(
    ("listener", "name"),
    [(fails_later, "fails_later"), (Failing(), "Failing"), (partial(fails_later), "partial")],
    ids=["asynchronous", "an object", "a partial"],
)
def test_a_listener_that_fails_is_logged_and_hurts_nobody(
    listener: Failing, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the others nor who caused the event; the log says which one it was."""
    told: list[Event] = []
    listeners = Listeners()
    listeners.add(DoorOpened, listener)
    listeners.add(DoorOpened, told.append)
    run(Publisher("default", listeners)(OPENED))
    assert len(told) == 1
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("userkit.events", logging.ERROR)
    assert (record.__dict__["event"], record.__dict__["listener"]) == ("DoorOpened", name)
    assert record.exc_info is not None
    assert record.exc_info[0] is LookupError


def test_a_listener_may_stop_the_program() -> None:
    """Only failures are kept from others: who presses Ctrl-C means it."""

    def interrupt(event: DoorOpened) -> None:
        raise KeyboardInterrupt

    listeners = Listeners()
    listeners.add(DoorOpened, interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(Publisher("default", listeners)(OPENED))
