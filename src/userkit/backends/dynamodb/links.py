"""Clients of boto3: one made by us for a process, or the application's own."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any, Protocol

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from userkit.backends.dynamodb.settings import DynamoDBSettings
from userkit.errors import ConfigurationError
from userkit.kernel.per_process import PerProcess

__all__ = ["GivenLink", "Link", "OwnLink"]


class Link(Protocol):
    """Where requests go out."""

    @property
    def client(self) -> Any:
        """Return the client of boto3, which any number of threads may use."""
        ...

    def close(self) -> None:
        """Let go of the connections, if they are ours."""
        ...


class OwnLink:
    """A client of our own, made when it is first needed, and anew in a forked process."""

    def __init__(self, settings: DynamoDBSettings) -> None:
        """Take where to connect, and how long to wait."""
        self._made = PerProcess(partial(_client, settings))

    @property
    def client(self) -> Any:
        """See Link.client."""
        return self._made.get()

    def close(self) -> None:
        """See Link.close. The next request would make another client."""
        client = self._made.take()
        if client is not None:
            client.close()


class GivenLink:
    """The client of an application, which stays its own."""

    def __init__(self, client: Any) -> None:
        """Take the client."""
        self._client = client

    @property
    def client(self) -> Any:
        """See Link.client."""
        return self._client

    def close(self) -> None:
        """See Link.close: nothing here is ours."""


def _client(settings: DynamoDBSettings) -> Any:
    core = botocore.session.Session(profile=settings.profile)
    core.register_component("data_loader", _loader())
    session = boto3.session.Session(botocore_session=core, region_name=settings.region)
    make: Callable[..., Any] = session.client
    try:
        return make("dynamodb", endpoint_url=settings.endpoint_url, config=_config(settings))
    except BotoCoreError:
        raise
    except ValueError as error:
        raise ConfigurationError(
            "endpoint_url is not one: it is like https://dynamodb.example.com."
        ) from error


def _config(settings: DynamoDBSettings) -> Config:
    return Config(
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
        max_pool_connections=settings.pool_size,
        # Requests are tried again by us, who know what a second attempt of a commit may mean.
        retries={"total_max_attempts": 1, "mode": "standard"},
        parameter_validation=False,
        tcp_keepalive=True,
        user_agent_extra="userkit",
    )


@cache
def _loader() -> botocore.loaders.Loader:
    # What AWS's services look like is read from megabytes of JSON: once for a process.
    return botocore.loaders.create_loader()
