"""A MongoDB URL is read strictly, and never repeated."""

import pytest

from userkit import SyncUserKit, UserKit
from userkit.backends.mongodb import MongoSettings, MongoStore
from userkit.backends.mongodb.opening import open_url
from userkit.errors import InvalidURLError

PASSWORD = "v3ry-hidden"
SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"


@pytest.mark.parametrize("blocking", [True, False])
@pytest.mark.parametrize(
    ("url", "database"),
    [
        ("mongodb://127.0.0.1", "userkit"),
        ("mongodb://127.0.0.1/", "userkit"),
        ("mongodb://127.0.0.1/people", "people"),
        ("mongodb://ada:secret@one:27017,two:27018/people?replicaSet=rs0&tls=true", "people"),
        ("mongodb+srv://cluster.example.invalid/people?pool_size=3", "people"),
        ("mongodb+srv://cluster.example.invalid/?retryWrites=true&w=majority&appName=Cluster0", "userkit"),
    ],
)
def test_the_url_says_where(url: str, database: str, blocking: bool) -> None:
    """Nothing is looked up or connected to yet."""
    store = open_url(url, blocking=blocking)
    assert isinstance(store, MongoStore)
    assert store.blocking is blocking
    assert database in store._connection.where


def test_options_of_ours_are_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """They win over settings, and settings over the environment."""
    monkeypatch.setenv("USERKIT_MONGODB_POOL_SIZE", "7")
    assert open_url("mongodb://127.0.0.1", blocking=True).concurrency == 7
    settings = MongoSettings(pool_size=5)
    assert open_url("mongodb://127.0.0.1", blocking=True, settings=settings).concurrency == 5
    url = "mongodb://127.0.0.1/?pool_size=3&read_concern=linearizable&keep_expired=-1"
    assert open_url(url, blocking=True, settings=settings).concurrency == 3


@pytest.mark.parametrize(
    ("rest", "says"),
    [
        ("", "is mongodb://user:password@host"),
        ("127.0.0.1/a/b", "one / before the database"),
        ("127.0.0.1/a.b", "name of a MongoDB database"),
        ("127.0.0.1/%24cmd", "name of a MongoDB database"),
        (f"127.0.0.1/{'x' * 64}", "name of a MongoDB database"),
        ("127.0.0.1/?pool_sise=3", "Did you mean pool_size"),
        ("127.0.0.1/?w=0", "w is majority for userkit"),
        ("127.0.0.1/?retryWrites=false", "retryWrites is true for userkit"),
        ("127.0.0.1/?readPreference=secondary", "readPreference is primary"),
        ("127.0.0.1/?pool_size=many", "pool_size"),
        ("127.0.0.1/?pool_size=1&pool_size=2", "more than once"),
        ("127.0.0.1/?read_concern=local", "read_concern"),
        ("127.0.0.1:99999/", "cannot be read"),
        ("127.0.0.1/?tls=perhaps", "cannot be read"),
        ("127.0.0.1/?replicaSet=a&directConnection=maybe", "cannot be read"),
    ],
)
def test_what_cannot_be_understood_is_said(rest: str, says: str) -> None:
    """At once, and with the way to mend it."""
    with pytest.raises(InvalidURLError, match=says):
        open_url(f"mongodb://{rest}", blocking=True)


@pytest.mark.parametrize(
    "url",
    [
        f"mongodb://ada:{PASSWORD}@127.0.0.1:99999/app",
        f"mongodb://ada:{PASSWORD}@127.0.0.1/app?pool_sise=1",
        f"mongodb://ada:{PASSWORD}@two@127.0.0.1/app",
        f"mongodb://ada:{PASSWORD}/@127.0.0.1/app",
        f"mongodb://ada:27017/{PASSWORD}@127.0.0.1",
        f"mongodb://ada:27017?{PASSWORD}@127.0.0.1/app",
        f"mongodb://ada:27017/app?{PASSWORD}=1@127.0.0.1/app",
        f"mongodb://127.0.0.1/app?tlsCertificateKeyFilePassword={PASSWORD}&tls=perhaps",
    ],
)
@pytest.mark.parametrize("kit", [SyncUserKit, UserKit])
def test_st_4_a_url_that_is_refused_is_not_repeated(url: str, kit: type[SyncUserKit] | type[UserKit]) -> None:
    """Neither by the error nor by what led to it."""
    with pytest.raises(InvalidURLError) as caught:
        kit(url, secret=SECRET)
    error: BaseException | None = caught.value
    while error is not None:
        assert PASSWORD not in repr(error)
        error = error.__cause__ or error.__context__
