"""What is asked, compared with the service model of Bedrock by botocore's own Stubber."""

import json
from collections.abc import Sequence
from contextlib import closing
from io import BytesIO
from typing import Any, Literal

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber
from pydantic import BaseModel, Field

from tests.models.bedrock.stubs import NOVA, answer, checked_client
from userkit.backends.bedrock import BedrockModel
from userkit.errors import ModelReplyError, ModelRequestError
from userkit.ports.language_model import Message, Role, StopReason, Usage
from userkit.sync import run

CONVERSATION = [
    Message(text="Is Bob a brand?"),
    Message(role=Role.ASSISTANT, text="No."),
    Message(text="Is Acme?"),
]


class Reason(BaseModel):
    """Why."""

    code: Literal["brand", "staff"]


class Verdict(BaseModel):
    """What is thought of a name."""

    verdict: Literal["allow", "refuse"]
    reasons: list[Reason] = Field(max_length=3)


VERDICT = {
    "description": "What is thought of a name.",
    "properties": {
        "verdict": {"enum": ["allow", "refuse"], "title": "Verdict", "type": "string"},
        "reasons": {
            "items": {
                "description": "Why.",
                "properties": {"code": {"enum": ["brand", "staff"], "title": "Code", "type": "string"}},
                "required": ["code"],
                "title": "Reason",
                "type": "object",
            },
            "maxItems": 3,
            "title": "Reasons",
            "type": "array",
        },
    },
    "required": ["verdict", "reasons"],
    "title": "Verdict",
    "type": "object",
}
SAID = {"toolUse": {"toolUseId": "t1", "name": "answer", "input": {"verdict": "allow", "reasons": []}}}


def asked(model_id: str, expected: dict[str, Any], reply: dict[str, Any], **options: Any) -> Any:
    """Ask something that must make exactly this request."""
    chosen = {
        name: options.pop(name)
        for name in ("guardrail", "guardrail_version", "tool_choice")
        if name in options
    }
    with closing(checked_client()) as client, Stubber(client) as stubber:
        stubber.add_response("converse", reply, expected)
        model = BedrockModel.from_client(client, model_id, **chosen)
        completion = run(model.complete(options.pop("messages", [Message(text="Hi")]), **options))
        stubber.assert_no_pending_responses()
    return completion


def test_all_that_can_be_said_is_sent() -> None:
    """And what is answered is returned, with what it cost and how long it took."""
    expected = {
        "modelId": NOVA,
        "system": [{"text": "Judge names."}],
        "messages": [
            {"role": "user", "content": [{"text": "Is Bob a brand?"}]},
            {"role": "assistant", "content": [{"text": "No."}]},
            {"role": "user", "content": [{"text": "Is Acme?"}]},
        ],
        "inferenceConfig": {"maxTokens": 50, "temperature": 1.0, "stopSequences": ["\n"]},
        "guardrailConfig": {"guardrailIdentifier": "abc123", "guardrailVersion": "4"},
    }
    completion = asked(
        NOVA,
        expected,
        answer({"text": "Ye"}, {"text": "s."}, stop="stop_sequence"),
        messages=CONVERSATION,
        system="Judge names.",
        max_tokens=50,
        temperature=1,
        stop=["\n"],
        guardrail="abc123:4",
    )
    assert (completion.text, completion.value, completion.model) == ("Yes.", None, NOVA)
    assert completion.stop_reason is StopReason.STOP_TEXT
    assert completion.usage == Usage(input_tokens=11, output_tokens=7)
    assert completion.latency > 0


