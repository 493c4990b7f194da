"""Activity summaries: what happened to a user, in sentences that name the entries they rest on."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from userkit.errors import ConfigurationError
from userkit.feature import Feature, Parts
from userkit.features.activity_summary.asking import AskModel
from userkit.features.activity_summary.errors import SummaryRefusedError
from userkit.features.activity_summary.events import ActivitySummarised
from userkit.features.activity_summary.facts import KnownFacts
from userkit.features.activity_summary.model import Period
from userkit.features.activity_summary.offer import ActivitySummary, SyncActivitySummary
from userkit.features.activity_summary.summary import Done, Legend, Part, Sentence, Summary
from userkit.features.activity_summary.trail import ReadTrail
from userkit.features.activity_summary.use_cases import StreamSummary, Summarise
from userkit.features.roles import Roles
from userkit.features.spending import Spending, spending

if TYPE_CHECKING:
    from userkit.http.route import AnyRoute

__all__ = [
    "ActivitySummarised",
    "ActivitySummary",
    "Done",
    "Legend",
    "Part",
    "Period",
    "Sentence",
    "Summary",
    "SummaryRefusedError",
    "SyncActivitySummary",
    "activity_summary",
]

_LONGEST = timedelta(days=36_500)
_MOST_ENTRIES = 5_000


def activity_summary(
    *,
    longest: timedelta = timedelta(days=90),
    most_entries: int = 500,
    max_tokens: int = 2_000,
    time_limit: float = 30.0,
    facts: Mapping[str, Iterable[str]] | None = None,
) -> Feature[ActivitySummary, SyncActivitySummary]:
    """Return the feature.

    - ``longest``: how long a period may be.
    - ``most_entries``: of how many entries a model is told at most; the newest of the period.
    - ``max_tokens``: how long a summary may be, in tokens.
    - ``time_limit``: for how many seconds a model may write.
    - ``facts``: which facts of the application's own events a model is told, by name, with all that they
      can be: ``{"plan": ["free", "pro"]}``. What is not among these values is not told.

    A kit that has it needs a language model. What summaries may cost is said by ``spending()``. Raises
    ConfigurationError.
    """
    if not timedelta(0) < longest <= _LONGEST:
        raise ConfigurationError("activity_summary(longest=…) is more than no time, and at most 36500 days.")
    if not 1 <= most_entries <= _MOST_ENTRIES:
        raise ConfigurationError(f"activity_summary(most_entries=…) is 1 to {_MOST_ENTRIES}.")
    if max_tokens < 1 or not time_limit > 0:
        raise ConfigurationError("activity_summary(…): max_tokens and time_limit are more than 0.")

    def build(parts: Parts) -> ActivitySummary:
        if parts.language_model is None:
            raise ConfigurationError(
                'activity_summary() needs a language model: UserKit(…, language_model="bedrock://…").'
            )
        ask = AskModel(
            model=parts.language_model,
            spending=parts.offer(Spending),
            now=parts.now,
            max_tokens=max_tokens,
            time_limit=time_limit,
        )
        stream = StreamSummary(
            journal=parts.journal,
            now=parts.now,
            longest=longest,
            trail=ReadTrail(store=parts.store, most=most_entries),
            known=KnownFacts.of(facts or {}, parts.offer(Roles).definitions),
            ask=ask,
        )
        return ActivitySummary(summarise=Summarise(stream=stream), stream=stream)

    return Feature(
        name="activity_summary",
        requires=("users", "audit", "roles", "spending"),
        brings=(spending(),),
        build=build,
        mirror=SyncActivitySummary,
        routes=_routes,
    )


def _routes(summaries: ActivitySummary) -> "Sequence[AnyRoute]":
    from userkit.features.activity_summary.routes import routes

    return routes(summaries)
