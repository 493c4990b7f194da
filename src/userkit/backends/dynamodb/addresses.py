"""Store URLs: which table they name, and what their options say."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import ValidationError

from userkit.backends.dynamodb.settings import DynamoDBSettings
from userkit.errors import InvalidURLError

__all__ = ["Address"]

_TABLE = re.compile(r"[A-Za-z0-9_.-]{3,255}", re.ASCII)
_SHAPE = "A DynamoDB URL is dynamodb://TABLE?region=…: "


@dataclass(frozen=True, slots=True)
class Address:
    """A table, and how to get at it."""

    table: str
    settings: DynamoDBSettings

    @classmethod
    def read(cls, text: str, *, settings: DynamoDBSettings | None = None) -> "Address":
        """Read a store URL; its options win over the settings.

        Raises InvalidURLError, which never repeats the URL.
        """
        try:
            parts = urlsplit(text)
        except ValueError:
            parts = None
        if parts is None or parts.scheme != "dynamodb":
            raise InvalidURLError(f"{_SHAPE}this one names another driver or cannot be read.")
        if "@" in parts.netloc:
            raise InvalidURLError(
                "A DynamoDB URL holds no credentials: give them to AWS's own chain, such as AWS_PROFILE, "
                "AWS_ACCESS_KEY_ID or the role of the machine, or make a client and use from_client."
            )
        table = unquote(parts.netloc)
        if parts.path.strip("/") or parts.fragment or not _TABLE.fullmatch(table):
            raise InvalidURLError(
                f"{_SHAPE}a table is named in 3 to 255 letters, digits, _ . and -, and nothing follows it."
            )
        return cls(table, _settings(_options(parts.query), settings))


def _options(query: str) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        pairs = []
        broken = True
    else:
        broken = False
    if broken:
        raise InvalidURLError(f"{_SHAPE}an option is name=value, and & stands between two.")
    options: dict[str, str] = {}
    for option, value in pairs:
        _refuse_unknown(option)
        if option in options:
            raise InvalidURLError(f"The store URL says {option} more than once.")
        options[option] = value
    return options


def _refuse_unknown(option: str) -> None:
    allowed = DynamoDBSettings.model_fields
    if option not in allowed:
        close = get_close_matches(option, allowed, n=1)
        hint = f"Did you mean {close[0]}? " if close else ""
        raise InvalidURLError(
            f"The store URL has an option that is not known here, {option[:40]!r}. {hint}"
            f"There are: {', '.join(sorted(allowed))}."
        )


def _settings(chosen: Mapping[str, str], settings: DynamoDBSettings | None) -> DynamoDBSettings:
    values: dict[str, Any] = {**(settings.model_dump() if settings else {}), **chosen}
    try:
        return DynamoDBSettings(**values)
    except ValidationError as error:
        wrong = {str(problem["loc"][0]): problem["msg"] for problem in error.errors() if problem["loc"]}
    # Outside of the except block: what pydantic says repeats the values.
    raise InvalidURLError("; ".join(f"{name}: {message}" for name, message in sorted(wrong.items())) + ".")
