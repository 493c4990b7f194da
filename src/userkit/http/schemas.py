"""What all bodies, queries and replies have in common, and the schemas that every feature uses."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler, PlainSerializer
from pydantic.config import JsonDict
from pydantic_core import CoreSchema

__all__ = [
    "Attributes",
    "Email",
    "Id",
    "Limit",
    "LinkSecret",
    "Omittable",
    "Paging",
    "Password",
    "PersonName",
    "ReplyModel",
    "RequestModel",
    "Text",
    "Timestamp",
    "UserKitProblem",
    "UserKitValidationProblem",
]

T = TypeVar("T")

LONGEST_TEXT = 4096


class RequestModel(BaseModel):
    """What a client sends: strictly the types that are named, and nothing that is not."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        # Passwords and tokens are among the fields, and traces show what a function was given.
        return ()


class ReplyModel(BaseModel):
    """What a client gets."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("text holds a NUL character")
    return text


# As documents write it; pydantic's own patterns would be matched twice.
_NO_NUL: JsonDict = {"pattern": r"^[^\u0000]*$"}
Text = Annotated[str, Field(max_length=LONGEST_TEXT, json_schema_extra=_NO_NUL), AfterValidator(_storable)]
"""Text that every database can keep. What it must be like beyond that, the use case says."""

Email = Annotated[Text, Field(examples=["ada@example.com"])]
PersonName = Annotated[Text, Field(examples=["Ada Lovelace"])]
Password = Annotated[Text, Field(examples=["mauve otters juggle teapots"])]
LinkSecret = Annotated[
    Text, Field(description="What stands in the link behind `#token=`.", examples=["ukl_…"])
]
Attributes = Annotated[dict[str, Any], Field(examples=[{"plan": "pro"}])]


class _NotNull:
    """Refuse null where None is the default. Complaints name the field, not the members of a union."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        nullable: Any = handler(source)
        inner: CoreSchema = nullable["schema"]  # of T, since T | None is nullable
        return inner


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


Omittable = Annotated[T | None, _NotNull(), Field(json_schema_extra=_without_default)]
"""What may be left out, but is not null when it is there; give it the default None."""

Id = Annotated[
    str,
    Field(description="An identifier (UUID, version 7).", examples=["019a0c4e-7b5f-7c3a-9d1e-2f4a6b8c0d2e"]),
]


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Timestamp = Annotated[
    datetime,
    PlainSerializer(_rfc3339, return_type=str),
    Field(json_schema_extra={"format": "date-time"}, examples=["2026-01-31T09:30:00.000Z"]),
]
"""A time as RFC 3339, in UTC, to the millisecond."""


Limit = Annotated[int, Field(ge=1, le=1000, description="How many to return.")]


class Paging(RequestModel):
    """Which page of a list."""

    limit: Limit = 100
    after: Annotated[str | None, Field(max_length=200, description="The `next` of the page before.")] = None


class UserKitProblem(ReplyModel):
    """What went wrong (RFC 9457). Programs go by `code`."""

    type: str = Field(description="Where the error reference tells of it.")
    title: str
    status: int
    detail: str = Field(description="A sentence for people; it may change.")
    code: str = Field(description="The stable name of the error.")
    error_id: str | None = Field(None, description="The number under which the log has it.")
    methods: list[str] | None = Field(None, description="Of which one more is to be proved.")
    reasons: list[str] | None = Field(None, description="Why it is refused, in words from a fixed list.")


class UserKitFieldProblem(ReplyModel):
    """What is wrong with one field."""

    loc: list[str | int]
    msg: str
    type: str


class UserKitValidationProblem(ReplyModel):
    """A problem with the fields of a body or a query."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[UserKitFieldProblem] | None = None
