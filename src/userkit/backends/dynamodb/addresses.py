"""Store URLs: which table they name, and what their options say."""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from userkit.backends.dynamodb.settings import DynamoDBSettings
from userkit.errors import InvalidURLError
from userkit.kernel.url_options import read_options, settled

__all__ = ["Address"]

_TABLE = re.compile(r"[A-Za-z0-9_.-]{3,255}", re.ASCII)
_SHAPE = "A DynamoDB URL is dynamodb://TABLE?region=…: "
_BROKEN = f"{_SHAPE}an option is name=value, and & stands between two."


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
        options = read_options(parts.query, DynamoDBSettings.model_fields, url="store URL", broken=_BROKEN)
        return cls(table, settled(DynamoDBSettings, options, settings.model_dump() if settings else None))
