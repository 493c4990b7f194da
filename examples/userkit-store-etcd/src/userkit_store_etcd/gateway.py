"""Calls to etcd's HTTP gateway, from server to server, and its errors as errors of ours."""

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import urllib3
from urllib3.exceptions import ConnectTimeoutError, EmptyPoolError, HTTPError, NewConnectionError, SSLError

from userkit.errors import StoreUnavailableError, UnsupportedStoreError, UsageError
from userkit_store_etcd.address import Address

__all__ = ["AnswerLostError", "CompactedError", "Gateway", "text"]

# Codes of gRPC, as the gateway repeats them.
_DEADLINE, _DENIED, _EXHAUSTED, _PRECONDITION, _RANGE, _UNAVAILABLE, _STRANGER = 4, 7, 8, 9, 11, 14, 16
_INVALID = 3

_SAYS = {
    _DENIED: "does not allow this to the user in the URL: give the user a role that may read and write.",
    _EXHAUSTED: "is full or overloaded: compact and defragment it, or raise --quota-backend-bytes.",
    _PRECONDITION: "does not ask for a sign-in: leave user and password out of the URL, or enable it.",
    _STRANGER: "refuses the sign-in: the user name or the password in the URL is wrong or missing.",
}


class AnswerLostError(StoreUnavailableError):
    """What was asked for may have been done, or may yet be."""


class CompactedError(StoreUnavailableError):
    """A revision was compacted between two reads of it."""


class Gateway:
    """Make calls to the servers of one cluster; the threads of a process share it."""

    def __init__(self, address: Address) -> None:
        """Take the address; nothing is connected to yet."""
        self._address = address
        self._scheme = "https" if address.tls else "http"
        self._token: str | None = None
        self._first = 0
        self._pool = urllib3.PoolManager(
            maxsize=address.pool_size,
            block=True,
            retries=False,
            timeout=address.timeout,
            ca_certs=address.tls_ca,
        )

    def ask(self, verb: str, **body: Any) -> dict[str, Any]:
        """Return the answer to what changes nothing, asking a second time when the first was lost."""
        try:
            return self.call(verb, **body)
        except AnswerLostError:
            return self.call(verb, **body)

    def call(self, verb: str, **body: Any) -> dict[str, Any]:
        """Return the answer to a call.

        Raises AnswerLostError when nobody knows whether it was done, and StoreUnavailableError when it
        was not.
        """
        if self._address.user is None:
            return self._said(*self._send(verb, body))
        token = self._token or self._sign_in()
        status, answer = self._send(verb, body, token)
        if answer.get("code") == _STRANGER:
            status, answer = self._send(verb, body, self._sign_in())  # it had expired
        return self._said(status, answer)

    def close(self) -> None:
        """Let go of the connections."""
        self._pool.clear()

    def _sign_in(self) -> str:
        account = {"name": self._address.user, "password": self._address.password}
        status, answer = self._send("auth/authenticate", account)
        if answer.get("code") == _INVALID:
            answer["code"] = _STRANGER  # it has no other code for a wrong password
        self._token = token = str(self._said(status, answer)["token"])
        return token

    def _send(
        self, verb: str, body: Mapping[str, Any], token: str | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Send a call to one server after the other, until one takes it."""
        hosts, first, failure = self._address.hosts, self._first, HTTPError()
        for turn in range(len(hosts)):
            place = (first + turn) % len(hosts)
            try:
                answer = self._post(f"{self._scheme}://{hosts[place]}/v3/{verb}", body, token)
            except (NewConnectionError, ConnectTimeoutError, EmptyPoolError, SSLError) as error:
                failure = error
                continue
            except HTTPError as error:
                self._first = (place + 1) % len(hosts)
                raise AnswerLostError(f"{self._address.where} did not answer in time.") from error
            self._first = place
            return answer
        raise StoreUnavailableError(
            f"{self._address.where} cannot be reached: is it running, and are host, port and TLS right?"
        ) from failure

    def _post(self, url: str, body: Mapping[str, Any], token: str | None) -> tuple[int, dict[str, Any]]:
        headers = {"Content-Type": "application/json", **({"Authorization": token} if token else {})}
        content = json.dumps(body).encode()
        response = self._pool.urlopen(
            "POST", url, body=content, headers=headers, pool_timeout=self._address.timeout, redirect=False
        )
        try:
            answer = response.json()
        except ValueError:
            answer = {}
        return response.status, answer if isinstance(answer, dict) else {}

    def _said(self, status: int, answer: dict[str, Any]) -> dict[str, Any]:
        """Return a good answer, or raise what it means."""
        if status == 200:
            return answer
        where, code = self._address.where, answer.get("code")
        if code == _RANGE:
            raise CompactedError(f"{where} forgets its history faster than it is read.")
        if code in (_DEADLINE, _UNAVAILABLE) or status >= 502:
            raise AnswerLostError(f"{where} has no leader at the moment, or did not answer it in time.")
        if code == _INVALID and "too " in str(answer.get("error")):  # too large, or too many operations
            raise UsageError(
                f"This is more than {where} takes at once (--max-request-bytes, --max-txn-ops): commit fewer "
                "changes, or smaller ones."
            )
        if status == 404:
            raise UnsupportedStoreError(f"{where} is not etcd 3.4 or later with its HTTP gateway.")
        raise StoreUnavailableError(f"{where} {_SAYS.get(code or 0, 'refuses the call.')}")


def text(value: bytes) -> str:
    """Return bytes as the gateway takes them."""
    return b64encode(value).decode()
