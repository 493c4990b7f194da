"""When a kit is opened and closed: by the first request of a process, once, and never by two."""

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from flask import Flask

from tests.integrations.flask.conftest import MakeKit
from tests.integrations.worlds import EMAIL, PASSWORD, SECRET, bearer
from userkit import SyncUserKit
from userkit.backends.memory import MemoryStore
from userkit.integrations.flask import UserKitExtension
from userkit.integrations.flask.opening import KitOpener
from userkit.testing import InstantHasher
from userkit.testing.bench import PATIENCE

ADA = {"email": EMAIL, "name": "Ada Lovelace", "password": PASSWORD}


class SlowStore(MemoryStore):
    """A store that is prepared when it is told to, and counts how often."""

    def __init__(self) -> None:
        super().__init__()
        self.prepared: list[int] = []
        self.go = threading.Event()

    async def prepare(self, collections: Sequence[Any], *, create: bool = True) -> None:
        """See Store.prepare."""
        self.prepared.append(threading.get_ident())
        assert self.go.wait(PATIENCE)
        await super().prepare(collections, create=create)


def app_of(kit: SyncUserKit) -> Flask:
    """Return an application with a view that uses the kit without a guard."""
    app = Flask("shop")
    UserKitExtension(app, kit)
    app.add_url_rule("/count", "count", lambda: {"users": kit.users.count()})
    return app


def test_nothing_is_opened_before_the_first_request(make_kit: MakeKit, tmp_path: Path) -> None:
    """Loading an application connects to nothing; its own views find an open kit, too."""
    kit = make_kit(f"sqlite:///{tmp_path / 'app.db'}")
    app = app_of(kit)
    assert not kit.is_open
    assert not (tmp_path / "app.db").exists()
    assert app.test_client().get("/count").json == {"users": 0}
    assert kit.is_open


def test_what_is_not_there_needs_no_kit(make_kit: MakeKit) -> None:
    """Strangers who try paths connect to nothing."""
    kit = make_kit()
    assert app_of(kit).test_client().get("/api/v1/nothing").status_code == 404
    assert not kit.is_open


def test_threads_that_come_at_once_open_once(make_kit: MakeKit) -> None:
    """And none goes on before it is done, whichever view of a realm it asks for."""
    store = SlowStore()
    kit = make_kit(store)
    apps = [app_of(kit), app_of(kit.realm("acme"))]
    with ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(lambda app=app: app.test_client().get("/count").status_code) for app in apps * 8]
        store.go.set()
        assert [each.result(PATIENCE) for each in asked] == [200] * 16
    assert len(store.prepared) == 1


def test_a_kit_that_the_application_opened_stays_its_own(make_kit: MakeKit) -> None:
    """It is neither opened again nor closed at the end."""
    store = SlowStore()
    store.go.set()
    with make_kit(store) as kit:
        assert app_of(kit).test_client().get("/count").status_code == 200
        opener = KitOpener(kit)
        opener.open()
        opener.close()
        assert kit.is_open
    assert not kit.is_open
    assert len(store.prepared) == 1


def test_a_kit_that_was_opened_here_is_closed_here(make_kit: MakeKit) -> None:
    """And only then."""
    kit = make_kit()
    opener = KitOpener(kit)
    opener.close()
    opener.open()
    assert kit.is_open
    opener.close()
    assert not kit.is_open


def test_a_database_that_was_down_at_first_is_used_when_it_is_back(make_kit: MakeKit, tmp_path: Path) -> None:
    """Until then every request is told to come back later."""
    folder = tmp_path / "later"
    client = app_of(make_kit(f"sqlite:///{folder / 'app.db'}")).test_client()
    for path in ("/count", "/api/v1/auth/jwks"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    folder.mkdir()
    assert client.get("/count").json == {"users": 0}
    assert client.post("/api/v1/users", json=ADA).status_code == 201


PROGRAM = """
import os, sys
from flask import Flask
from userkit import SyncUserKit
from userkit.integrations.flask import UserKitExtension

class Kit(SyncUserKit):
    def open(self):
        print("opens", os.getpid() == parent)
        super().open()
    def close(self):
        print("closes", os.getpid() == parent, flush=True)
        super().close()

parent, forks = os.getpid(), sys.argv[2:]
app = Flask("shop")
UserKitExtension(app, Kit(sys.argv[1], secret=os.environ["SECRET"]))
if "before" in forks:
    assert app.test_client().get("/api/v1/auth/jwks").status_code == 200
if forks:
    sys.stdout.flush()
    child = os.fork()
    if child:
        assert os.waitpid(child, 0)[1] == 0
if not (forks and os.getpid() == parent):
    answer = app.test_client().post("/api/v1/users", json={"email": "a@example.com", "name": "A"})
    assert answer.status_code == 201, answer.text
"""


def told(tmp_path: Path, *arguments: str) -> list[str]:
    """Run the program in a process of its own, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, f"sqlite:///{tmp_path / 'app.db'}", *arguments],
        env={**os.environ, "SECRET": SECRET},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_the_end_of_the_process_closes_the_kit(tmp_path: Path) -> None:
    """Nobody has to remember it."""
    assert told(tmp_path) == ["opens True", "closes True"]


def test_each_process_opens_and_closes_for_itself(tmp_path: Path) -> None:
    """The parent that never answers opens nothing, and closes nothing."""
    assert told(tmp_path, "fork") == ["opens False", "closes False"]


def test_a_parent_that_has_answered_can_be_forked(tmp_path: Path) -> None:
    """The child goes on with an open kit, and each closes its own."""
    assert told(tmp_path, "before", "fork") == ["opens True", "closes False", "closes True"]


def test_the_secret_of_one_worker_is_that_of_all(tmp_path: Path) -> None:
    """A token from one process opens the door of another."""
    url = f"sqlite:///{tmp_path / 'app.db'}"
    options: dict[str, Any] = {"secret": SECRET, "hasher": InstantHasher()}
    with SyncUserKit(url, **options) as one, SyncUserKit(url, **options) as other:
        first, second = app_of(one).test_client(), app_of(other).test_client()
        first.post("/api/v1/users", json=ADA)
        tokens = first.post("/api/v1/auth/login", json={"email": EMAIL, "password": PASSWORD}).json
        assert tokens is not None
        assert second.get("/api/v1/users/me", headers=bearer(tokens["access_token"])).status_code == 200
