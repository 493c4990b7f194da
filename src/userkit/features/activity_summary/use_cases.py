"""What can be done about summaries: have one written, bit by bit or as a whole."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from userkit.features.activity_summary.asking import AskModel
from userkit.features.activity_summary.events import ActivitySummarised
from userkit.features.activity_summary.facts import KnownFacts
from userkit.features.activity_summary.model import Period
from userkit.features.activity_summary.sentences import Cited, SentenceReader
from userkit.features.activity_summary.summary import Done, Legend, Part, Sentence, Summary
from userkit.features.activity_summary.telling import Told, told_of
from userkit.features.activity_summary.trail import ReadTrail
from userkit.kernel.clock import Clock
from userkit.ports.language_model import Completion, StopReason
from userkit.storage.journal import Journal

__all__ = ["StreamSummary", "Summarise"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSummary:
    """Summarise what happened to a user, sentence by sentence."""

    journal: Journal
    now: Clock
    longest: timedelta
    trail: ReadTrail
    known: KnownFacts
    ask: AskModel

    async def __call__(self, user_id: str, *, since: datetime, until: datetime) -> AsyncGenerator[Part, None]:
        """Yield the legend, each sentence as it is complete, and the end.

        ``since`` is in the period and ``until`` is not. The user may be gone: the trail stays. Each
        sentence rests on entries that are there. Where nothing happened there is no sentence, and no
        model is asked. That somebody has asked is recorded first, as ActivitySummarised. Closing the
        generator ends the call of the model.

        Raises, before the legend, InvalidInputError, UserNotFoundError, RateLimitedError when the costs
        of this hour are used up, and LanguageModelError; after it LanguageModelError, of which
        SummaryRefusedError says that what comes next is no such sentence.
        """
        period = Period.of(since, until, longest=self.longest)
        trail = await self.trail(user_id, period)
        told = told_of(trail, period, known=self.known)
        legend = Legend(
            user_id=user_id,
            period=period,
            entries=len(told.ids),
            cut=trail.cut,
            addresses=told.addresses,
            devices=told.devices,
        )
        record = partial(self._record, legend)
        if not told.ids:
            await record()
            yield legend
            yield Done()
            return
        async with aclosing(self._written(told, legend, record)) as parts:
            async for part in parts:
                yield part

    async def _written(
        self, told: Told, legend: Legend, record: Callable[[], Awaitable[None]]
    ) -> AsyncGenerator[Part, None]:
        reader, completion, begun = SentenceReader(len(told.ids)), _NOTHING, False
        async with aclosing(self.ask(told.text, before=record)) as pieces:
            async for piece in pieces:
                if not begun:
                    # Not sooner, so that a model which does not answer is told by a status.
                    yield legend
                    begun = True
                for cited in reader.feed(piece.text):
                    yield _sentence(cited, told)
                completion = piece.completion or completion
        for cited in reader.finish(cut_short=completion.stop_reason is StopReason.LENGTH):
            yield _sentence(cited, told)
        yield Done(sentences=reader.sentences, usage=completion.usage)

    async def _record(self, legend: Legend) -> None:
        event = ActivitySummarised(
            at=self.now(),
            user_id=legend.user_id,
            since=legend.period.since,
            until=legend.period.until,
            entries=legend.entries,
        )
        await self.journal.commit(tell=[event])


@dataclass(frozen=True, slots=True, kw_only=True)
class Summarise:
    """Summarise what happened to a user, as a whole."""

    stream: StreamSummary

    async def __call__(self, user_id: str, *, since: datetime, until: datetime) -> Summary:
        """Return the summary of a period; see ``stream``, whose errors it raises.

        When one sentence is refused there is no summary.
        """
        legend, sentences, done = None, list[Sentence](), Done()
        async with aclosing(self.stream(user_id, since=since, until=until)) as parts:
            async for part in parts:
                match part:
                    case Legend():
                        legend = part
                    case Sentence():
                        sentences.append(part)
                    case _:
                        done = part
        assert legend is not None
        return Summary(legend=legend, sentences=tuple(sentences), usage=done.usage)


def _sentence(cited: Cited, told: Told) -> Sentence:
    return Sentence(text=cited.text, citations=tuple(told.ids[number - 1] for number in cited.numbers))


_NOTHING = Completion(value=None)
