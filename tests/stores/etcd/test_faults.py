"""What goes wrong with etcd, and what the store says of it: errors of userkit, and never a password."""

import traceback
from collections.abc import Callable, Iterator
from functools import partial

import pytest
import urllib3

from tests.plugins.site import Site
from tests.servers.etcd import EtcdServer
from tests.servers.ports import free_port
from tests.servers.proxy import FaultProxy
from tests.stores.etcd.installed import open_installed
from userkit.errors import (
    DuplicateError,
    InvalidURLError,
    StaleError,
    StoreUnavailableError,
    UnsupportedStoreError,
    UsageError,
)
from userkit.storage.changes import Add, Remove, Save
from userkit.sync import run
from userkit.testing.bench import Bench
from userkit.testing.specimens import (
    COLLECTIONS,
    Account,
    Everything,
    Person,
    account,
    everything,
    person,
    ticket,
)

pytestmark = pytest.mark.server

# Only commits compare anything.
COMMIT = b'"compare": [{'


@pytest.fixture
def proxy(etcd: EtcdServer) -> Iterator[FaultProxy]:
    """What stands between a store and its server."""
    with FaultProxy(etcd.port) as proxy:
        yield proxy


@pytest.fixture
def bench(proxy: FaultProxy, installed: Site, fresh_url: Callable[..., str]) -> Iterator[Bench]:
    """A prepared store behind the proxy."""
    with Bench(partial(open_installed, str(installed.path), proxy.url(fresh_url()))) as bench:
        yield bench
        proxy.resume()


@pytest.mark.parametrize("moment", ["before", "after", "answer"])
def test_a_commit_whose_answer_is_lost_happens_once(bench: Bench, proxy: FaultProxy, moment: str) -> None:
    """It is sent again; when it had happened, what is stored shows it."""
    rich, poor = account(10), account(0)
    run(bench.store.commit(Add(rich), Add(poor)))
    less, more = rich.evolve(amount=7), poor.evolve(amount=3)
    trap = proxy.cut_at(COMMIT, moment)
    run(bench.store.commit(Save(rich, less), Save(poor, more)))
    assert trap.has_sprung
    assert [run(bench.store.get(Account, each.id)) for each in (rich, poor)] == [less, more]
    with pytest.raises(StaleError):
        run(bench.store.commit(Save(rich, less)))


@pytest.mark.parametrize("moment", ["before", "answer"])
def test_a_refusal_whose_answer_is_lost_is_still_a_refusal(
    bench: Bench, proxy: FaultProxy, moment: str
) -> None:
    """The unique value is somebody else's, however often it is asked for."""
    run(bench.store.commit(Add(person("ada@example.com"))))
    proxy.cut_at(COMMIT, moment)
    with pytest.raises(DuplicateError) as refused:
        run(bench.store.commit(Add(person("ada@example.com"))))
    assert refused.value.field == "address"


def test_a_removal_whose_answer_is_lost_has_happened(bench: Bench, proxy: FaultProxy) -> None:
    """Nothing is left that could be removed again."""
    purse = account(1)
    run(bench.store.commit(Add(purse)))
    proxy.cut_at(COMMIT, "answer")
    run(bench.store.commit(Remove(purse)))
    assert run(bench.store.get(Account, purse.id)) is None


def test_a_server_that_hangs_or_is_gone_is_unavailable(installed: Site) -> None:
    """And the store works again with the server; the next host of the URL is tried where there is one."""
    with EtcdServer() as server:
        hosts = f"etcd://127.0.0.1:{free_port()},127.0.0.1:{server.port}?timeout=1"
        store = open_installed(str(installed.path), hosts)
        run(store.prepare(COLLECTIONS))
        purse = account(1)
        run(store.commit(Add(purse)))
        server.suspend()
        for call in (store.get(Account, purse.id), store.commit(Save(purse, purse.evolve(amount=2)))):
            with pytest.raises(StoreUnavailableError, match="did not answer"):
                run(call)
        server.resume()
        server.stop()
        with pytest.raises(StoreUnavailableError, match="cannot be reached"):
            run(store.get(Account, purse.id))
        server.start()
        assert run(store.get(Account, purse.id)) is not None
        run(store.close())


