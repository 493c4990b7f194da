"""What MiniStack thinks with: a scripted server of chat completions, and a MiniStack that asks it."""

import json
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from tests.servers.dynamodb import MinistackServer
from tests.servers.ports import LOOPBACK

__all__ = ["Brain", "MinistackBedrockServer", "Thought", "Wish"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What the brain was asked, as it came over the wire."""

    body: Mapping[str, Any]
    path: str = "/v1/chat/completions"

    @property
    def model(self) -> str:
        """Return the id of the model."""
        return str(self.body["model"])

    @property
    def system(self) -> str:
        """Return what the model is told that it is for."""
        return "\n".join(each["content"] for each in self.body["messages"] if each["role"] == "system")

    @property
    def text(self) -> str:
        """Return everything that was said, to look for what must not be in it."""
        return "\n".join(str(each.get("content")) for each in self.body["messages"])

    @property
    def tool(self) -> str | None:
        """Return the name of the tool that the model is to use, or that it may use."""
        choice = self.body.get("tool_choice")
        if isinstance(choice, Mapping):
            return str(choice["function"]["name"])
        tools = self.body.get("tools") or ()
        return str(tools[0]["function"]["name"]) if tools else None


Thought = str | Mapping[str, Any] | Callable[[Wish], Any]
"""A text, what to call the tool with, or what makes one of these of what is asked."""


@dataclass(slots=True)
class Brain:
    """Give the answers of a script, one after the other; the last is given again and again.

    - ``script``: the answers. A mapping is given as the arguments of the tool that was asked for, a
      text as it is.
    - ``asked``: what it was asked.
    - ``tokens``: how many tokens each call costs, in and out.
    """

    script: Sequence[Thought] = ("Yes.",)
    asked: list[Wish] = field(default_factory=list)
    tokens: tuple[int, int] = (12, 3)
    _server: ThreadingHTTPServer = field(init=False)
    _thread: threading.Thread = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer((LOOPBACK, 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def endpoint(self) -> str:
        """Return where it answers."""
        return f"http://{LOOPBACK}:{self._server.server_port}"

    def reset(self) -> None:
        """Forget the script and what was asked."""
        self.script = ("Yes.",)
        self.asked = []
        self.tokens = (12, 3)

    def think(self, wish: Wish) -> dict[str, Any]:
        """Return the answer to a request, in OpenAI's shape."""
        with self._lock:
            thought = self.script[min(len(self.asked), len(self.script) - 1)]
            self.asked.append(wish)
        answer = thought(wish) if callable(thought) else thought
        return {
            "id": f"chatcmpl-{secrets.token_hex(6)}",
            "object": "chat.completion",
            "created": 1_767_225_600,
            "model": wish.model,
            "choices": [_choice(answer, wish)],
            "usage": {
                "prompt_tokens": self.tokens[0],
                "completion_tokens": self.tokens[1],
                "total_tokens": sum(self.tokens),
            },
        }


class MinistackBedrockServer(MinistackServer):
    """A private MiniStack with Bedrock only, which asks a brain what to answer."""

    scheme = "bedrock"

    def __init__(self, program: Path, *, brain: Brain) -> None:
        """Start MiniStack from its program."""
        self._brain = brain
        super().__init__(program)

    @classmethod
    def thinking_with(cls, brain: Brain) -> "MinistackBedrockServer":
        """Start the MiniStack of this machine, or skip the test where there is none."""
        return cls(cls.program(), brain=brain)

    def url(self, driver: str | None = None, *, model: str = "amazon.nova-lite-v1:0", **options: Any) -> str:
        """Return the URL of a model here; the options are those of the adapter."""
        query = {"region": "eu-central-1", "endpoint_url": self.endpoint, **options}
        pairs = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in query.items())
        return f"bedrock://{quote(model, safe=':/')}?{pairs}"

    def create_guardrail(self, *words: str, asked: bool = True, answered: bool = True) -> str:
        """Make a guardrail that holds back these words in what is asked and answered; return its id."""
        import boto3

        client = boto3.client("bedrock", region_name="eu-central-1", endpoint_url=self.endpoint)
        try:
            made = client.create_guardrail(
                name=f"words-{secrets.token_hex(4)}",
                blockedInputMessaging="This was held back.",
                blockedOutputsMessaging="The answer was held back.",
                wordPolicyConfig={
                    "wordsConfig": [
                        {"text": word, "inputEnabled": asked, "outputEnabled": answered} for word in words
                    ]
                },
            )
        finally:
            client.close()
        return str(made["guardrailId"])

    def _environment(self) -> Mapping[str, str]:
        return {
            **super()._environment(),
            "SERVICES": "bedrock,bedrock-runtime",
            "MINISTACK_BEDROCK_PROXY_URL": self._brain.endpoint,
        }


def _choice(answer: Any, wish: Wish) -> dict[str, Any]:
    if not isinstance(answer, Mapping):
        message = {"role": "assistant", "content": str(answer)}
        return {"index": 0, "message": message, "finish_reason": "stop"}
    function = {"name": wish.tool, "arguments": json.dumps(answer)}
    call = {"id": f"call_{secrets.token_hex(4)}", "type": "function", "function": function}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    return {"index": 0, "message": message, "finish_reason": "tool_calls"}


def _handler(brain: Brain) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            said = json.dumps(brain.think(Wish(body, self.path))).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
