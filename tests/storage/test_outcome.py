"""What became of a commit whose answer was lost is told from what is stored, or not at all."""

import pytest

from userkit.errors import DuplicateError, StaleError, StoreUnavailableError
from userkit.kernel.entity import Entity
from userkit.storage.catalogue import Catalogue
from userkit.storage.changes import Add, Change, Remove, Save
from userkit.storage.outcome import has_happened
from userkit.testing.specimens import COLLECTIONS, Account, account

OLD = account(1)
NEW = OLD.evolve(amount=2)
NEWER = NEW.evolve(amount=3)
RIVAL = OLD.evolve(amount=9)
OTHER = account(5)
CATALOGUE = Catalogue(COLLECTIONS)


def happened(*pairs: tuple[Change, Entity | None]) -> bool:
    changes = [change for change, _ in pairs]
    return has_happened([stored for _, stored in pairs], CATALOGUE.plan(changes))


@pytest.mark.parametrize(
    ("pairs", "is_done"),
    [
        ([(Add(OLD), OLD)], True),
        ([(Add(OLD), None)], False),
        ([(Save(OLD, NEW), NEW)], True),
        ([(Save(OLD, NEW), OLD)], False),
        ([(Remove(OLD), None)], True),
        ([(Remove(OLD), OLD)], False),
        ([(Save(OLD, NEW), NEWER), (Add(OTHER), OTHER)], True),
        ([(Remove(OLD), None), (Add(OTHER), None)], None),
        ([(Save(OTHER, OTHER.evolve(amount=6)), OTHER), (Save(OLD, NEW), NEWER)], None),
    ],
)
def test_what_is_stored_as_written_has_happened(
    pairs: list[tuple[Change, Entity | None]], is_done: bool | None
) -> None:
    """All or none has."""
    if is_done is None:
        with pytest.raises(StaleError):
            happened(*pairs)
    else:
        assert happened(*pairs) is is_done


def test_an_id_that_is_taken_is_told_beside_what_is_untouched() -> None:
    """By whichever revision."""
    with pytest.raises(DuplicateError):
        happened((Add(OTHER), None), (Add(OLD), NEW))


@pytest.mark.parametrize(
    ("change", "stored", "refusal"),
    [
        (Save(OLD, NEW), RIVAL, StaleError),
        (Add(OLD), Account(id=OLD.id, amount=7), DuplicateError),
        (Remove(OLD), NEW, StaleError),
        (Save(OLD, NEW), NEWER, StoreUnavailableError),
        (Save(OLD, NEW), None, StoreUnavailableError),
        (Add(OLD), NEW, StoreUnavailableError),
    ],
)
def test_somebody_else_was_faster_or_nobody_can_tell(
    change: Change, stored: Entity | None, refusal: type[Exception]
) -> None:
    """A later revision may be one of ours: who tries again because of it would do it twice."""
    with pytest.raises(refusal):
        happened((change, stored))
