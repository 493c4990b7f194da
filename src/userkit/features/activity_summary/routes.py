"""Summaries over HTTP, sentence by sentence."""

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator, Field

from userkit.errors import InvalidInputError, LanguageModelError, ModelUnavailableError, RateLimitedError
from userkit.features.activity_summary.errors import SummaryRefusedError
from userkit.features.activity_summary.offer import ActivitySummary
from userkit.features.activity_summary.summary import Legend, Part, Sentence
from userkit.http.events import ServerEvent
from userkit.http.route import AnyRoute, Call, Reply, Route, over_user
from userkit.http.schemas import Id, ReplyModel, RequestModel, Timestamp

__all__ = ["DoneEvent", "LegendEvent", "SentenceEvent", "SummaryQuery", "UsageReply", "routes"]

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)


def _written_out(text: Any) -> Any:
    # Pydantic takes seconds since 1970, too.
    if isinstance(text, str) and not _RFC_3339.fullmatch(text):
        raise ValueError("write it as 2026-01-31T09:30:00Z")
    return text


# Not strict, for strictly a text is no time; what texts are times is said above.
Moment = Annotated[
    AwareDatetime,
    Field(strict=False, examples=["2026-01-31T09:30:00Z"]),
    BeforeValidator(_written_out),
]


class SummaryQuery(RequestModel):
    """The period."""

    since: Annotated[Moment, Field(description="When the period begins (RFC 3339).")]
    until: Annotated[Moment, Field(description="When it is over (RFC 3339).")]


class LegendEvent(ReplyModel):
    """What the summary is of, and what its words stand for."""

    user_id: Id
    since: Timestamp
    until: Timestamp
    entries: int
    cut: bool
    addresses: dict[str, str]
    devices: dict[str, str]


class SentenceEvent(ReplyModel):
    """A sentence, and the ids of the audit entries that it rests on."""

    text: str
    citations: list[str]


class UsageReply(ReplyModel):
    """How many tokens it cost."""

    input_tokens: int
    output_tokens: int


class DoneEvent(ReplyModel):
    """The end of a summary."""

    sentences: int
    usage: UsageReply


def routes(summaries: ActivitySummary) -> Sequence[AnyRoute]:
    """Return the routes of summaries."""

    async def summarise(call: Call[None, SummaryQuery]) -> Reply:
        period = call.query
        parts = summaries.stream(call.path("id"), since=period.since, until=period.until)
        return Reply(events=_events(parts))

    return (
        Route(
            method="GET",
            path="/users/{id}/activity-summary",
            name="summarise_activity",
            summary="Summarise what happened to a user",
            description="A language model writes it from the audit trail, under labels in the place of "
            "addresses and devices. That somebody has asked is recorded in the trail.",
            handler=summarise,
            access=over_user("audit:read"),
            tag="activity summary",
            query=SummaryQuery,
            events={
                "legend": "the period, how many entries there are, and what the labels stand for",
                "sentence": "a sentence, and in `citations` the ids of the audit entries that it rests on",
                "done": "how many sentences there were, and the tokens that they cost",
            },
            errors=(
                InvalidInputError,
                RateLimitedError,
                LanguageModelError,
                SummaryRefusedError,
                ModelUnavailableError,
            ),
        ),
    )


async def _events(parts: AsyncGenerator[Part, None]) -> AsyncGenerator[ServerEvent, None]:
    async with aclosing(parts):
        async for part in parts:
            yield _event(part)


def _event(part: Part) -> ServerEvent:
    match part:
        case Legend():
            return ServerEvent(name="legend", data=_legend(part))
        case Sentence():
            data = SentenceEvent(text=part.text, citations=list(part.citations))
            return ServerEvent(name="sentence", data=data)
        case _:
            usage = UsageReply(input_tokens=part.usage.input_tokens, output_tokens=part.usage.output_tokens)
            return ServerEvent(name="done", data=DoneEvent(sentences=part.sentences, usage=usage))


def _legend(legend: Legend) -> LegendEvent:
    return LegendEvent(
        user_id=legend.user_id,
        since=legend.period.since,
        until=legend.period.until,
        entries=legend.entries,
        cut=legend.cut,
        addresses=dict(legend.addresses),
        devices=dict(legend.devices),
    )
