"""The suite that every integration passes.

An integration translates requests and answers between a framework and ``HttpApp``, and decides
nothing. So most tests send a request to an application and see that the answer is the one that
``HttpApp`` gives over the same database, byte for byte. Every test makes people of its own, so the
application is started once for all tests of a class.
"""

from typing import Any, ClassVar

import pytest

from userkit.errors import UsageError
from userkit.testing.http.stage import Application, Start
from userkit.testing.http.started import started
from userkit.testing.http.suite.accounts import Accounts
from userkit.testing.http.suite.bodies import Bodies
from userkit.testing.http.suite.browsers import Browsers
from userkit.testing.http.suite.documents import Documents
from userkit.testing.http.suite.guards import Guards
from userkit.testing.http.suite.headers import Headers
from userkit.testing.http.suite.paths import Paths
from userkit.testing.http.suite.queries import Queries
from userkit.testing.http.suite.rushes import Rushes
from userkit.testing.http.suite.wires import Wires
from userkit.testing.standard import Deviation, Removed, reason_for, standard_tests

__all__ = ["HttpConformance"]

_LEFT_OUT = object()


class HttpConformance(Paths, Queries, Headers, Bodies, Accounts, Browsers, Guards, Rushes, Documents, Wires):
    """Subclass this to test an integration.

        class TestMyFramework(HttpConformance):
            @pytest.fixture
            def start(self) -> Start:
                return start

        @contextmanager
        def start(stage: Stage) -> Generator[Client]:
            kit = UserKit(stage.store, **stage.kit_options)
            with AsgiClient(my_app(kit, **stage.http_options)) as client:
                yield client

    Beside what the integration offers, the application has endpoints of its own. They answer with
    the JSON ``{"user_id": …}`` of

    - ``GET`` and ``POST /protected``: whoever is signed in;
    - ``GET /account``: the user, as they are now;
    - ``GET /optional``: whoever is signed in, null when nobody is;
    - ``GET /admin``: whoever has the permission ``users:write``;
    - ``GET /fresh``: whoever has signed in lately;
    - ``GET /found/{id}``: ``kit.users.get(id)``, whose errors nobody catches.
    """

    on_socket: ClassVar[bool] = False
    """Whether ``start`` returns a SocketClient."""

    openapi_path: ClassVar[str] = "/openapi.json"
    """Where the OpenAPI document is."""

    deviations: ClassVar[dict[str, str]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Leave out what is about sockets where there is none; refuse changes without a reason."""
        super().__init_subclass__(**kwargs)
        cls.deviations = {}
        for test in standard_tests(HttpConformance):
            found = getattr(cls, test.name)
            if isinstance(test.needs, str) and not getattr(cls, test.needs):
                setattr(cls, test.name, _LEFT_OUT)
            elif found is _LEFT_OUT:
                setattr(cls, test.name, test.function)
            elif found is not test.function:
                cls._deviate(test.name, found)

    @classmethod
    def _deviate(cls, name: str, found: object) -> None:
        reason = reason_for(found)
        if reason is None:
            raise UsageError(
                f"{cls.__qualname__} changes the standard test {name}. If the integration must differ "
                'here, say why: @deviation("…").'
            )
        cls.deviations[name] = reason
        if isinstance(found, Deviation):
            setattr(cls, name, Removed(reason))

    @pytest.fixture
    def start(self) -> Start:
        """Return what starts the application: define this fixture."""
        raise UsageError(f"{type(self).__qualname__} defines no fixture start.")

    @pytest.fixture
    def database(self, tmp_path_factory: pytest.TempPathFactory) -> str:
        """Return the URL of a database; define this fixture for another than SQLite."""
        return f"sqlite:///{tmp_path_factory.mktemp('conformance') / 'app.db'}"

    @pytest.fixture
    def application(self, request: pytest.FixtureRequest) -> Application:
        """Return the application, which is started for the first test of the class."""
        return started(request)

    @pytest.fixture
    def behind_proxy(self, request: pytest.FixtureRequest) -> Application:
        """Return the application behind a proxy on this machine."""
        return started(request, trusted_proxies=("127.0.0.1",))

    @pytest.fixture
    def openapi(self, application: Application) -> dict[str, Any]:
        """Return the OpenAPI document of the application."""
        answer = application.client.ask("GET", self.openapi_path)
        assert answer.status == 200, self.openapi_path
        told: dict[str, Any] = answer.json()
        return told
