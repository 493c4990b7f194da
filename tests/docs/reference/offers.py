"""Routes and calls of each feature, as a kit with all of them has them."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Self

from pydantic import BaseModel

from tests.docs.reference.features import FEATURES, OPTIONAL, page_of
from tests.docs.reference.markdown import code, first_sentence, prose, table
from userkit import SyncUserKit
from userkit.http.route import FORM, AnyRoute
from userkit.testing import InstantHasher, ScriptedModel

__all__ = ["Offers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """What a kit offers of each feature: with ``await``, and the twin without."""

    offered: Mapping[str, Any]
    mirrored: Mapping[str, Any]

    @classmethod
    def of_every_feature(cls) -> Self:
        """Put a kit together that has every feature."""
        with SyncUserKit(
            "memory://",
            secret=secrets.token_urlsafe(32),
            features=tuple(OPTIONAL.values()),
            hasher=InstantHasher(),
            language_model=ScriptedModel([]),
        ) as kit:
            mirrored = {name: kit[feature] for name, feature in FEATURES.items()}
            return cls(offered=kit.wiring().offered, mirrored=mirrored)

    def blocks(self, feature: str) -> dict[str, str]:
        """Return what is made of it for the page of a feature, by the names of the places."""
        return {"routes": _routes(self.routes(feature)), "calls": self._calls(feature)}

    def routes(self, feature: str) -> Sequence[AnyRoute]:
        """Return the routes of a feature."""
        routes = FEATURES[feature].routes
        return () if routes is None else routes(self.offered[feature])

    def every_route(self) -> str:
        """Return all routes in one table, each with the page that tells of it."""
        rows = [
            (
                code(f"{route.method} {route.path}"),
                prose(route.summary),
                f"[{feature.replace('_', ' ')}]({page_of(feature)}#routes)",
            )
            for feature in FEATURES
            for route in self.routes(feature)
        ]
        return table(["route", "what it does", "feature"], rows)

    def kind(self, feature: str) -> type[Any]:
        """Return the type of what is offered."""
        return type(self.offered[feature])

    def calls(self, feature: str) -> dict[str, type[Any]]:
        """Return the use cases of a feature that both kits offer, by name."""
        offer, mirror = self.offered[feature], self.mirrored[feature]
        found = fields(offer) if is_dataclass(offer) else ()
        cases = {each.name: getattr(offer, each.name) for each in found if hasattr(mirror, each.name)}
        return {name: type(case) for name, case in cases.items() if _is_use_case(case)}

    def _calls(self, feature: str) -> str:
        kind, calls = self.kind(feature), self.calls(feature)
        where = f"kit.{feature}" if hasattr(SyncUserKit, feature) else f"kit[{feature}()]"
        twin = type(self.mirrored[feature]).__name__
        names = " or ".join(f"{code(name)}{{ #{name} }}" for name in dict.fromkeys((kind.__name__, twin)))
        offer = f"{code(where)} is {names}. {first_sentence(kind.__doc__)}"
        if not calls:
            return offer
        rows = [
            (f"[{code(name)}](#{case.__module__}.{case.__name__})", first_sentence(case.__doc__))
            for name, case in calls.items()
        ]
        return f"{offer}\n\n{table(['call', 'what it does'], rows)}"


def _is_use_case(thing: object) -> bool:
    return callable(thing) and type(thing).__module__.startswith("userkit.features.")


def _routes(routes: Sequence[AnyRoute]) -> str:
    if not routes:
        return "It has no routes."
    head = ["route", "what it does", "who may", "body", "answer"]
    rows = [(code(_asked(each)), _done(each), _who(each), _body(each), _answer(each)) for each in routes]
    models = dict.fromkeys(model for each in routes for model in (each.body, each.reply) if model)
    if not models:
        return table(head, rows)
    of_models = [(code(model.__name__), _fields(model)) for model in _with_parts(models)]
    return f"{table(head, rows)}\n\n{table(['JSON', 'fields'], of_models)}"


def _asked(route: AnyRoute) -> str:
    query = "&".join(f"{name}=" for name in (route.query.model_fields if route.query else ()))
    return f"{route.method} {route.path}{'?' if query else ''}{query}"


def _done(route: AnyRoute) -> str:
    return f"{prose(route.summary)}. {prose(route.description)}".strip()


def _who(route: AnyRoute) -> str:
    """Return who may call a route, in the words of the page about HTTP."""
    who = route.access
    if who.public:
        return "public"
    if who.permission and who.own:
        return f"self{' (fresh)' if who.fresh else ''} or {code(who.permission)}"
    if who.permission:
        return code(who.permission)
    return "fresh" if who.fresh else "session" if who.session else "user"


def _body(route: AnyRoute) -> str:
    if route.body is None:
        return ""
    return f"{'form: ' if route.media_type == FORM else ''}{code(route.body.__name__)}"


def _answer(route: AnyRoute) -> str:
    also = [f"{status} {prose(meaning).rstrip('.')}" for status, meaning in route.also.items()]
    events = ", ".join(map(code, route.events))
    if events:
        return f"{route.status}, server-sent events {events}"
    reply = f" {code(route.reply.__name__)}" if route.reply else ""
    return "; ".join([f"{route.status}{reply}", *also])


def _with_parts(models: Mapping[type[BaseModel], None]) -> Iterator[type[BaseModel]]:
    """Give each model before those it is made of, each once."""
    seen: set[type[BaseModel]] = set()
    waiting = list(models)
    while waiting:
        model = waiting.pop(0)
        if model in seen:
            continue
        seen.add(model)
        yield model
        annotations = (each.annotation for each in model.model_fields.values())
        waiting[:0] = [part for each in annotations for part in _models_in(each)]


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [part for each in getattr(annotation, "__args__", ()) for part in _models_in(each)]


def _fields(model: type[BaseModel]) -> str:
    is_asked = not model.__name__.endswith(("Response", "Page"))
    described = []
    for name, each in model.model_fields.items():
        parts = " and ".join(code(part.__name__) for part in _models_in(each.annotation))
        optional = "?" if is_asked and not each.is_required() else ""
        described.append(f"{code(each.alias or name)}{optional}{f' of {parts}' if parts else ''}")
    return ", ".join(described)
