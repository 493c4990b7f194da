"""A language model by rule of thumb, for trying things out: it costs nothing and knows nothing.

Within the application it is an object. ``python examples/screening/thumb.py`` serves it as chat completions,
which an emulator of Bedrock can be told to ask.
"""

import json
import os
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from userkit.errors import ModelReplyError, ModelRequestError
from userkit.ports.language_model import (
    Completion,
    Conversational,
    Embeddings,
    Message,
    Piece,
    Question,
    Usage,
)

PORT = int(os.environ.get("PORT", "4567"))
BRANDS = ("amazon", "apple", "bank", "google", "paypal")


def judged(document: Mapping[str, Any]) -> dict[str, Any]:
    """Answer screening: whoever is called after a brand is looked at by a person."""
    name = str(document.get("name", "")).casefold()
    if any(brand in name for brand in BRANDS):
        return {"verdict": "review", "reasons": ["impersonates_brand"], "confidence": "medium"}
    return {"verdict": "allow", "reasons": [], "confidence": "high"}


def summarised(document: Mapping[str, Any]) -> str:
    """Write a summary: one line for each kind of event, with the entries that it rests on."""
    kinds: dict[str, list[int]] = {}
    for entry in document.get("entries", ()):
        kinds.setdefault(str(entry["event"]).replace("_", " "), []).append(int(entry["n"]))
    lines = [
        f"The event {kind} happened {_times(len(found))} {json.dumps(found[:10])}"
        for kind, found in kinds.items()
    ]
    return "\n".join(lines[:20])


class RuleOfThumb(Conversational):
    """Ask the rules of thumb as if they were a language model."""

    blocking = False
    in_process = True
    name = "rule of thumb"

    async def answer(self, question: Question) -> Completion[Any]:
        """Judge where an object is asked for, else summarise."""
        document = _document(question.messages[-1].text)
        usage = _usage(question.messages)
        if question.schema is None:
            return Completion(text=summarised(document), value=None, usage=usage, model=self.name)
        try:
            value = question.schema.model_validate(judged(document))
        except ValueError:
            raise ModelReplyError from None
        return Completion(value=value, usage=usage, model=self.name)

    async def answer_in_pieces(self, question: Question) -> AsyncGenerator[Piece, None]:
        """Write line by line."""
        whole = await self.answer(question)
        for line in whole.text.splitlines(keepends=True):
            yield Piece(text=line)
        yield Piece(completion=whole)

    async def embed(self, texts: Sequence[str], *, time_limit: float | None = None) -> Embeddings:
        """Refuse: a rule of thumb has no vectors."""
        raise ModelRequestError

    async def close(self) -> None:
        """Do nothing: there is nothing to close."""


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _document(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _usage(messages: Sequence[Message]) -> Usage:
    return Usage(input_tokens=sum(len(each.text) for each in messages) // 4, output_tokens=20)


class Handler(BaseHTTPRequestHandler):
    """Answer POST /v1/chat/completions."""

    def do_POST(self) -> None:
        """Answer with a call of the tool that is offered, else with a text."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        document = _document(str(asked["messages"][-1]["content"]))
        if tools := asked.get("tools"):
            function = {"name": tools[0]["function"]["name"], "arguments": json.dumps(judged(document))}
            call = {"id": "call_1", "type": "function", "function": function}
            said: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": [call]}
        else:
            said = {"role": "assistant", "content": summarised(document)}
        self._answer(
            {"model": asked.get("model"), "created": int(time.time()), "choices": [{"message": said}]}
        )

    def _answer(self, body: dict[str, Any]) -> None:
        encoded = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)


if __name__ == "__main__":
    print(f"Listening at http://127.0.0.1:{PORT}", flush=True)
    ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
