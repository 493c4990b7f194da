"""A kit that screens, a model that follows a script, and a clock that stands still."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.features.surface import PASSWORD, ROLES, Person, Site
from userkit import SyncUserKit, User
from userkit.features.audit import AuditEntry
from userkit.features.roles import roles
from userkit.features.screening import (
    Review,
    ReviewAccepted,
    ReviewOpened,
    ReviewRefused,
    ReviewSuperseded,
    ScreeningRefused,
    SyncScreening,
    screening,
)
from userkit.features.spending import spending
from userkit.kernel.entity import Entity
from userkit.kernel.events import Event
from userkit.ports.language_model import Question
from userkit.sync import run
from userkit.testing import ScriptedModel
from userkit.testing.language_model import Script

__all__ = [
    "ALLOW",
    "EVENTS",
    "REFUSE",
    "REVIEW",
    "WITH_REVIEWERS",
    "Moment",
    "OpenWorld",
    "World",
    "by_name",
    "said",
]

ALLOW: Mapping[str, Any] = {"verdict": "allow", "reasons": [], "confidence": "high"}
REVIEW: Mapping[str, Any] = {"verdict": "review", "reasons": ["abusive"], "confidence": "medium"}
REFUSE: Mapping[str, Any] = {"verdict": "refuse", "reasons": ["abusive"], "confidence": "high"}

EVENTS = (ScreeningRefused, ReviewOpened, ReviewSuperseded, ReviewAccepted, ReviewRefused)

WITH_REVIEWERS = {**ROLES, "reviews-read": {"reviews:read"}, "reviews-write": {"reviews:write"}}


@dataclass
class Moment:
    """A stop-watch that shows what it is told to."""

    seconds: float = 0.0

    def __call__(self) -> float:
        """Return what it shows."""
        return self.seconds


def said(asked: Question) -> Any:
    """Return the document that a model was asked about."""
    (message,) = asked.messages
    return json.loads(message.text)


def by_name(**answers: Script) -> Callable[[Question], Any]:
    """Answer by the first word of the name in lower case; everybody else is allowed."""

    def answer(asked: Question) -> Any:
        return answers.get(said(asked)["name"].split()[0].lower(), ALLOW)

    return answer


@dataclass
class World:
    """``told`` is what was published of screening, oldest first."""

    site: Site
    feature: Any
    model: ScriptedModel
    moment: Moment
    told: list[Event] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)

    @classmethod
    def opened(
        cls,
        *given: Any,
        script: Sequence[Script] = (ALLOW,),
        without_model: bool = False,
        mail: bool = False,
        site: Mapping[str, Any] | None = None,
        budget: float = 5.0,
        **options: Any,
    ) -> "World":
        """Open a kit with screening by these options."""
        model, moment = ScriptedModel(script), Moment()
        feature = screening(moment=moment, **options)
        opened = Site.opened(
            roles(WITH_REVIEWERS),
            spending(per_hour=budget),
            feature,
            *given,
            language_model=None if without_model else model,
            # The templates of letters take longer than all else.
            **({} if mail else {"mailer": None}),
            **(site or {}),
        )
        world = cls(opened, feature, model, moment)
        for kind in EVENTS:
            opened.kit.listen(kind, world.told.append)
        return world

    @property
    def kit(self) -> SyncUserKit:
        """The kit."""
        return self.site.kit

    @property
    def screening(self) -> SyncScreening:
        """The feature."""
        offered: SyncScreening = self.kit[self.feature]
        return offered

    def register(self, name: str, email: str | None = None, **more: Any) -> User:
        """Register somebody under an address that nobody has."""
        address = email or f"person{next(self.numbers)}@example.com"
        return self.kit.users.register(email=address, name=name, password=PASSWORD, **more)

    def open_reviews(self) -> tuple[Review, ...]:
        """Return the reviews that wait."""
        return self.screening.list().items

    def stored(self, kind: type[Entity]) -> list[Any]:
        """Return everything of a kind."""
        return list(run(self.kit._store.realm("default").find(kind, limit=1000)).items)

    def audited(self, event: str) -> list[AuditEntry]:
        """Return the entries of a kind of event, oldest first."""
        return [each for each in self.stored(AuditEntry) if each.event == event]

    def reviewer(self, name: str = "reva") -> Person:
        """Return somebody who may read and decide."""
        return self.site.person(name, "reviews-read", "reviews-write")


OpenWorld = Callable[..., World]
"""Opens a world, which is closed after the test."""