@pytest.mark.parametrize(
    ("guardrail", "version", "identifier", "sent"),
    [
        ("abc123", None, "abc123", "DRAFT"),
        ("abc123", "2", "abc123", "2"),
        ("abc123:7", None, "abc123", "7"),
        ("abc123:7", "8", "abc123", "8"),
        ("arn:aws:bedrock:us-east-1:123456789012:guardrail/abc123", "3", None, "3"),
        ("arn:aws:bedrock:us-east-1:123456789012:guardrail/abc123", None, None, "DRAFT"),
    ],
)
def test_a_guardrail_has_a_version(
    guardrail: str, version: str | None, identifier: str | None, sent: str
) -> None:
    """DRAFT where none is said."""
    expected = {
        "modelId": NOVA,
        "messages": [{"role": "user", "content": [{"text": "Hi"}]}],
        "inferenceConfig": {"maxTokens": 1024, "temperature": 0.0},
        "guardrailConfig": {"guardrailIdentifier": identifier or guardrail, "guardrailVersion": sent},
    }
    asked(NOVA, expected, answer({"text": "Hi"}), guardrail=guardrail, guardrail_version=version)


FORCED = {"tool": {"name": "answer"}}


@pytest.mark.parametrize(
    ("model_id", "chosen", "choice"),
    [
        ("us.anthropic.claude-3-5-haiku-20241022-v1:0", "family", FORCED),
        (
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0",
            "family",
            FORCED,
        ),
        ("mistral.mistral-large-2402-v1:0", "family", {"any": {}}),
        ("us.meta.llama3-3-70b-instruct-v1:0", "family", None),
        ("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2", "family", None),
        ("us.meta.llama3-3-70b-instruct-v1:0", "tool", FORCED),
        ("us.meta.llama3-3-70b-instruct-v1:0", "any", {"any": {}}),
        ("us.anthropic.claude-3-5-haiku-20241022-v1:0", "auto", None),
    ],
)
def test_an_object_is_asked_for_as_the_family_takes_it(
    model_id: str, chosen: str, choice: dict[str, Any] | None
) -> None:
    """By a tool that must be used, or by a sentence that says so; the schema refers to nothing."""
    tool = {"name": "answer", "description": "What is thought of a name.", "inputSchema": {"json": VERDICT}}
    system = [{"text": "Judge."}]
    if choice is None:
        system.append({"text": "Answer by calling the tool answer exactly once, and write nothing else."})
    expected = {
        "modelId": model_id,
        "system": system,
        "messages": [{"role": "user", "content": [{"text": "Hi"}]}],
        "inferenceConfig": {"maxTokens": 1024, "temperature": 0.0},
        "toolConfig": {"tools": [{"toolSpec": tool}], **({"toolChoice": choice} if choice else {})},
    }
    reply = answer({"text": "Let me see."}, SAID, stop="tool_use")
    completion = asked(model_id, expected, reply, system="Judge.", schema=Verdict, tool_choice=chosen)
    assert completion.value == Verdict(verdict="allow", reasons=[])
    assert completion.text == ""


def _embedded(
    model_id: str,
    texts: Sequence[str],
    calls: Sequence[tuple[Any, Any]],
    headers: dict[str, str],
    **options: Any,
) -> Any:
    with closing(checked_client()) as client, Stubber(client) as stubber:
        for body, reply in calls:
            sent = json.dumps(reply).encode()
            stubber.add_response(
                "invoke_model",
                {
                    "body": StreamingBody(BytesIO(sent), len(sent)),
                    "contentType": "application/json",
                    "ResponseMetadata": {"HTTPHeaders": headers},
                },
                {
                    "modelId": options.get("embedding_model") or model_id,
                    "body": json.dumps(body),
                    "contentType": "application/json",
                    "accept": "application/json",
                },
            )
        embeddings = run(BedrockModel.from_client(client, model_id, **options).embed(texts))
        stubber.assert_no_pending_responses()
    return embeddings


def test_titan_takes_one_text_at_a_time() -> None:
    """The second version also says how long the vectors are."""
    first = _embedded(
        "amazon.titan-embed-text-v1",
        ["one", "two"],
        [
            ({"inputText": "one"}, {"embedding": [0.5, 1], "inputTextTokenCount": 3}),
            ({"inputText": "two"}, {"embedding": [0, -1.5], "inputTextTokenCount": 4}),
        ],
        {},
    )
    assert first.vectors == ((0.5, 1.0), (0.0, -1.5))
    assert first.usage == Usage(input_tokens=7)
    assert first.model == "amazon.titan-embed-text-v1"
    body = {"inputText": "one", "normalize": True}
    reply = {"embedding": [1], "inputTextTokenCount": 2, "embeddingsByType": {"float": [1]}}
    titan = "amazon.titan-embed-text-v2:0"
    assert _embedded(titan, ["one"], [(body, reply)], {}).vectors == ((1.0,),)
    short = [({**body, "dimensions": 256}, reply)]
    assert _embedded(NOVA, ["one"], short, {}, embedding_model=titan, output_dimensions=256).model == titan


