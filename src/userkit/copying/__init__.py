"""Copying everything from one store to another, and comparing the two: what ``userkit copy`` does."""

from userkit.copying.bookmark import Bookmark
from userkit.copying.copied import Copied
from userkit.copying.copying import Copying
from userkit.copying.scope import Place, Scope, collections_of, scope_of
from userkit.copying.verifying import Difference, Verified, verify

__all__ = [
    "Bookmark",
    "Copied",
    "Copying",
    "Difference",
    "Place",
    "Scope",
    "Verified",
    "collections_of",
    "scope_of",
    "verify",
]
