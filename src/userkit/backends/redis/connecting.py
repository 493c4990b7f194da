"""Connections: redis-py's clients of every kind, with bounded waiting everywhere."""

import asyncio
import inspect
import os
import threading
from collections.abc import Callable, Sequence
from hashlib import sha1
from typing import Any
from weakref import WeakSet

import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, NoScriptError
from redis.retry import Retry

from userkit.backends.redis.addresses import Address
from userkit.errors import StoreUnavailableError, UsageError

__all__ = ["Link", "Script", "done"]


_BLOCKING = (redis.Redis, redis.RedisCluster)
_WAITING = (redis.asyncio.Redis, redis.asyncio.RedisCluster)


async def done(call: Any) -> Any:
    """Return the result of a call, which an asynchronous client is waited for."""
    return await call if inspect.isawaitable(call) else call


class Script:
    """A Lua script and the digest that a server knows it by."""

    def __init__(self, text: str) -> None:
        """Take the text."""
        self.text = text
        self.digest = sha1(text.encode(), usedforsecurity=False).hexdigest()


class Link:
    """The client of a store, a cache or a limiter: made when it is needed, and anew after a fork.

    ``blocking`` says for which kit it is. ``where`` names the server without secrets.
    """

    def __init__(
        self,
        make: Callable[[], Any] | None,
        *,
        client: Any = None,
        blocking: bool,
        where: str,
        pool_size: int,
        pool_timeout: float,
    ) -> None:
        """Take what makes a client, or a client of the application, which stays its own."""
        self.blocking, self.where, self.pool_size = blocking, where, pool_size
        self._pool_timeout = pool_timeout
        self._make, self._client, self._making = make, client, threading.Lock()
        self._turnstile = self._new_turnstile()
        _all.add(self)

    @classmethod
    def to(cls, address: Address, *, blocking: bool) -> "Link":
        """Make a link to an address; nothing is connected yet."""
        settings = address.settings
        return cls(
            lambda: _client(address, blocking=blocking),
            blocking=blocking,
            where=address.where,
            pool_size=settings.pool_size,
            pool_timeout=settings.pool_timeout,
        )

    @classmethod
    def over(cls, client: Any, *, pool_size: int = 10, pool_timeout: float = 5.0) -> "Link":
        """Use a client of the application: Redis or RedisCluster, of redis or of redis.asyncio.

        Raises UsageError for anything else.
        """
        if not isinstance(client, (*_BLOCKING, *_WAITING)):
            raise UsageError(
                "from_client takes a Redis or a RedisCluster, of redis or redis.asyncio, not "
                f"{type(client).__name__}."
            )
        return cls(
            None,
            client=client,
            blocking=isinstance(client, _BLOCKING),
            where="Redis",
            pool_size=pool_size,
            pool_timeout=pool_timeout,
        )

    @property
    def client(self) -> Any:
        """Return the client, made now if there is none."""
        if self._client is None and self._make is not None:
            with self._making:  # of two threads only one
                self._client = self._client or self._make()
        return self._client

    @property
    def is_cluster(self) -> bool:
        """Tell whether the client speaks to a cluster."""
        return isinstance(self.client, (redis.RedisCluster, redis.asyncio.RedisCluster))

    async def call(self, *words: Any) -> Any:
        """Send one command and return its answer. Raises redis-py's errors."""
        turnstile = await self._passed()
        try:
            return await self._send(*words)
        finally:
            turnstile.release()

    async def run(self, script: Script, key: str, *arguments: Any) -> Any:
        """Run a script, whose keys are all in the slot of one key. Raises redis-py's errors.

        It is one round trip, but for the first time that a server sees it. A key with a hash tag
        stands for all that have this tag, one without for itself.
        """
        # While a slot moves between two servers of a cluster, each has a part of its keys. Of two keys
        # that are not there both say TRYAGAIN, so that no script takes the one part for the whole.
        keys = (key, f"{key}:-") if "{" in key else (key,)
        turnstile = await self._passed()
        try:
            return await self._send("EVALSHA", script.digest, len(keys), *keys, *arguments)
        except NoScriptError:
            return await self._send("EVAL", script.text, len(keys), *keys, *arguments)
        finally:
            turnstile.release()

    async def close(self) -> None:
        """Close a client of our own. Closing again does no harm, and the next call opens a new one."""
        if self._make is None:
            return
        client, self._client = self._client, None
        if client is not None:
            for each in (client, *_sentinels_of(client)):
                await done(each.close() if self.blocking else each.aclose())
        if not self.blocking:
            self._turnstile = self._new_turnstile()  # the next loop may be another

    def leave_behind(self) -> None:
        """Begin anew in a process that was forked: the connections are the parent's."""
        self._turnstile, self._making = self._new_turnstile(), threading.Lock()
        if self._make is not None:
            _inherited.append(self._client)  # closing it here would speak on the parent's connections
            self._client = None

    async def _send(self, *words: Any) -> Any:
        client = self.client
        if not isinstance(client, redis.asyncio.RedisCluster):
            answer = client.execute_command(*words)
            return answer if self.blocking else await answer
        # redis-py 8 sends keys to any server as long as it does not know them all.
        await done(client.initialize())
        try:
            return await client.execute_command(*words)
        except AttributeError as error:
            # Another caller has met a failure, and let go of the connections of all.
            raise ConnectionError("The connection was closed.") from error

    def _new_turnstile(self) -> Any:
        kind: Any = threading.BoundedSemaphore if self.blocking else asyncio.BoundedSemaphore
        return kind(self.pool_size)

    async def _passed(self) -> Any:
        # redis-py refuses at once when a pool is used up; and a cluster has a pool for each server.
        # Who is let in by this turnstile lets it go: a fork or a closing puts another in its place.
        turnstile = self._turnstile
        if self.blocking:
            got = turnstile.acquire(timeout=self._pool_timeout)
        else:
            got = await self._waited(turnstile)
        if not got:
            raise StoreUnavailableError(
                f"{self.where}: all connections are in use; none came free within pool_timeout."
            )
        return turnstile

    async def _waited(self, turnstile: asyncio.BoundedSemaphore) -> bool:
        if not turnstile.locked():
            return await turnstile.acquire()
        try:
            async with asyncio.timeout(self._pool_timeout):
                return await turnstile.acquire()
        except TimeoutError:
            return False