def test_cohere_takes_96_texts_at_a_time() -> None:
    """The tokens are told in a header; vectors come as a list, or as a list for each type."""
    texts = [str(number) for number in range(97)]
    calls = [
        ({"texts": some, "input_type": "search_document"}, {"embeddings": [[float(each)] for each in some]})
        for some in (texts[:96], texts[96:])
    ]
    counted = {"x-amzn-bedrock-input-token-count": "5"}
    found = _embedded("cohere.embed-multilingual-v3", texts, calls, counted)
    assert found.vectors == tuple((float(each),) for each in texts)
    assert found.usage == Usage(input_tokens=10)
    body = {"texts": ["1"], "input_type": "search_document", "embedding_types": ["float"]}
    reply = {"embeddings": {"float": [[1]]}, "response_type": "embeddings_by_type"}
    for options, more in (({}, {}), ({"output_dimensions": 256}, {"output_dimension": 256})):
        found = _embedded("us.cohere.embed-v4:0", ["1"], [({**body, **more}, reply)], {}, **options)
        assert found.vectors == ((1.0,),)
        assert found.usage == Usage()


def test_nova_takes_one_text_at_a_time() -> None:
    """In a shape that could also hold pictures."""
    body = {
        "schemaVersion": "nova-multimodal-embed-v1",
        "taskType": "SINGLE_EMBEDDING",
        "singleEmbeddingParams": {
            "embeddingPurpose": "GENERIC_INDEX",
            "embeddingDimension": 256,
            "text": {"truncationMode": "NONE", "value": "one"},
        },
    }
    reply = {"embeddings": [{"embeddingType": "TEXT", "embedding": [0.25]}]}
    model_id = "amazon.nova-2-multimodal-embeddings-v1:0"
    assert _embedded(model_id, ["one"], [(body, reply)], {}, output_dimensions=256).vectors == ((0.25,),)


def test_a_model_for_talking_says_what_to_set() -> None:
    """It says nothing of meanings, and is not asked."""
    with closing(checked_client()) as client, pytest.raises(ModelRequestError, match="embedding_model"):
        run(BedrockModel.from_client(client, NOVA).embed(["one"]))


@pytest.mark.parametrize(
    ("model_id", "reply"),
    [
        ("amazon.titan-embed-text-v1", {"embedding": [True]}),
        ("amazon.titan-embed-text-v1", {"embedding": [float("nan")]}),
        ("amazon.titan-embed-text-v1", {"embedding": []}),
        ("amazon.titan-embed-text-v1", {"embedding": "0.5"}),
        ("amazon.titan-embed-text-v1", []),
        ("cohere.embed-english-v3", {"embeddings": [[1.0], [2.0]]}),
        ("cohere.embed-english-v3", {"embeddings": {"int8": [[1]]}}),
    ],
)
def test_vectors_that_are_none_are_refused(model_id: str, reply: Any) -> None:
    """And those that nobody asked for."""
    body = (
        {"inputText": "one"} if "titan" in model_id else {"texts": ["one"], "input_type": "search_document"}
    )
    with pytest.raises(ModelReplyError, match="cannot be read"):
        _embedded(model_id, ["one"], [(body, reply)], {})


def test_a_larger_reply_than_allowed_is_refused() -> None:
    """Also over a client of the application, whose answers are read by boto3."""
    reply = {"embedding": [0.123456789] * 200}
    body = {"inputText": "one"}
    with pytest.raises(ModelReplyError, match="too large"):
        _embedded("amazon.titan-embed-text-v1", ["one"], [(body, reply)], {}, longest_reply=1000)
