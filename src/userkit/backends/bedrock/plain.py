"""A model of Bedrock in plain calls that block. Both kits use it, one of them in threads."""

import json
import time
from collections.abc import Generator, Sequence
from typing import Any

from userkit.backends.bedrock import embedding
from userkit.backends.bedrock.answering import completion_of
from userkit.backends.bedrock.asking import Options, request_of
from userkit.backends.bedrock.calling import Answer, Caller
from userkit.backends.bedrock.line import Line
from userkit.backends.bedrock.links import GivenLink, OwnLink
from userkit.backends.bedrock.mishaps import FAILURES, UNREADABLE
from userkit.backends.bedrock.refusals import refusal_of
from userkit.backends.bedrock.settings import BedrockSettings
from userkit.backends.bedrock.streaming import pieces_of
from userkit.errors import LanguageModelError, ModelReplyError, ModelUnavailableError
from userkit.ports.language_model import Completion, Embeddings, Piece, Question, Usage

__all__ = ["PlainModel"]


class PlainModel:
    """Ask one model, on a line for each call."""

    def __init__(self, call: Caller, model_id: str, options: Options, *, concurrency: int) -> None:
        """Take what makes requests, which model it is, and what to use it with."""
        self.model_id = model_id
        self.concurrency = concurrency
        self._call = call
        self._options = options

    @classmethod
    def of(cls, model_id: str, settings: BedrockSettings) -> "PlainModel":
        """Make a client of our own for a model; it connects when something is asked.

        Raises ConfigurationError where there is no region, or no such profile.
        """
        link = OwnLink(settings)
        link.check()
        options = Options(
            guardrail=settings.guardrail,
            guardrail_version=settings.guardrail_version,
            longest_reply=settings.longest_reply,
            embedding_model=settings.embedding_model,
            output_dimensions=settings.output_dimensions,
            tool_choice=settings.tool_choice,
        )
        return cls(
            Caller(link, attempts=settings.attempts),
            model_id,
            options,
            concurrency=settings.concurrency,
        )

    @classmethod
    def over(cls, client: Any, model_id: str, options: Options, *, attempts: int) -> "PlainModel":
        """Use a client of the application."""
        pool: int = client.meta.config.max_pool_connections
        return cls(Caller(GivenLink(client), attempts=attempts), model_id, options, concurrency=pool)

    def complete(self, question: Question, line: Line) -> Completion[Any]:
        """Return how the model answers."""
        begun = time.monotonic()
        try:
            answer = self._call(line, "converse", **request_of(self.model_id, question, self._options))
        finally:
            line.release()
        return completion_of(
            answer, schema=question.schema, latency=time.monotonic() - begun, model=self.model_id
        )

    def stream(self, question: Question, line: Line) -> Generator[Piece, None, None]:
        """Return how the model answers, in pieces; the request is made with the first."""
        begun = time.monotonic()
        request = request_of(self.model_id, question, self._options)
        longest = self._options.longest_reply
        try:
            stream = self._call(line, "converse_stream", **request).get("stream")
            if stream is None:
                raise ModelReplyError(UNREADABLE)
            yield from pieces_of(stream, line, model=self.model_id, longest=longest, begun=begun)
        finally:
            line.release()

    def embed(self, texts: Sequence[str], line: Line) -> Embeddings:
        """Return what texts mean."""
        model_id = self._options.embedding_model or self.model_id
        family = embedding.family_of(model_id)
        vectors: list[embedding.Vector] = []
        tokens = 0
        try:
            for start in range(0, len(texts), family.texts):
                some, counted = self._embed(model_id, family, texts[start : start + family.texts], line)
                vectors += some
                tokens += counted
        finally:
            line.release()
        return Embeddings(vectors=tuple(vectors), usage=Usage(input_tokens=tokens), model=model_id)

    def close(self) -> None:
        """Let go of connections. A client of the application stays open."""
        self._call.link.close()

    def _embed(
        self, model_id: str, family: embedding.Family, texts: Sequence[str], line: Line
    ) -> tuple[list[embedding.Vector], int]:
        body = json.dumps(family.body(texts, self._options.output_dimensions))
        answer = self._call(
            line,
            "invoke_model",
            modelId=model_id,
            body=body,
            contentType="application/json",
            accept="application/json",
        )
        vectors, said = embedding.vectors_of(family, self._read(answer, line), count=len(texts))
        headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        return vectors, embedding.tokens_of(said, headers)

    def _read(self, answer: Answer, line: Line) -> bytes:
        body = answer["body"]
        longest = self._options.longest_reply
        failure: LanguageModelError
        try:
            read: bytes = body.read(longest + 1)
        except FAILURES as error:
            failure = ModelUnavailableError("The call was ended.") if line.is_cut else refusal_of(error).error
        else:
            if len(read) <= longest:
                return read
            failure = ModelReplyError("The answer of the language model is too large.")
        finally:
            body.close()
        raise failure
