"""While the database is away the server says so, and goes on when it is back."""

import secrets
from pathlib import Path

import pytest

from tests.servers.postgres import PostgresServer
from tests.serving.served import Served, served, until

# Servers are started, in turn, on machines that may be busy.
pytestmark = pytest.mark.timeout(300)


def is_ready(server: Served) -> bool:
    """Ask the server whether it reaches its store; it says yes, or no and when to ask again."""
    answer = server.http.get("/readyz")
    if answer.status_code == 503:
        assert answer.json()["code"] == "unavailable"
        assert "retry-after" in answer.headers
        return False
    assert answer.status_code == 200
    return True


@pytest.mark.server
def test_a_database_that_is_stopped_is_noticed_and_so_is_its_return(tmp_path: Path) -> None:
    """The process is up all the time; readiness follows the database."""
    with PostgresServer.of_version(18) as postgres:
        more = {"USERKIT_DATABASE": postgres.url(), "USERKIT_SECRET": secrets.token_urlsafe(32)}
        with served(tmp_path, **more) as server:
            assert is_ready(server)
            postgres.stop()
            assert not is_ready(server)
            assert server.http.get("/healthz").status_code == 200
            assert server.register().status_code == 503
            assert server.metric('userkit_store_unavailable_total{verb="get"}') >= 1
            postgres.start()
            until(lambda: is_ready(server))
            assert server.register().status_code == 201
        assert postgres.password not in server.log.read_text()
