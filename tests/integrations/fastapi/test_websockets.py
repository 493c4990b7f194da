"""WebSockets: guards before the connection is accepted, and codes with which it is closed."""

from typing import Any

import pytest
from fastapi import FastAPI, WebSocket
from starlette.websockets import WebSocketDisconnect

from tests.integrations.fastapi.world import EMAIL, HOST, PASSWORD, bearer, client_of, kit_over, sign_up
from userkit.errors import InvalidEntityError, StoreUnavailableError, UserNotFoundError
from userkit.integrations.fastapi import CurrentUser, OptionalUser, UserKitRouter, require

POLICY_VIOLATION, INTERNAL_ERROR, TRY_AGAIN_LATER = 1008, 1011, 1013


def talking() -> FastAPI:
    app = FastAPI()
    app.include_router(UserKitRouter(kit_over()))

    @app.websocket("/talk")
    async def talk(socket: WebSocket, user: CurrentUser) -> None:
        await socket.accept()
        await socket.send_text(user.email)
        await socket.close()

    @app.websocket("/listen")
    async def listen(socket: WebSocket, user: OptionalUser) -> None:
        await socket.accept()
        await socket.send_text(user.email if user else "nobody")
        await socket.close()

    @app.websocket("/rule", dependencies=[require("users:write")])
    async def rule(socket: WebSocket) -> None:
        await socket.accept()

    @app.websocket("/fail/{how}")
    async def fail(socket: WebSocket, how: str) -> None:
        await socket.accept()
        raise {"missing": UserNotFoundError, "store": StoreUnavailableError, "bug": InvalidEntityError}[how]

    return app


def heard(client: Any, path: str, **headers: str) -> str:
    """Return what a WebSocket says first."""
    with client.websocket_connect(f"wss://app.example{path}", headers=headers) as socket:
        text: str = socket.receive_text()
        return text


def closed(client: Any, path: str, **headers: str) -> tuple[int, str]:
    """Return the code and the reason with which a WebSocket is closed."""
    with pytest.raises(WebSocketDisconnect) as caught:
        heard(client, path, **headers)
    return caught.value.code, caught.value.reason


def test_a_bearer_token_opens_a_websocket() -> None:
    """Programs send it in the header of the handshake."""
    with client_of(talking()) as client:
        token = sign_up(client)
        assert heard(client, "/talk", **bearer(token)) == EMAIL
        assert heard(client, "/listen") == "nobody"


def test_whoever_may_not_is_turned_away() -> None:
    """Before the connection is accepted, and with the code as the reason."""
    with client_of(talking()) as client:
        token = sign_up(client)
        assert closed(client, "/talk") == (POLICY_VIOLATION, "unauthenticated")
        assert closed(client, "/talk", **bearer("nonsense")) == (POLICY_VIOLATION, "unauthenticated")
        assert closed(client, "/rule", **bearer(token)) == (POLICY_VIOLATION, "forbidden")


def test_se_4_a_cookie_opens_a_websocket_for_our_own_pages_only() -> None:
    """SE-4: a browser sends the cookie with handshakes that pages of other sites make."""
    with client_of(talking()) as client:
        sign_up(client)
        login = {"email": EMAIL, "password": PASSWORD}
        client.post("/api/v1/auth/login?transport=cookie", json=login)
        assert closed(client, "/talk") == (POLICY_VIOLATION, "csrf_failed")
        assert closed(client, "/talk", origin="https://evil.example") == (POLICY_VIOLATION, "csrf_failed")
        assert closed(client, "/listen", origin="null") == (POLICY_VIOLATION, "csrf_failed")
        assert heard(client, "/talk", origin=HOST) == EMAIL


@pytest.mark.parametrize(
    ("how", "code", "reason"),
    [
        ("missing", POLICY_VIOLATION, "user_not_found"),
        ("store", TRY_AGAIN_LATER, ""),
        ("bug", INTERNAL_ERROR, ""),
    ],
)
def test_an_error_in_the_conversation_closes_it(how: str, code: int, reason: str) -> None:
    """The code says whose fault it is, and the reason nothing that is not for clients."""
    with client_of(talking()) as client:
        assert closed(client, f"/fail/{how}") == (code, reason)
