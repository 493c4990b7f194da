"""The same on every engine: what is kept of a person is handed out, and nothing that identifies is left."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.features.subjects.world import World, at_home, lived, opened


def erased_in(here: World) -> None:
    """Let Ada live, read what is kept of her, and erase her; a program goes on for a while."""
    lived(here)
    before = here.trail()
    features = {feature for feature, _ in here.kit.users.export_subject(here.ada.id)}
    assert features == set(here.parts.disclose)
    here.kit.users.erase(here.ada.id)
    assert here.identifying() == []
    with at_home(actor_id=here.ada.id):
        here.kit.users.disable(here.bob.id)
    here.clock.advance(hours=1)
    here.kit.outbox.deliver(topics=("user.erased",))
    assert here.identifying() == []
    kept = [(each.id, each.event) for each in here.trail()]
    assert kept[: len(before)] == [(each.id, each.event) for each in before]


def test_in_a_file(tmp_path: Path) -> None:
    """SQLite, the default."""
    with opened(f"sqlite:///{tmp_path}/app.db") as here:
        erased_in(here)


_SERVERS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "postgresql": ("postgres18", lambda it: it.url("psycopg", database=it.create_database())),
    "dynamodb": ("dynoxide", lambda it: it.url(database=it.create_database(), keep_expired=-1, shards=2)),
    "mongodb": ("mongo", lambda it: it.url(database="subjects", keep_expired=-1)),
    "redis": ("valkey", lambda it: f"{it.url()}?keep_expired=-1&prefix=subjects"),
}


@pytest.mark.server
@pytest.mark.parametrize("engine", _SERVERS)
def test_on_a_server(engine: str, request: pytest.FixtureRequest) -> None:
    """Whatever it is that keeps the records."""
    fixture, url = _SERVERS[engine]
    with opened(url(request.getfixturevalue(fixture))) as here:
        erased_in(here)
