"""A Redis URL is read strictly, and never repeated."""

from pathlib import Path
from typing import Any

import pytest
import redis

from userkit import SyncUserKit, UserKit
from userkit.backends.redis import RedisRateLimiter, RedisSettings, RedisStore
from userkit.backends.redis.addresses import Address
from userkit.backends.redis.opening import open_url
from userkit.errors import InvalidURLError, UsageError
from userkit.kernel.clock import utc_now

PASSWORD = "v3ry-hidden"
SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"


@pytest.mark.parametrize(
    ("url", "kind", "hosts", "rest"),
    [
        ("redis://", "single", (("localhost", 6379),), {"tls": False, "database": 0}),
        ("redis://one:7000/3", "single", (("one", 7000),), {"database": 3}),
        ("rediss://[::1]:7000", "single", (("::1", 7000),), {"tls": True}),
        ("redis://[::1]", "single", (("::1", 6379),), {}),
        ("redis://:s%40cret@one", "single", (("one", 6379),), {"user": None, "password": "s@cret"}),
        ("redis://ada:x@one", "single", (("one", 6379),), {"user": "ada", "password": "x"}),
        (
            "redis+sentinel://a,b:7/app/2",
            "sentinel",
            (("a", 26379), ("b", 7)),
            {"service": "app", "database": 2},
        ),
        ("rediss+cluster://a:1,b:2/", "cluster", (("a", 1), ("b", 2)), {"tls": True}),
    ],
)
def test_the_url_says_where(
    url: str, kind: str, hosts: tuple[tuple[str, int], ...], rest: dict[str, Any]
) -> None:
    """One server, sentinels or a cluster."""
    address = Address.read(url)
    assert (address.kind, address.hosts) == (kind, hosts)
    assert {name: getattr(address, name) for name in rest} == rest


@pytest.mark.parametrize("blocking", [True, False])
def test_nothing_is_connected_yet(blocking: bool) -> None:
    """A store is made without a server."""
    for url in (
        "redis://nowhere.invalid",
        "redis+cluster://nowhere.invalid",
        "redis+sentinel://a.invalid/app",
    ):
        store = open_url(url, blocking=blocking)
        assert isinstance(store, RedisStore)
        assert store.blocking is blocking


def test_options_of_ours_are_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """They win over settings, and settings over the environment."""
    monkeypatch.setenv("USERKIT_REDIS_POOL_SIZE", "7")
    assert open_url("redis://one", blocking=True).concurrency == 7
    settings = RedisSettings(pool_size=5)
    assert open_url("redis://one", blocking=True, settings=settings).concurrency == 5
    assert open_url("redis://one?pool_size=3", blocking=True, settings=settings).concurrency == 3


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("redis+other://one", "begins with redis://"),
        ("redis://one/two", "number of a database"),
        ("redis://one/1/2", "number of a database"),
        ("redis://one,two", "redis\\+cluster"),
        ("redis+sentinel://one", "names the service"),
        ("redis+cluster://one/1", "database 0 only"),
        ("redis://one:99999", "cannot be read"),
        ("redis://one:x", "cannot be read"),
        ("redis://one:0", "cannot be read"),
        ("redis://one?pool_sise=3", "Did you mean pool_size"),
        ("redis://one?decode_responses=1", "not known here"),
        ("redis://one?pool_size=many", "pool_size"),
        ("redis://one?pool_size=1&pool_size=2", "more than once"),
        ("redis://one?keep_expired=-2", "keep_expired"),
        ("redis://one?prefix={x}", "prefix"),
        ("redis://one?operation_timeout=3600", "operation_timeout"),
    ],
)
def test_what_cannot_be_read_is_refused_without_its_secrets(url: str, says: str) -> None:
    """By both kits, before anything is connected."""
    url = url.replace("://", f"://ada:{PASSWORD}@", 1)
    for kit in (SyncUserKit, UserKit):
        with pytest.raises(InvalidURLError, match=says) as caught:
            kit(url, secret=SECRET)
        assert PASSWORD not in str(caught.value)
        assert PASSWORD not in repr(caught.value.__cause__)
        assert PASSWORD not in repr(caught.value.__context__)


def test_an_address_hides_its_password() -> None:
    """Also where it is shown as a whole."""
    assert PASSWORD not in repr(address := Address.read(f"redis://ada:{PASSWORD}@one"))
    assert address.where == "The Redis server at one:6379"


def test_tls_has_files_of_its_own(tmp_path: Path) -> None:
    """What to trust, and who the client is; they are looked for at once."""
    files = [tmp_path / name for name in ("ca.pem", "cert.pem", "key.pem")]
    for each in files:
        each.touch()
    options = "&".join(f"tls_{each.stem}={each}" for each in files)
    settings = Address.read(f"rediss://one?{options}").settings
    assert [settings.tls_ca, settings.tls_cert, settings.tls_key] == files
    files[0].unlink()
    with pytest.raises(InvalidURLError, match=r"tls_ca: Path does not point to a file\."):
        Address.read(f"rediss://one?{options}")


def test_sentinels_have_an_account_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its password is hidden as well."""
    monkeypatch.setenv("USERKIT_REDIS_SENTINEL_PASSWORD", PASSWORD)
    assert PASSWORD not in repr(Address.read("redis+sentinel://one/app"))


@pytest.mark.parametrize("thing", [None, "redis://one", object, redis.ConnectionPool()])
def test_only_clients_are_clients(thing: Any) -> None:
    """The sentence says what to give instead."""
    with pytest.raises(UsageError, match="takes a Redis or a RedisCluster"):
        RedisStore.from_client(thing)
    with pytest.raises(UsageError, match="takes a Redis or a RedisCluster"):
        RedisRateLimiter.from_client(thing, now=utc_now)