def _client(address: Address, *, blocking: bool) -> Any:
    common = _options(address)
    if address.kind == "sentinel":
        return _behind_sentinels(address, common, blocking=blocking)
    if address.kind == "cluster":
        return _cluster(address, common, blocking=blocking)
    kind: Any = redis.Redis if blocking else redis.asyncio.Redis
    ((host, port),) = address.hosts
    return kind(host=host, port=port, db=address.database, **common)


def _options(address: Address) -> dict[str, Any]:
    settings = address.settings
    options: dict[str, Any] = {
        "username": address.user,
        "password": address.password,
        "socket_timeout": settings.operation_timeout,
        "socket_connect_timeout": settings.connect_timeout,
        "max_connections": settings.pool_size,
        # Trying again is ours: only we know what may be done twice.
        "retry": Retry(NoBackoff(), 0),
    }
    if address.tls:
        options |= {
            "ssl": True,
            "ssl_ca_certs": settings.tls_ca and str(settings.tls_ca),
            "ssl_certfile": settings.tls_cert and str(settings.tls_cert),
            "ssl_keyfile": settings.tls_key and str(settings.tls_key),
        }
    return options


def _cluster(address: Address, common: dict[str, Any], *, blocking: bool) -> Any:
    if blocking:
        from redis.cluster import ClusterNode, RedisCluster

        node: Any = ClusterNode
        nodes = [node(host, port) for host, port in address.hosts]
        return RedisCluster(startup_nodes=nodes, **common)
    from redis.asyncio.cluster import ClusterNode as AsyncNode

    waiting = [AsyncNode(host, port) for host, port in address.hosts]
    # For every so many slots that have moved it would close the connections that others are using.
    return redis.asyncio.RedisCluster(startup_nodes=waiting, reinitialize_steps=0, **common)


def _behind_sentinels(address: Address, common: dict[str, Any], *, blocking: bool) -> Any:
    if blocking:
        from redis.sentinel import Sentinel

        kind: Any = Sentinel
    else:
        from redis.asyncio.sentinel import Sentinel as AsyncSentinel

        kind = AsyncSentinel
    sentinels = kind(list(address.hosts), sentinel_kwargs=_of_sentinels(address, common))
    return sentinels.master_for(address.service, db=address.database, **common)


def _sentinels_of(client: Any) -> Sequence[Any]:
    """Return the clients that a client asks for its primary, which it does not close itself."""
    manager = getattr(getattr(client, "connection_pool", None), "sentinel_manager", None)
    return [] if manager is None else list(manager.sentinels)


def _of_sentinels(address: Address, common: dict[str, Any]) -> dict[str, Any]:
    password = address.settings.sentinel_password
    return {
        **{name: value for name, value in common.items() if name.startswith(("socket", "ssl", "retry"))},
        "username": address.settings.sentinel_user,
        "password": password and password.get_secret_value(),
    }


_all: "WeakSet[Link]" = WeakSet()
_inherited: list[Any] = []


def _leave_all_behind() -> None:
    for each in list(_all):
        each.leave_behind()


# Not every system can fork.
getattr(os, "register_at_fork", dict)(after_in_child=_leave_all_behind)
