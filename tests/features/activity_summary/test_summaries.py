"""A summary is written within limits, rests on entries that are there, and is recorded before it begins."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.features.activity_summary.world import ROLES, SENTENCES, World, opened
from tests.features.parts import SECRET
from tests.storage.doubles import WaitingStore
from userkit import SyncUserKit, UserKit
from userkit.backends.memory import MemoryStore
from userkit.errors import (
    ConfigurationError,
    ForbiddenError,
    InvalidInputError,
    ModelStreamError,
    ModelThrottledError,
    ModelTimeoutError,
    RateLimitedError,
    UserNotFoundError,
)
from userkit.features.activity_summary import (
    ActivitySummarised,
    Done,
    Legend,
    Part,
    Sentence,
    SummaryRefusedError,
    activity_summary,
)
from userkit.features.roles import roles
from userkit.features.spending import spending
from userkit.kernel.events import Event
from userkit.kernel.origin import coming_from
from userkit.ports.language_model import Completion, Message, Piece, StopReason, Usage
from userkit.storage.changes import Change
from userkit.testing import FrozenClock, ScriptedModel

UNKNOWN = "019c9f2f-3d7b-7000-8000-000000000000"
ZONE = timezone(timedelta(hours=2))


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlaced(Event):
    """An event of an application."""

    user_id: str
    number: int = 0


def orders(here: World, user_id: str, number: int) -> None:
    """Have orders placed, one an hour, the last of them now."""
    for _ in range(number):
        here.clock.advance(hours=1)
        here.tell(OrderPlaced(at=here.clock(), user_id=user_id))


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_a_summary_has_sentences_that_rest_on_entries(kind: str, tmp_path: Path) -> None:
    """The numbers that the model names are audit ids again, and a legend says what the labels mean."""
    store = "memory://" if kind == "memory" else f"sqlite:///{tmp_path}/app.db"
    with opened(store=store) as here:
        ada = here.ada()
        first, second = here.trail(ada.id)
        summary = here.summarise(ada.id)
        assert summary.sentences == (
            Sentence(text="The owner registered from address A.", citations=(first.id,)),
            Sentence(text="Later it was closed by somebody else.", citations=(second.id, first.id)),
        )
        legend = summary.legend
        assert (legend.user_id, legend.entries, legend.cut) == (ada.id, 2, False)
        assert legend.addresses == {"address A": "192.0.2.7", "address B": "192.0.2.8"}
        assert legend.devices == {"device 1": "Firefox"}
        assert (legend.period.since, legend.period.until) == (here.period["since"], here.period["until"])
        assert summary.usage.output_tokens == -(-len(SENTENCES) // 4)


@pytest.mark.parametrize("pieces", [1, 3, 1000])
def test_sentences_come_when_they_are_complete(pieces: int) -> None:
    """The legend first, the costs last, whatever the pieces are."""
    with opened(pieces=pieces) as here:
        parts, error = here.parts(here.ada().id)
        assert error is None
        assert [type(part) for part in parts] == [Legend, Sentence, Sentence, Done]
        done = parts[-1]
        assert isinstance(done, Done)
        assert done.sentences == 2
        assert here.model.closed == 0


def test_the_asynchronous_kit_has_the_same() -> None:
    """Over a store that waits, with a generator that is iterated asynchronously."""

    async def story() -> list[Part]:
        model, clock = ScriptedModel(["Somebody registered [1]."]), FrozenClock()
        kit = UserKit(
            WaitingStore(MemoryStore()),
            secret=SECRET,
            clock=clock,
            relay=False,
            language_model=model,
            features=[activity_summary(), roles(ROLES)],
        )
        period = {"since": clock() - timedelta(days=1), "until": clock() + timedelta(days=1)}
        async with kit:
            ada = await kit.users.register(email="ada@example.com", name="Ada Lovelace")
            summary = await kit[activity_summary()].summarise(ada.id, **period)
            assert len(summary.sentences) == 1
            return [part async for part in kit[activity_summary()].stream(ada.id, **period)]

    parts = asyncio.run(story())
    assert [type(part) for part in parts] == [Legend, Sentence, Done]


def test_where_nothing_happened_no_model_is_asked() -> None:
    """There is a legend, and no sentence; that somebody has asked is recorded all the same."""
    with opened() as here:
        ada = here.ada()
        a_year_ago = here.clock() - timedelta(days=365)
        summary = here.summarise(ada.id, since=a_year_ago, until=a_year_ago + timedelta(days=1))
        assert (summary.sentences, summary.legend.entries, summary.usage) == ((), 0, Usage())
        assert here.model.asked == []
        assert here.spent.purposes == {}
        assert here.kit.audit.list(user_id=ada.id, limit=1).items[0].event == "activity_summarised"


def test_that_somebody_has_asked_is_recorded_before_the_model_is() -> None:
    """Who, whom, which time, and how many entries: and not what was answered."""
    seen: list[str] = []

    def answer(_: object) -> str:
        seen.append(here.kit.audit.list(limit=1).items[0].event)
        return SENTENCES

    told: list[ActivitySummarised] = []
    with opened(answer, told=told.append) as here:
        ada = here.ada()
        with coming_from(actor_id="grace"):
            here.summarise(ada.id)
        entry = here.kit.audit.list(user_id=ada.id, limit=1).items[0]
        assert seen == [entry.event] == ["activity_summarised"]
        assert (entry.actor_id, entry.user_id) == ("grace", ada.id)
        assert dict(entry.facts) == {
            "since": "2025-12-31T00:01:00.000Z",
            "until": "2026-01-01T01:01:00.000Z",
            "entries": 2,
        }
        assert [event.entries for event in told] == [2]


def test_what_is_not_recorded_is_not_asked() -> None:
    """A participant may veto; nothing was spent then."""
    with opened() as here:
        ada = here.ada()

        async def veto(event: ActivitySummarised) -> list[Change]:
            raise ForbiddenError

        here.journal.participants.add(ActivitySummarised, veto)
        parts, error = here.parts(ada.id)
        assert (parts, type(error)) == ([], ForbiddenError)
        assert here.model.asked == []
        assert here.spent.left == here.spent.limit


def test_az_1_an_unknown_user_is_not_found() -> None:
    """Whatever is given for an id, and nothing is recorded."""
    with opened() as here:
        here.ada()
        before = here.kit.audit.list().items
        for unknown in (UNKNOWN, "nobody", "", UNKNOWN.upper()):
            with pytest.raises(UserNotFoundError):
                here.summarise(unknown)
        assert here.kit.audit.list().items == before


def test_the_trail_of_a_user_who_is_gone_is_summarised() -> None:
    """It stays, and so does what can be asked of it; also for a time in which nothing happened."""
    with opened("It was registered, closed and deleted [1, 2, 3].") as here:
        ada = here.ada()
        here.kit.users.delete(ada.id)
        assert here.summarise(ada.id).legend.entries == 3
        earlier = here.clock() - timedelta(days=2)
        assert here.summarise(ada.id, since=earlier, until=earlier + timedelta(hours=1)).sentences == ()


@pytest.mark.parametrize(
    ("since", "until", "sentence"),
    [
        (datetime(2026, 1, 1), datetime(2026, 1, 2, tzinfo=UTC), "a zone"),  # noqa: DTZ001
        (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2), "a zone"),  # noqa: DTZ001
        (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC), "after it begins"),
        (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 1, tzinfo=ZONE), "after it begins"),
        (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 3, 0, 0, 1, tzinfo=UTC), "at most 2 days"),
        (datetime(1, 1, 1, tzinfo=ZONE), datetime(1, 1, 2, tzinfo=ZONE), "between the years"),
    ],
)
def test_a_period_is_checked(since: datetime, until: datetime, sentence: str) -> None:
    """Before anything is read."""
    with opened(longest=timedelta(days=2)) as here, pytest.raises(InvalidInputError, match=sentence):
        here.summarise(UNKNOWN, since=since, until=until)


@pytest.mark.parametrize("year", [1, 9999])
def test_a_period_may_be_where_no_entry_can_be(year: int) -> None:
    """There is none in it then."""
    with opened() as here:
        ada = here.ada()
        since = datetime(year, 12, 30, tzinfo=UTC)
        until = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
        assert here.summarise(ada.id, since=since, until=until).legend.entries == 0


def test_a_period_has_its_beginning_and_not_its_end() -> None:
    """In any zone; what happened since costs no reading."""
    with opened("One thing happened [1].") as here:
        ada = here.ada()
        orders(here, ada.id, 20)
        at = here.clock() - timedelta(hours=10)
        summary = here.summarise(ada.id, since=at.astimezone(ZONE), until=at + timedelta(hours=1))
        assert summary.legend.entries == 1
        (entry,) = (each for each in here.trail(ada.id) if each.at == at)
        assert summary.sentences[0].citations == (entry.id,)


def test_of_many_entries_the_newest_are_told() -> None:
    """And the legend says so; the model learns it too."""
    with opened("Two orders [1, 2].", most_entries=2) as here:
        ada = here.ada()
        orders(here, ada.id, 4)
        *_, older, newer, _ = here.trail(ada.id)
        period = {"since": older.at - timedelta(hours=1), "until": here.clock()}
        summary = here.summarise(ada.id, **period)
        assert (summary.legend.entries, summary.legend.cut) == (2, True)
        assert summary.sentences[0].citations == (older.id, newer.id)
        assert '"cut":true' in here.said
        assert not here.summarise(ada.id, **{**period, "since": older.at}).legend.cut


def test_a_trail_of_several_pages_is_read_as_far_as_needed() -> None:
    """Entries that were made later than they happened are found as well."""
    with opened("Much happened [1].", most_entries=5000) as here:
        ada = here.ada()
        for _ in range(1100):
            here.tell(OrderPlaced(at=here.clock(), user_id=ada.id))
        here.tell(OrderPlaced(at=here.clock() - timedelta(minutes=50), user_id=ada.id))
        assert here.summarise(ada.id).legend.entries == 1103
        before = here.clock() - timedelta(minutes=30)
        assert here.summarise(ada.id, until=before).legend.entries == 1


def test_what_is_spent_is_what_the_model_tells() -> None:
    """And until it has, the most that it can be."""
    during = []

    def answer(_: object) -> str:
        during.append(here.spent)
        return SENTENCES

    with opened(answer) as here:
        usage = here.summarise(here.ada().id).usage
        (before,) = during
        assert before.purposes["activity_summary"].reserved > 0
        after = here.spent.purposes["activity_summary"]
        assert (after.calls, after.reserved) == (1, 0)
        assert (after.input_tokens, after.output_tokens) == (usage.input_tokens, usage.output_tokens)


def test_no_model_is_asked_when_the_hour_is_spent() -> None:
    """It is told when the next one begins; nothing is recorded, for nobody has learnt anything."""
    with opened(money={"per_hour": 0.0001}) as here:
        ada = here.ada()
        before = here.kit.audit.list(user_id=ada.id).items
        parts, error = here.parts(ada.id)
        assert parts == []
        assert isinstance(error, RateLimitedError)
        assert error.retry_after == 59 * 60
        assert here.model.asked == []
        assert here.kit.audit.list(user_id=ada.id).items == before


def test_a_stream_that_is_left_early_closes_the_model_and_is_paid_for() -> None:
    """As when a client goes away: what was asked counts, and what was written until then."""
    with opened() as here:
        stream = here.summaries.stream(here.ada().id, **here.period)
        assert [type(next(stream)) for _ in range(2)] == [Legend, Sentence]
        stream.close()
        assert here.model.closed == 1
        paid = here.spent.purposes["activity_summary"]
        assert paid.reserved == 0
        assert paid.input_tokens > 500
        assert 0 < paid.output_tokens < len(SENTENCES)


def test_a_stream_that_is_never_begun_costs_nothing() -> None:
    """Nothing happens before the first step."""
    with opened() as here:
        here.summaries.stream(here.ada().id, **here.period).close()
        assert here.spent.purposes == {}


def test_a_cancelled_task_closes_the_model_and_is_paid_for() -> None:
    """In the asynchronous kit, whose store takes its time to write that down."""

    class Endless(ScriptedModel):
        async def stream(self, messages: Any, **how: Any) -> AsyncGenerator[Piece, None]:
            try:
                yield Piece(text="One thing [1].\n")
                await asyncio.Event().wait()
            finally:
                self.closed += 1

    async def story() -> None:
        model, clock, feature = Endless(), FrozenClock(), activity_summary()
        model.blocking = False
        kit = UserKit(
            WaitingStore(MemoryStore()),
            secret=SECRET,
            clock=clock,
            relay=False,
            language_model=model,
            features=[feature, roles(ROLES)],
        )
        async with kit:
            ada = await kit.users.register(email="ada@example.com", name="Ada Lovelace")
            heard = asyncio.Event()

            async def listen() -> None:
                period = {"since": clock() - timedelta(days=1), "until": clock() + timedelta(days=1)}
                async with aclosing(kit[feature].stream(ada.id, **period)) as parts:
                    async for part in parts:
                        if isinstance(part, Sentence):
                            heard.set()

            task = asyncio.create_task(listen())
            await heard.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert model.closed == 1
            paid = (await kit[spending()].current()).purposes["activity_summary"]
            assert (paid.reserved, paid.output_tokens) == (0, len("One thing [1].\n"))

    asyncio.run(story())


@pytest.mark.parametrize(
    ("failure", "free"),
    [(ModelThrottledError(retry_after=7), True), (ModelTimeoutError(), False)],
    ids=["refused", "too late"],
)
def test_a_model_that_fails_is_told_before_the_legend(failure: Exception, free: bool) -> None:
    """So that it has a status; what the provider did not take on costs nothing."""
    with opened(failure) as here:  # type: ignore[arg-type]
        parts, error = here.parts(here.ada().id)
        assert (parts, error) == ([], failure)
        paid = here.spent.purposes["activity_summary"]
        assert paid.reserved == 0
        assert (paid.input_tokens == 0) is free
        assert paid.output_tokens == 0


class Broken(ScriptedModel):
    """A model of which the stream ends as a test wants."""

    def ending(self, *pieces: Piece | Exception) -> "Broken":
        """Give these pieces, or raise."""
        self.rest = pieces
        return self

    __slots__ = ("rest",)

    async def stream(self, messages: Any, **how: Any) -> AsyncGenerator[Piece, None]:
        """See LanguageModel.stream."""
        for piece in self.rest:
            if isinstance(piece, Exception):
                raise piece
            yield piece


def whole(stop: StopReason = StopReason.END) -> Piece:
    """Return the last piece of an answer."""
    usage = Usage(input_tokens=3, output_tokens=4)
    return Piece(completion=Completion(value=None, stop_reason=stop, usage=usage))


def ended(*pieces: Piece | Exception) -> tuple[list[type[Part]], Exception | None, int]:
    """Return what comes of a stream that ends in a certain way, and the tokens of input that it cost."""
    clock = FrozenClock()
    kit = SyncUserKit(
        "memory://",
        secret=SECRET,
        clock=clock,
        relay=False,
        language_model=Broken().ending(*pieces),
        features=[activity_summary(), roles(ROLES)],
    )
    with kit:
        here = World(kit, ScriptedModel(), clock)
        parts, error = here.parts(here.ada().id)
        return [type(part) for part in parts], error, here.spent.purposes["activity_summary"].input_tokens


def test_a_stream_that_breaks_off_ends_in_an_error() -> None:
    """What came before stands; it is paid for as far as one knows."""
    kinds, error, paid = ended(Piece(text="One thing [1].\nAnother [2]"), ModelStreamError())
    assert (kinds, type(error)) == ([Legend, Sentence], ModelStreamError)
    assert paid > 500


def test_a_summary_that_is_cut_short_is_refused() -> None:
    """The sentences that were complete stand; the costs are those that the model tells."""
    pieces = Piece(text="One thing [1].\nAnother [2]"), whole(StopReason.LENGTH)
    kinds, error, paid = ended(*pieces)
    assert (kinds, type(error), paid) == ([Legend, Sentence], SummaryRefusedError, 3)


def test_a_model_that_says_nothing_is_refused() -> None:
    """Before the legend, where there is no piece at all."""
    assert ended()[:2][0] == []
    kinds, error, _ = ended(whole())
    assert (kinds, type(error)) == ([Legend], SummaryRefusedError)


def test_a_stream_without_an_end_is_taken_as_it_is() -> None:
    """An adapter that does not tell the costs is counted at the most that they can be."""
    kinds, error, paid = ended(Piece(text="One thing [1]"))
    assert (kinds, error) == ([Legend, Sentence, Done], None)
    assert paid > 500


def test_a_refused_sentence_ends_the_summary() -> None:
    """Those before it stand in a stream; as a whole there is no summary. The model is left at once."""
    script = "One thing happened [1].\nSee https://evil.example [1].\nAnother [2].\n" + "More [1].\n" * 5
    with opened(script) as here:
        ada = here.ada()
        parts, error = here.parts(ada.id)
        assert [type(part) for part in parts] == [Legend, Sentence]
        assert isinstance(error, SummaryRefusedError)
        assert here.model.closed == 1
        with pytest.raises(SummaryRefusedError):
            here.summarise(ada.id)
        assert here.spent.purposes["activity_summary"].reserved == 0


def test_what_the_model_is_asked_is_bounded() -> None:
    """In time, in length, and at temperature 0."""
    with opened(max_tokens=321, time_limit=4.5) as here:
        here.summarise(here.ada().id)
        (asked,) = here.model.asked
        assert (asked.max_tokens, asked.time_limit, asked.temperature) == (321, 4.5, 0.0)
        assert [type(message) for message in asked.messages] == [Message]


def test_a_kit_without_a_model_is_not_made() -> None:
    """It says what is missing."""
    with pytest.raises(ConfigurationError, match="needs a language model"):
        SyncUserKit("memory://", secret=SECRET, features=[activity_summary()])


@pytest.mark.parametrize(
    "how",
    [
        {"longest": timedelta(0)},
        {"longest": timedelta.max},
        {"most_entries": 0},
        {"most_entries": 5001},
        {"max_tokens": 0},
        {"time_limit": 0},
        {"time_limit": float("nan")},
    ],
    ids=str,
)
def test_settings_are_checked(how: dict[str, Any]) -> None:
    """When the feature is named."""
    with pytest.raises(ConfigurationError, match="activity_summary"):
        activity_summary(**how)


def test_each_realm_has_its_trail_and_its_costs() -> None:
    """Nobody is known in another."""
    with opened() as here:
        ada = here.ada()
        other = replace(here, kit=here.kit.realm("acme"))
        with pytest.raises(UserNotFoundError):
            other.summarise(ada.id)
        here.summarise(ada.id)
        assert other.spent.purposes == {}
