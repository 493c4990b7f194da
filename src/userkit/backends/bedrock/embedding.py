"""What texts mean: the requests and replies of the embedding models, by family.

Sources, all in AWS's user guides: "Amazon Titan Embeddings G1 - Text" (V1 and V2), "Cohere Embed v3",
"Cohere Embed v4", and "Complete embeddings request and response schema" of Amazon Nova.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from userkit.backends.bedrock.families import base_model
from userkit.errors import ModelReplyError, ModelRequestError

__all__ = ["Family", "Vector", "family_of", "tokens_of", "vectors_of"]

Vector = tuple[float, ...]

# Every text is compared with every other here, so that all are embedded alike.
_COHERE_PURPOSE = "search_document"
_NOVA_PURPOSE = "GENERIC_INDEX"
_NOVA_DIMENSIONS = 3072
_COUNTED = "x-amzn-bedrock-input-token-count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """How the models of a family are asked, how many texts at once, and what they reply."""

    texts: int
    body: Callable[[Sequence[str], int | None], Mapping[str, Any]]
    vectors: Callable[[Any], Any]


def family_of(model_id: str) -> Family:
    """Return how a model is asked what texts mean. Raises ModelRequestError for one that is not for that."""
    name = base_model(model_id)
    for start, family in _FAMILIES.items():
        if name.startswith(start):
            return family
    raise ModelRequestError(
        "This model does not say what texts mean: set embedding_model to one that does, such as "
        "amazon.titan-embed-text-v2:0."
    )


def vectors_of(family: Family, reply: bytes, *, count: int) -> tuple[list[Vector], Any]:
    """Return the vectors of a reply, and the reply. Raises ModelReplyError when they are not as many."""
    try:
        said = json.loads(reply)
        vectors = [tuple(map(_number, vector)) for vector in family.vectors(said)]
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError):
        vectors, said = [], None
    if len(vectors) != count or not all(vectors):
        raise ModelReplyError("What the embedding model answered cannot be read.")
    return vectors, said


def tokens_of(said: Any, headers: Mapping[str, str]) -> int:
    """Return how many tokens were counted: in the reply, or in the headers around it."""
    counted = said.get("inputTextTokenCount") if isinstance(said, dict) else None
    if isinstance(counted, int):
        return counted
    text = headers.get(_COUNTED, "")
    return int(text) if text.isascii() and text.isdecimal() else 0


def _titan_v1(texts: Sequence[str], _dimensions: int | None) -> Mapping[str, Any]:
    return {"inputText": texts[0]}


def _titan_v2(texts: Sequence[str], dimensions: int | None) -> Mapping[str, Any]:
    chosen = {} if dimensions is None else {"dimensions": dimensions}
    return {"inputText": texts[0], "normalize": True, **chosen}


def _cohere_v3(texts: Sequence[str], _dimensions: int | None) -> Mapping[str, Any]:
    return {"texts": list(texts), "input_type": _COHERE_PURPOSE}


def _cohere_v4(texts: Sequence[str], dimensions: int | None) -> Mapping[str, Any]:
    chosen = {} if dimensions is None else {"output_dimension": dimensions}
    return {"texts": list(texts), "input_type": _COHERE_PURPOSE, "embedding_types": ["float"], **chosen}


def _nova(texts: Sequence[str], dimensions: int | None) -> Mapping[str, Any]:
    return {
        "schemaVersion": "nova-multimodal-embed-v1",
        "taskType": "SINGLE_EMBEDDING",
        "singleEmbeddingParams": {
            "embeddingPurpose": _NOVA_PURPOSE,
            "embeddingDimension": dimensions or _NOVA_DIMENSIONS,
            "text": {"truncationMode": "NONE", "value": texts[0]},
        },
    }


def _titan_vectors(said: Any) -> Any:
    return [said["embedding"]]


def _cohere_vectors(said: Any) -> Any:
    # A list where one type of numbers was not chosen, else a list for each type.
    embeddings = said["embeddings"]
    return embeddings["float"] if isinstance(embeddings, dict) else embeddings


def _nova_vectors(said: Any) -> Any:
    return [each["embedding"] for each in said["embeddings"]]


def _number(said: Any) -> float:
    if isinstance(said, bool) or not isinstance(said, int | float) or not math.isfinite(said):
        raise ValueError("A vector has numbers.")
    return float(said)


_FAMILIES: Mapping[str, Family] = {
    "amazon.titan-embed-text-v2": Family(texts=1, body=_titan_v2, vectors=_titan_vectors),
    "amazon.titan-embed-": Family(texts=1, body=_titan_v1, vectors=_titan_vectors),
    "amazon.nova-2-multimodal-embeddings": Family(texts=1, body=_nova, vectors=_nova_vectors),
    "cohere.embed-v4": Family(texts=96, body=_cohere_v4, vectors=_cohere_vectors),
    "cohere.embed-": Family(texts=96, body=_cohere_v3, vectors=_cohere_vectors),
}
