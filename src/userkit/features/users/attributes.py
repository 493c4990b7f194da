"""The application's own facts about a user: JSON, checked by a model that the application gives."""

import json
from dataclasses import dataclass
from typing import Any, Protocol

from userkit.errors import InvalidAttributesError
from userkit.kernel.json import JSONObject, UnfitJSONError, fit_json

__all__ = ["LARGEST_ATTRIBUTES", "AttributesModel", "AttributesRule"]

LARGEST_ATTRIBUTES = 64 * 1024


class AttributesModel(Protocol):
    """A pydantic model class, or anything that validates as one does."""

    def model_validate(self, obj: Any, /) -> Any:
        """Make a model of plain values, or raise a ValueError."""
        ...


@dataclass(frozen=True, slots=True)
class AttributesRule:
    """What attributes may hold: JSON of at most 64 KiB that ``model``, if any, accepts."""

    model: AttributesModel | None = None

    def check(self, attributes: object) -> JSONObject:
        """Return a plain copy of attributes, or raise InvalidAttributesError."""
        fit = _fit(attributes)
        if self.model is None:
            return fit
        try:
            validated = self.model.model_validate(fit)
        except ValueError as error:
            raise InvalidAttributesError(_explain(error)) from None
        return _fit(validated.model_dump(mode="json"))


def _fit(attributes: object) -> JSONObject:
    try:
        fit = fit_json(attributes)
    except UnfitJSONError as error:
        raise InvalidAttributesError(f"The attributes are not valid: {error}.") from None
    if not isinstance(fit, dict):
        raise InvalidAttributesError("Attributes are a mapping.")
    if len(json.dumps(fit, ensure_ascii=False).encode()) > LARGEST_ATTRIBUTES:
        raise InvalidAttributesError(f"Attributes are at most {LARGEST_ATTRIBUTES} bytes of JSON.")
    return fit


def _explain(error: ValueError) -> str:
    """Say which attributes are wrong and why, without what was sent."""
    details: list[dict[str, Any]] = getattr(error, "errors", list)()
    told = [f"{'.'.join(map(str, each['loc'])) or 'attributes'}: {_complaint(each)}" for each in details]
    return "The attributes are not valid: " + ("; ".join(told) or "the model refuses them") + "."


def _complaint(detail: dict[str, Any]) -> str:
    # The one sentence of pydantic that repeats what was sent.
    return "Input tag is unknown" if detail["type"] == "union_tag_invalid" else str(detail["msg"])
