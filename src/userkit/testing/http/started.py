"""Applications that are started once for all tests of a class."""

import pytest

from userkit.testing.http.stage import Application, Stage, Start

__all__ = ["started"]

_Started = dict[tuple[str, ...], Application | BaseException]
_STARTED = pytest.StashKey[_Started]()


def started(request: pytest.FixtureRequest, *, trusted_proxies: tuple[str, ...] = ()) -> Application:
    """Return the application of a test class, and start it if this is the first test that asks.

    It ends after the last test of the class. One that does not start is not tried again.
    """
    node: pytest.Class | None = request.node.getparent(pytest.Class)
    assert node is not None, "HttpConformance is a class"
    known = node.stash.setdefault(_STARTED, {})
    if trusted_proxies not in known:
        known[trusted_proxies] = _start(request, node, trusted_proxies)
    found: Application | BaseException = known[trusted_proxies]
    if isinstance(found, BaseException):
        raise found
    return found


def _start(
    request: pytest.FixtureRequest, node: pytest.Class, trusted_proxies: tuple[str, ...]
) -> Application | BaseException:
    try:
        # Asked for by name, so that what they need is not set up for every test.
        database: str = request.getfixturevalue("database")
        start: Start = request.getfixturevalue("start")
        playing = Stage.of(database, trusted_proxies=trusted_proxies).play(start)
        application = playing.__enter__()
    except BaseException as error:  # noqa: BLE001 - told to every test
        return error
    node.addfinalizer(lambda: playing.__exit__(None, None, None))
    return application
