"""What needs no model: deterministic rules about names, addresses and texts, quick and without a network."""

from userkit.features.screening.rules.rulebook import Rulebook

__all__ = ["Rulebook"]
