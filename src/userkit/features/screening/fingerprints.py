"""Keyed digests, by which names and questions are found again without being kept."""

import hmac
import json
import unicodedata
from dataclasses import dataclass, field

from userkit.features.screening.rules.confusables import skeleton
from userkit.kernel.ids import derived_id

__all__ = ["Fingerprints"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprints:
    """Digests under the keys of an application: the first key writes, all find."""

    keys: tuple[bytes, ...] = field(repr=False)
    realm: str

    def name(self, name: str, *, key: int = 0) -> tuple[str, str]:
        """Return the digests of what a name looks like and of how it is spelled.

        Look-alikes by UTS 39 have the first in common. The second does not tell upper from lower case,
        nor how much white space there is.
        """
        shown = " ".join(unicodedata.normalize("NFC", name).split())
        # Capitals look like other letters than small ones; what they look like is folded, so that AMY is amy.
        looks = self._digest("skeleton", skeleton(skeleton(shown).casefold()), key=key)
        return looks, self._digest("spelling", unicodedata.normalize("NFC", shown.casefold()), key=key)

    def question(self, *parts: str) -> str:
        """Return the id of the answer to a question."""
        return derived_id("screening answer", self._digest("question", json.dumps(parts)))

    def _digest(self, purpose: str, text: str, *, key: int = 0) -> str:
        return hmac.digest(self.keys[key], f"{self.realm}\0{purpose}\0{text}".encode(), "sha256").hex()
