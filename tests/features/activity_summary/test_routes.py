"""A summary over HTTP is a stream of events, for whoever may read the audit trail."""

from collections.abc import Generator
from typing import Any

import pytest

from tests.features.surface import PEOPLE, ROLES, UNKNOWN_ID, OpenSite, Site, alike, problem
from tests.http.eventsource import Event, Reader, read
from userkit.errors import ModelThrottledError
from userkit.features.activity_summary import activity_summary
from userkit.features.roles import roles
from userkit.features.spending import spending
from userkit.http import Response
from userkit.http.openapi import document
from userkit.kernel.origin import coming_from
from userkit.sync import iterate
from userkit.testing import ScriptedModel
from userkit.testing.language_model import Script

DAY = "since=2025-12-31T00:00:00Z&until=2026-01-02T00:00:00%2B02:00"
SENTENCES = "The owner registered from address A [1].\nThe owner did more [2, 1].\n"
MAY = {
    "holder",
    "administrator",
    "key of holder with scope",
    "key of administrator with all scopes",
}


@pytest.fixture
def opened(open_site: OpenSite) -> Any:
    """What opens a site with a model that has a script."""

    def open_one(*script: Script, **money: Any) -> tuple[Site, ScriptedModel]:
        model = ScriptedModel(script or (SENTENCES,))
        defined = roles({**ROLES, "audit-read": {"audit:read"}})
        features = activity_summary(), spending(**money), defined
        return open_site(*features, language_model=model), model

    return open_one


def heard(response: Response) -> list[Event]:
    """Return the events of an answer, to its end."""
    assert (response.status, response.header("content-type")) == (200, "text/event-stream")
    assert response.header("cache-control") == "no-store"
    assert response.stream is not None
    return read(b"".join(iterate(response.stream)))


def ask(site: Site, user_id: str, headers: Any, query: str = DAY) -> Response:
    """Ask for a summary."""
    return site.ask("GET", f"/users/{user_id}/activity-summary?{query}", headers=headers)


def test_a_summary_comes_as_events(opened: Any) -> None:
    """The legend, the sentences with the ids that they rest on, and the costs."""
    site, model = opened()
    with coming_from(address="192.0.2.7", user_agent="Firefox"):
        ada = site.person("ada")
    root = site.person("root", "admin")
    legend, one, two, done = heard(ask(site, ada.id, root.headers))
    first, second = site.kit.audit.list(user_id=ada.id, newest_first=False).items[:2]
    assert (legend.name, legend.json) == (
        "legend",
        {
            "user_id": ada.id,
            "since": "2025-12-31T00:00:00.000Z",
            "until": "2026-01-01T22:00:00.000Z",
            "entries": 2,
            "cut": False,
            "addresses": {"address A": "192.0.2.7"},
            "devices": {"device 1": "Firefox"},
        },
    )
    assert (one.name, one.json) == (
        "sentence",
        {"text": "The owner registered from address A.", "citations": [first.id]},
    )
    assert two.json == {"text": "The owner did more.", "citations": [second.id, first.id]}
    (asked,) = model.asked
    usage = {"input_tokens": -(-len(asked.text) // 4), "output_tokens": -(-len(SENTENCES) // 4)}
    assert (done.name, done.json) == ("done", {"sentences": 2, "usage": usage})


def test_who_has_asked_is_in_the_trail(opened: Any) -> None:
    """With the address that they asked from."""
    site, _ = opened()
    ada, root = site.person("ada"), site.person("root", "admin")
    heard(ask(site, ada.id, root.headers))
    entry = site.kit.audit.list(user_id=ada.id, limit=1).items[0]
    assert (entry.event, entry.actor_id, entry.address) == ("activity_summarised", root.id, "192.0.2.1")


@pytest.mark.parametrize("who", PEOPLE)
def test_az_1_only_who_may_read_the_trail_gets_a_summary(opened: Any, who: str) -> None:
    """Not even one's own; to others a user who exists is as unknown as one who does not."""
    site, model = opened()
    ada, headers = site.people("audit:read")
    response = ask(site, ada.id, headers[who])
    if who in MAY:
        assert [event.name for event in heard(response)] == ["legend", "sentence", "sentence", "done"]
        return
    assert response.status in (401, 403, 404)
    assert model.asked == []
    if who == "other":
        alike([response, ask(site, UNKNOWN_ID, headers[who])])


def test_az_1_an_unknown_user_is_not_found(opened: Any) -> None:
    """By whoever may see users."""
    site, _ = opened()
    root = site.person("root", "admin")
    for unknown in (UNKNOWN_ID, "nobody"):
        problem(ask(site, unknown, root.headers), 404, "user_not_found")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "since=2026-01-01T00:00:00Z",
        "since=2026-01-01T00:00:00&until=2026-01-02T00:00:00",
        "since=1767225600&until=1767312000",
        "since=2026-01-01&until=2026-01-02",
        "since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z",
        "since=2020-01-01T00:00:00Z&until=2026-01-01T00:00:00Z",
        "since=2026-13-01T00:00:00Z&until=2026-01-01T00:00:00Z",
        "since=0001-01-01T00:00:00%2B14:00&until=0001-01-02T00:00:00Z",
        f"{DAY}&also=this",
    ],
)
def test_a_period_is_checked(opened: Any, query: str) -> None:
    """As RFC 3339 writes times, in an order, and not too long."""
    site, model = opened()
    ada, root = site.person("ada"), site.person("root", "admin")
    problem(ask(site, ada.id, root.headers, query), 422, "validation_failed")
    assert model.asked == []


