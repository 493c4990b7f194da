"""A language model on Bedrock that blocks, for the synchronous kit."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any, Self

from userkit.backends.bedrock.asking import Options
from userkit.backends.bedrock.line import Line
from userkit.backends.bedrock.plain import PlainModel
from userkit.backends.bedrock.settings import BedrockSettings, Forcing
from userkit.ports.language_model import Completion, Conversational, Embeddings, Piece, Question

__all__ = ["BedrockModel"]


class BedrockModel(Conversational):
    """Ask a model on Bedrock. No call waits for an event loop: each blocks its thread.

    ``time_limit`` holds over all attempts of a call and the pauses between: no attempt starts when it
    is over, and none waits for bytes longer than what is left. Beyond it go what it takes to find the
    host and, at most ``connect_timeout``, to connect. Over a client of the application its own read
    time-out bounds an attempt instead.
    """

    blocking = True

    def __init__(self, model_id: str, settings: BedrockSettings | None = None) -> None:
        """Take an id, an inference profile or an ARN; it connects when something is asked.

        Raises ConfigurationError where there is no region, or no such profile.
        """
        self.plain = PlainModel.of(model_id, settings or BedrockSettings())

    @classmethod
    def from_client(
        cls,
        client: Any,
        model_id: str,
        *,
        guardrail: str | None = None,
        guardrail_version: str | None = None,
        attempts: int = 3,
        longest_reply: int = 8_000_000,
        embedding_model: str | None = None,
        output_dimensions: int | None = None,
        tool_choice: Forcing | str = Forcing.FAMILY,
    ) -> Self:
        """Use a client of boto3, ``boto3.client("bedrock-runtime")``, which stays the application's own.

        Its time-outs, its pool and its credentials are the application's; closing the model leaves it
        open. Give it ``retries={"total_max_attempts": 1}``, since the model tries again itself,
        ``attempts`` times. The other options are those of the URL.
        """
        options = Options(
            guardrail=guardrail,
            guardrail_version=guardrail_version,
            longest_reply=longest_reply,
            embedding_model=embedding_model,
            output_dimensions=output_dimensions,
            tool_choice=Forcing(tool_choice),
        )
        model = cls.__new__(cls)
        model.plain = PlainModel.over(client, model_id, options, attempts=attempts)
        return model

    @property
    def name(self) -> str:
        """See LanguageModel.name."""
        return self.plain.model_id

    async def answer(self, question: Question) -> Completion[Any]:
        """See Conversational.answer."""
        return self.plain.complete(question, Line(question.time_limit))

    async def answer_in_pieces(self, question: Question) -> AsyncGenerator[Piece, None]:
        """See Conversational.answer_in_pieces."""
        line = Line(question.time_limit)
        pieces = self.plain.stream(question, line)
        try:
            for piece in pieces:
                yield piece
        finally:
            # Left before its end, the answer is not read to its end.
            line.cut()
            pieces.close()

    async def embed(self, texts: Sequence[str], *, time_limit: float | None = None) -> Embeddings:
        """See LanguageModel.embed."""
        return self.plain.embed(texts, Line(time_limit))

    async def close(self) -> None:
        """See LanguageModel.close. A client of the application stays open."""
        self.plain.close()
