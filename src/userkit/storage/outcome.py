"""What became of a commit whose answer was lost, told from what is stored now.

Ids and revisions are chosen by userkit, so that a commit that happened can be recognised. Every
backend that may lose an answer reads back what it tried to write, and asks here.
"""

from collections.abc import Sequence
from enum import Enum, auto

from userkit.errors import DuplicateError, StaleError, StoreUnavailableError
from userkit.kernel.entity import Entity
from userkit.storage.catalogue import Verb, Write

__all__ = ["has_happened"]


class _Outcome(Enum):
    """What is stored, compared with what a change was to make of it."""

    DONE = auto()
    UNTOUCHED = auto()
    OTHER = auto()
    UNSURE = auto()


def has_happened(stored: Sequence[Entity | None], writes: Sequence[Write]) -> bool:
    """Tell whether these writes, of one commit, have happened; ``stored`` is what each one's id holds now.

    False means that none has, and that all of them still can. Raises DuplicateError or StaleError
    when somebody else was faster, and StoreUnavailableError when it cannot be told, since it was
    changed again in the meantime.
    """
    outcomes = [_compare(entity, write) for entity, write in zip(stored, writes, strict=True)]
    exact = [each for each, write in zip(outcomes, writes, strict=True) if write.verb is not Verb.REMOVE]
    # All or none happened, so one change that is there exactly as written stands for all.
    if _Outcome.DONE in exact or set(outcomes) == {_Outcome.DONE}:
        return True
    if set(outcomes) == {_Outcome.UNTOUCHED}:
        return False
    # What is untouched or somebody else's shows that ours has not happened.
    if not {_Outcome.OTHER, _Outcome.UNTOUCHED} & set(outcomes):
        raise StoreUnavailableError(
            "The answer to a commit was lost, and what it wrote was changed since: nobody knows who did it."
        )
    added = any(
        each in (_Outcome.OTHER, _Outcome.UNSURE) and write.verb is Verb.ADD
        for each, write in zip(outcomes, writes, strict=True)
    )
    raise DuplicateError("id") if added else StaleError


def _compare(stored: Entity | None, write: Write) -> _Outcome:
    if stored is None:
        # What we have saved may have been removed since.
        return {Verb.ADD: _Outcome.UNTOUCHED, Verb.REMOVE: _Outcome.DONE}.get(write.verb, _Outcome.UNSURE)
    if write.after is not None and stored == write.records.decode(write.after):
        return _Outcome.DONE
    if write.verb is not Verb.ADD and stored.version == write.version:
        return _Outcome.UNTOUCHED
    ours = 0 if write.after is None else write.after["version"]
    # A later revision may be one that somebody has made of ours.
    return _Outcome.UNSURE if ours and stored.version > ours else _Outcome.OTHER
