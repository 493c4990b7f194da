"""What a language model may answer: words from fixed lists, and nothing else."""

from enum import Enum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from userkit.features.screening.model import Judgement, Reason, Verdict

__all__ = ["Confidence", "ModelReason", "ScreeningReply"]


class Confidence(Enum):
    """How sure a model is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class ModelReason(Enum):
    """Of the reasons, those that a model can see."""

    IMPERSONATES_STAFF = "impersonates_staff"
    IMPERSONATES_BRAND = "impersonates_brand"
    ABUSIVE = "abusive"
    THROW_AWAY = "throw_away"
    INSTRUCTIONS = "instructions"


class ScreeningReply(BaseModel):
    """The verdict on one document."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    verdict: Verdict
    reasons: Annotated[tuple[ModelReason, ...], Field(max_length=len(ModelReason))]
    confidence: Confidence

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if (self.verdict is Verdict.ALLOW) == bool(self.reasons):
            raise ValueError("whoever is allowed has no reasons, and all others have some")
        return self

    @property
    def judgement(self) -> Judgement:
        """Return the judgement. A refusal that is not quite certain is for a person to review."""
        doubtful = self.verdict is Verdict.REFUSE and self.confidence is not Confidence.HIGH
        verdict = Verdict.REVIEW if doubtful else self.verdict
        reasons = [Judgement(verdict=verdict, reasons=(Reason(each.value),)) for each in self.reasons]
        return Judgement.strictest(reasons)