def test_a_model_that_does_not_answer_is_told_by_a_status(opened: Any) -> None:
    """With the time to wait, where the provider has said one."""
    site, _ = opened(ModelThrottledError(retry_after=7))
    ada, root = site.person("ada"), site.person("root", "admin")
    response = ask(site, ada.id, root.headers)
    problem(response, 503, "language_model_unavailable")
    assert response.header("retry-after") == "7"


def test_a_model_that_says_nothing_is_told_by_an_event(opened: Any) -> None:
    """It has begun, and the legend was sent."""
    site, _ = opened("")
    ada, root = site.person("ada"), site.person("root", "admin")
    legend, refusal = heard(ask(site, ada.id, root.headers))
    assert legend.name == "legend"
    assert (refusal.name, refusal.json["status"], refusal.json["code"]) == ("problem", 502, "summary_refused")


def test_what_the_hour_has_left_is_told_by_a_status(opened: Any) -> None:
    """With the time to wait."""
    site, _ = opened(per_hour=0.0001)
    ada, root = site.person("ada"), site.person("root", "admin")
    response = ask(site, ada.id, root.headers)
    problem(response, 429, "rate_limited")
    assert response.header("retry-after") == "3600"


def test_a_refusal_after_the_legend_is_an_event(opened: Any) -> None:
    """The last one; nothing of what was refused is in it."""
    site, model = opened("The owner registered [1].\nSee https://evil.example [1].\nAnd more [1].\n")
    ada, root = site.person("ada"), site.person("root", "admin")
    *_, sentence, refusal = heard(ask(site, ada.id, root.headers))
    assert sentence.name == "sentence"
    assert (refusal.name, refusal.json["code"]) == ("problem", "summary_refused")
    assert "evil" not in refusal.data
    assert model.closed == 1


def test_a_client_that_goes_away_ends_the_call_of_the_model(opened: Any) -> None:
    """And what was written until then is paid for."""
    site, model = opened()
    ada, root = site.person("ada"), site.person("root", "admin")
    response = ask(site, ada.id, root.headers)
    assert response.stream is not None
    stream: Generator[bytes, None, None] = iterate(response.stream)
    reader = Reader()
    names = [event.name for _ in range(2) for event in reader.feed(next(stream))]
    assert names == ["legend", "sentence"]
    stream.close()
    assert model.closed == 1
    assert site.kit[spending()].current().purposes["activity_summary"].reserved == 0


def test_the_document_tells_of_the_events(opened: Any) -> None:
    """And of what else may be answered."""
    site, _ = opened()
    told = document(site.kit.routes(), prefix="", title="App", version="1")
    operation = told["paths"]["/users/{id}/activity-summary"]["get"]
    assert "text/event-stream" in operation["responses"]["200"]["content"]
    assert {"404", "422", "429", "502", "503"} <= set(operation["responses"])
    assert [each["name"] for each in operation["parameters"]] == ["id", "since", "until"]
