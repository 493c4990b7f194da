"""How screening keeps names, answers and reviews."""

from userkit.features.screening.model import KnownName, ModelAnswer, Review
from userkit.storage.collection import Collection

__all__ = ["KNOWN_NAMES", "MODEL_ANSWERS", "REVIEWS"]

KNOWN_NAMES = Collection("screening_names", KnownName, index=("skeleton",))
MODEL_ANSWERS = Collection("screening_answers", ModelAnswer, expires="expires_at")
REVIEWS = Collection("screening_reviews", Review, index=("user_id", "state"), expires="expires_at")
