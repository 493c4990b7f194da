"""Families of models: what their identifiers say about them."""

import re

__all__ = ["base_model", "provider", "region_of"]

_ARN = re.compile(r"arn:aws[a-z-]*:[a-z-]+:([a-z0-9-]*):[0-9]*:\S+", re.ASCII)
# An inference profile has the name of a part of the world before that of the provider.
_PREFIXED = re.compile(
    r"[a-z-]{2,12}\.(?=(?:ai21|amazon|anthropic|cohere|deepseek|meta|mistral|openai|qwen|writer)\.)", re.ASCII
)


def region_of(model_id: str) -> str | None:
    """Return the region that an ARN names, or None."""
    match = _ARN.fullmatch(model_id)
    return (match[1] or None) if match else None


def base_model(model_id: str) -> str:
    """Return the identifier of the model itself, without what an ARN or an inference profile adds.

    An application's own profile has a name that says nothing; it stays as it is.
    """
    name = model_id.rpartition("/")[2]
    prefix = _PREFIXED.match(name)
    return name[prefix.end() :] if prefix else name


def provider(model_id: str) -> str:
    """Return whose model it is: ``anthropic``, ``amazon``, ``meta`` and so on, or nothing."""
    name, dot, _rest = base_model(model_id).partition(".")
    return name if dot else ""