def test_what_is_compacted_is_read_anew(bench: Bench, etcd: EtcdServer) -> None:
    """A find by an indexed field reads twice; what it needs may be forgotten in between."""
    ada = person(team="red")
    run(bench.store.commit(Add(ada)))
    gateway = bench.root._gateway  # type: ignore[attr-defined]
    asking, compacted = gateway.ask, []

    def ask(verb: str, **body: object) -> object:
        if verb == "kv/txn" and not compacted:
            run(bench.store.commit(Add(account())))
            compacted.append(revision_of(etcd))
            post(etcd, "kv/compaction", revision=compacted[0])
        return asking(verb, **body)

    gateway.ask = ask
    assert run(bench.store.find(Person, "team", "red")).items == (ada,)
    assert compacted


def test_a_commit_that_is_too_large_for_etcd_is_refused_with_the_limit(bench: Bench) -> None:
    """By the number of its operations or by its bytes; nothing of it happens."""
    full = {"name": "Ada", "team": "red", "number": 1}
    people = [person(handle=str(number), boss=None, **full | {"number": number}) for number in range(25)]
    with pytest.raises(UsageError, match="needs 175 operations, and a transaction of etcd holds 128"):
        run(bench.store.commit(*map(Add, people)))
    run(bench.store.commit(*map(Add, people[:18])))
    with pytest.raises(UsageError, match="max-request-bytes"):
        run(bench.store.commit(*(Add(everything(text="x" * 200_000)) for _ in range(8))))
    assert run(bench.store.find(Everything)).items == ()
    # What is 5 operations a change always fits: for instance one that changes a unique value and a list.
    tickets = [ticket(holder="ada") for _ in range(25)]
    run(bench.store.commit(*map(Add, tickets)))
    run(
        bench.store.commit(*(Save(each, each.evolve(code=f"{each.code}!", holder="eve")) for each in tickets))
    )


def test_credentials_are_used_and_never_told(installed: Site) -> None:
    """Neither by a wrong sign-in, nor by a right one without rights, nor in a URL that cannot be read."""
    secret = "s3cret-w0rd"
    with EtcdServer() as server:
        post(server, "auth/user/add", name="root", password=secret)
        post(server, "auth/user/add", name="app", password=secret)
        post(server, "auth/role/add", name="root")
        post(server, "auth/user/grant", user="root", role="root")
        post(server, "auth/enable")
        for account_, said in (
            ("", "refuses"),
            (f"root:{secret}x@", "refuses the sign-in"),
            (f"app:{secret}@", "does not allow"),
        ):
            with pytest.raises(StoreUnavailableError, match=said) as caught:
                opened(installed, server.url(account=account_))
            assert secret not in "".join(traceback.format_exception(caught.value))
            assert secret not in repr(caught.value.__dict__)
        store = opened(installed, server.url(account=f"root:{secret}@"))
        run(store.commit(Add(account())))
        store._gateway._token = "expired"
        run(store.commit(Add(account())))
        assert secret not in repr(store._address)
        run(store.close())


@pytest.mark.parametrize(
    "rest",
    [
        "host",
        "ada:s3cret?@host:2379",
        "ada:s3cret@host:0",
        "ada:s3cret@host:1?timeout=x",
        "ada:s3cret@host:1?prefix=a/b",
        "ada:s3cret@host:1?color=s3cret",
        "ada:s3cret@host:1?tls_ca=/s3cret",
    ],
)
def test_a_url_that_cannot_be_read_is_not_repeated(installed: Site, rest: str) -> None:
    """It says what is wrong with it instead."""
    with pytest.raises(InvalidURLError) as refused:
        open_installed(str(installed.path), f"etcd://{rest}")
    assert "s3cret" not in "".join(traceback.format_exception(refused.value))


def test_what_is_not_etcd_is_told_so(installed: Site) -> None:
    """A server of an older gateway, or another one, knows no such page."""
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from threading import Thread

    class Quiet(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            with pytest.raises(UnsupportedStoreError, match=r"not etcd 3\.4 or later"):
                opened(installed, f"etcd://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()


def opened(installed: Site, url: str):
    """Return a prepared store, or close it."""
    store = open_installed(str(installed.path), url)
    try:
        run(store.prepare(COLLECTIONS))
    except Exception:
        run(store.close())
        raise
    return store


def post(server: EtcdServer, verb: str, **body: object) -> dict[str, object]:
    """Make a call as an administrator."""
    with urllib3.PoolManager() as pool:
        answer = pool.request("POST", f"http://{server.host}:{server.port}/v3/{verb}", json=body)
        assert answer.status == 200, answer.data
        return answer.json()


def revision_of(server: EtcdServer) -> str:
    """Return the newest revision."""
    return post(server, "kv/range", key="AA==")["header"]["revision"]  # type: ignore[index,return-value]
