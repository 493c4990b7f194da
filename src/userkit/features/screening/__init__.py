"""Screening: who registers or changes their profile is judged, and what is doubtful is reviewed by people."""

import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from userkit.errors import ScreeningRefusedError
from userkit.feature import Feature, Parts
from userkit.features.roles.offer import Roles
from userkit.features.screening.collection import KNOWN_NAMES, MODEL_ANSWERS, REVIEWS
from userkit.features.screening.events import (
    ReviewAccepted,
    ReviewOpened,
    ReviewRefused,
    ReviewSuperseded,
    ScreeningRefused,
)
from userkit.features.screening.fingerprints import Fingerprints
from userkit.features.screening.forgetting import ForgetScreened
from userkit.features.screening.judging import Judge
from userkit.features.screening.model import (
    Judgement,
    KnownName,
    Occasion,
    Reason,
    Review,
    ReviewState,
    Source,
    Subject,
    Verdict,
)
from userkit.features.screening.names import KnownNames
from userkit.features.screening.offer import Screening, SyncScreening
from userkit.features.screening.participating import Screen
from userkit.features.screening.reviewing import Reviewing
from userkit.features.screening.rules import Rulebook
from userkit.features.screening.settings import ASKING_LIMIT, Settings, names_of, verdict_of
from userkit.features.screening.use_cases import Indexed
from userkit.features.spending import spending
from userkit.features.throttling import Throttling
from userkit.features.users.events import UserRegistered, UserUpdated
from userkit.features.users.model import User
from userkit.ports.rate_limit import Limit
from userkit.storage.disclosure import Disclosure

if TYPE_CHECKING:
    from userkit.http.route import AnyRoute

__all__ = [
    "ASKING_LIMIT",
    "Indexed",
    "Judgement",
    "Occasion",
    "Reason",
    "Review",
    "ReviewAccepted",
    "ReviewOpened",
    "ReviewRefused",
    "ReviewState",
    "ReviewSuperseded",
    "Screening",
    "ScreeningRefused",
    "Source",
    "Subject",
    "SyncScreening",
    "Verdict",
    "screening",
]

_SHOWN = (
    "id",
    "occasion",
    "verdict",
    "reasons",
    "state",
    "name",
    "attributes",
    "earlier_name",
    "earlier_attributes",
    "opened_at",
    "decided_at",
    "expires_at",
)


def screening(
    *,
    staff: Iterable[str] = (),
    brands: Iterable[str] = (),
    reserved: Iterable[str] = (),
    also_disposable: Iterable[str] = (),
    allowed_domains: Iterable[str] = (),
    allowed_names: Iterable[str] = (),
    disposable: Literal["review", "allow", "refuse"] = "review",
    attributes: Iterable[str] = (),
    names_in: Iterable[str] = (),
    model: bool = True,
    time_limit: float = 3.0,
    unanswered: Literal["review", "allow", "refuse"] = "review",
    remember: timedelta = timedelta(days=7),
    keep: timedelta = timedelta(days=90),
    limit: Limit = ASKING_LIMIT,
    moment: Callable[[], float] = time.monotonic,
) -> Feature[Screening, SyncScreening]:
    """Return the feature, which is not built in: ``features=[screening(…)]``.

    - ``staff``: names of people that others must not resemble.
    - ``brands``: the same of companies and products.
    - ``reserved``: words that are reserved beside those that are built in.
    - ``also_disposable``: domains that the list of throw-away addresses lacks.
    - ``allowed_domains``: domains that this list errs about.
    - ``allowed_names``: names that the rules would hold up, and that are honest here.
    - ``disposable``: what becomes of throw-away addresses.
    - ``attributes``: those attributes of users that are screened beside the name.
    - ``names_in``: further ones, which are shown as names are and are judged as such.
    - ``model``: whether the kit's language model judges what the rules let through; without one, or
      with False, the rules judge alone.
    - ``time_limit``: for how many seconds a model is waited for, at most 60.
    - ``unanswered``: what becomes of whom the model does not judge: ``review`` lets them through for a
      person to look at, ``allow`` lets them through, ``refuse`` does not.
    - ``remember``: for how long its answers count for the same name, domain and attributes.
    - ``keep``: for how long reviews are kept after they were decided.
    - ``limit``: how many questions one client address or one user may cause.
    - ``moment``: the clock that measures how long a model takes, in seconds; it is never set back.

    Raises ConfigurationError.
    """
    rules = Rulebook.of(
        staff=staff,
        brands=brands,
        reserved=reserved,
        also_disposable=also_disposable,
        allowed_domains=allowed_domains,
        allowed_names=allowed_names,
        names_in=(names := names_of("names_in", names_in)),
        disposable=verdict_of("disposable", disposable),
    )
    settings = Settings.of(
        attributes=(*names_of("attributes", attributes), *names),
        model=model,
        time_limit=time_limit,
        unanswered=unanswered,
        remember=remember,
        keep=keep,
        limit=limit,
        moment=moment,
    )

    def build(parts: Parts) -> Screening:
        return _built(parts, rules, settings)

    return Feature(
        name="screening",
        collections=(KNOWN_NAMES, MODEL_ANSWERS, REVIEWS),
        together=(User, KnownName, Review),
        requires=("users", "roles", "throttling", "spending"),
        brings=(spending(),),
        build=build,
        mirror=SyncScreening,
        routes=_routes,
        vetoes=dict.fromkeys(("register", "update_me", "update_user"), (ScreeningRefusedError,)),
    )


def _built(parts: Parts, rules: Rulebook, settings: Settings) -> Screening:
    fingerprints = Fingerprints(keys=parts.keys.derive("screening"), realm=parts.realm)
    names = KnownNames(store=parts.store, fingerprints=fingerprints)
    reviewing = Reviewing(
        store=parts.store,
        now=parts.now,
        new_id=parts.new_id,
        realm=parts.realm,
        participants=parts.participants,
        publish=parts.journal.publish,
        chosen=settings.attributes,
        keep=settings.keep,
    )
    screen = Screen(
        names=names,
        judge=Judge(rules=rules, ask=_asking(parts, fingerprints, settings)),
        reviewing=reviewing,
        permissions=parts.offer(Roles).permissions,
        journal=parts.journal,
        now=parts.now,
    )
    parts.participants.add(UserRegistered, screen.on_registered)
    parts.participants.add(UserUpdated, screen.on_updated)
    parts.listeners.add(UserRegistered, reviewing.tell)
    parts.listeners.add(UserUpdated, reviewing.tell)
    parts.forget.append(ForgetScreened(store=parts.store))
    parts.disclose["screening"] = Disclosure(parts.store, Review, _SHOWN)
    parts.offer(Throttling).personal.append(settings.limit)
    return Screening.build(parts, names, keep=settings.keep)


def _asking(
    parts: Parts, fingerprints: Fingerprints, settings: Settings
) -> Callable[[Subject], Awaitable[Judgement]] | None:
    if parts.language_model is None or not settings.model:
        return None
    # Only now: whoever has no model loads nothing for it.
    from userkit.features.screening.asking import asking

    return asking(parts, parts.language_model, fingerprints, settings)


def _routes(screening: Screening) -> "Sequence[AnyRoute]":
    from userkit.features.screening.routes import routes

    return routes(screening)
