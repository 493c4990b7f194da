"""What a summary consists of, in the order in which it comes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from userkit.features.activity_summary.model import Period
from userkit.ports.language_model import Usage

__all__ = ["Done", "Legend", "Part", "Sentence", "Summary"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Legend:
    """What the summary is of, and what its words stand for.

    - ``entries``: how many entries of the trail the model was told of. ``cut`` says that the period has
      more, and that these are the newest.
    - ``addresses``, ``devices``: which address and which user agent is meant by a label such as
      ``address A`` and ``device 1``. The model knows the labels alone.
    """

    user_id: str
    period: Period
    entries: int
    cut: bool = False
    addresses: Mapping[str, str] = field(default_factory=dict, repr=False)
    devices: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence, and the ids of the audit entries that it rests on."""

    text: str = field(repr=False)
    citations: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The end: how many sentences there were, and the tokens that they cost."""

    sentences: int = 0
    usage: Usage = field(default_factory=Usage)


Part = Legend | Sentence | Done
"""What comes of a summary bit by bit: the legend, the sentences, the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A whole summary."""

    legend: Legend
    sentences: tuple[Sentence, ...]
    usage: Usage
