"""What is answered: text or an object, checked, and why the model stopped."""

from collections.abc import Mapping
from typing import Any

from userkit.backends.bedrock.asking import TOOL
from userkit.backends.bedrock.mishaps import UNREADABLE
from userkit.errors import (
    ContentFilteredError,
    GuardrailError,
    LanguageModelError,
    ModelReplyError,
    ModelRequestError,
)
from userkit.ports.language_model import Completion, StopReason, Usage

__all__ = ["completion_of", "stop_reason", "usage_of"]

_CUT_SHORT = "The answer of the language model was cut short: it may take more tokens."
_NO_OBJECT = "The language model did not answer with the object that was asked for."

_STOPS = {
    "end_turn": StopReason.END,
    "tool_use": StopReason.END,
    "max_tokens": StopReason.LENGTH,
    "stop_sequence": StopReason.STOP_TEXT,
}
_REFUSED: Mapping[str, type[LanguageModelError]] = {
    "content_filtered": ContentFilteredError,
    "guardrail_intervened": GuardrailError,
    "malformed_model_output": ModelReplyError,
    "malformed_tool_use": ModelReplyError,
}
_TOO_LONG = "What was asked, together with the answer, is longer than the model can take."


def completion_of(
    answer: Mapping[str, Any], *, schema: type[Any] | None, latency: float, model: str
) -> Completion[Any]:
    """Return what Converse answered, checked against the schema.

    Raises ModelReplyError, ModelRequestError, ContentFilteredError and GuardrailError.
    """
    stopped = stop_reason(answer.get("stopReason"))
    blocks = _blocks(answer)
    value = None
    if schema is not None:
        if stopped is StopReason.LENGTH:
            raise ModelReplyError(_CUT_SHORT)
        value = _object(blocks, schema)
    return Completion(
        text="" if schema is not None else _text(blocks),
        value=value,
        stop_reason=stopped,
        usage=usage_of(answer.get("usage")),
        latency=latency,
        model=model,
    )


def stop_reason(said: Any) -> StopReason:
    """Return why a model stopped, in our words. Raises what a refusal is to us."""
    if said == "model_context_window_exceeded":
        raise ModelRequestError(_TOO_LONG)
    if isinstance(said, str) and said in _REFUSED:
        raise _REFUSED[said]
    if not isinstance(said, str) or said not in _STOPS:
        raise ModelReplyError(UNREADABLE)
    return _STOPS[said]


def usage_of(said: Any) -> Usage:
    """Return how many tokens were counted; none where nothing is said."""
    counted = said if isinstance(said, Mapping) else {}
    return Usage(
        input_tokens=_number(counted.get("inputTokens")), output_tokens=_number(counted.get("outputTokens"))
    )


def _blocks(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    blocks = answer
    for key in ("output", "message", "content"):
        blocks = blocks.get(key, {}) if isinstance(blocks, Mapping) else {}
    if not isinstance(blocks, list):
        raise ModelReplyError(UNREADABLE)
    return [block for block in blocks if isinstance(block, Mapping)]


def _text(blocks: list[Mapping[str, Any]]) -> str:
    return "".join(block["text"] for block in blocks if isinstance(block.get("text"), str))


def _object(blocks: list[Mapping[str, Any]], schema: type[Any]) -> Any:
    used = [block["toolUse"] for block in blocks if isinstance(block.get("toolUse"), Mapping)]
    if len(used) != 1 or used[0].get("name") != TOOL:
        raise ModelReplyError(_NO_OBJECT)
    try:
        return schema.model_validate(used[0].get("input"))
    except (ValueError, RecursionError):
        pass
    # Outside of the except block, so that no context leads back to what was answered.
    raise ModelReplyError(_NO_OBJECT)


def _number(said: Any) -> int:
    return said if isinstance(said, int) and said >= 0 else 0
