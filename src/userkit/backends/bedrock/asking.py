"""What is asked, as the requests of Converse and ConverseStream.

Source: the API reference of Amazon Bedrock Runtime, Converse and ToolChoice. ``toolChoice`` is taken by
Anthropic's, Amazon Nova's and Mistral's models, and ``toolChoice.tool`` by Anthropic's and Nova's only; the
others choose by themselves, and are told in the system prompt what to choose.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from userkit.backends.bedrock.families import base_model, provider
from userkit.backends.bedrock.schemas import without_references
from userkit.backends.bedrock.settings import Forcing
from userkit.ports.language_model import Message, Question

__all__ = ["TOOL", "Options", "request_of"]

TOOL = "answer"
"""The tool by whose use a model answers with an object."""

_DESCRIPTION = "Takes the answer."
_INSTRUCTION = f"Answer by calling the tool {TOOL} exactly once, and write nothing else."


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a model is used with; see BedrockSettings."""

    guardrail: str | None = None
    guardrail_version: str | None = None
    longest_reply: int = 8_000_000
    embedding_model: str | None = None
    output_dimensions: int | None = None
    tool_choice: Forcing = Forcing.FAMILY


def request_of(model_id: str, question: Question, options: Options) -> dict[str, Any]:
    """Return the parameters of a call of ``converse`` or ``converse_stream``."""
    forcing = _forcing(model_id, options.tool_choice)
    request: dict[str, Any] = {
        "modelId": model_id,
        "messages": [_message(message) for message in question.messages],
        "inferenceConfig": _inference(question),
    }
    system = [question.system] if question.system else []
    if question.schema is not None:
        request["toolConfig"] = _tools(question.schema, forcing)
        system += [_INSTRUCTION] if forcing is Forcing.AUTO else []
    if system:
        request["system"] = [{"text": text} for text in system]
    if options.guardrail is not None:
        request["guardrailConfig"] = _guardrail(options.guardrail, options.guardrail_version)
    return request


def _message(message: Message) -> Mapping[str, Any]:
    return {"role": message.role.value, "content": [{"text": message.text}]}


def _inference(question: Question) -> Mapping[str, Any]:
    chosen: dict[str, Any] = {"maxTokens": question.max_tokens, "temperature": float(question.temperature)}
    if question.stop:
        chosen["stopSequences"] = list(question.stop)
    return chosen


def _tools(schema: type[Any], forcing: Forcing) -> Mapping[str, Any]:
    shape = without_references(schema.model_json_schema())
    description = shape.get("description") or _DESCRIPTION
    tool = {"name": TOOL, "description": description, "inputSchema": {"json": shape}}
    tools: dict[str, Any] = {"tools": [{"toolSpec": tool}]}
    if forcing is Forcing.TOOL:
        tools["toolChoice"] = {"tool": {"name": TOOL}}
    elif forcing is Forcing.ANY:
        tools["toolChoice"] = {"any": {}}
    return tools


def _forcing(model_id: str, chosen: Forcing) -> Forcing:
    if chosen is not Forcing.FAMILY:
        return chosen
    whose = provider(model_id)
    if whose == "anthropic" or base_model(model_id).startswith("amazon.nova"):
        return Forcing.TOOL
    return Forcing.ANY if whose == "mistral" else Forcing.AUTO


def _guardrail(guardrail: str, version: str | None) -> Mapping[str, Any]:
    name, colon, named = guardrail.partition(":")
    if guardrail.startswith("arn:") or not colon:
        return {"guardrailIdentifier": guardrail, "guardrailVersion": version or "DRAFT"}
    return {"guardrailIdentifier": name, "guardrailVersion": version or named}
