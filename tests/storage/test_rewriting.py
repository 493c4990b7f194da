"""A change that makes sense on any revision is made on the newest one."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.storage.doubles import OvertakenStore
from tests.storage.things import NOTES, Colour, Note, note
from userkit.backends.memory import MemoryStore
from userkit.errors import DuplicateError, StaleError
from userkit.storage.changes import Add, Remove, Save
from userkit.storage.port import Store
from userkit.storage.rewriting import ATTEMPTS, anew, anew_or_added, discard, discard_all, rewrite
from userkit.sync import run


@pytest.fixture
def memory() -> MemoryStore:
    """A store that is prepared for notes."""
    store = MemoryStore()
    run(store.prepare([NOTES]))
    return store


@pytest.fixture
def draft(memory: MemoryStore) -> Note:
    """A note in the store."""
    draft = note("draft")
    run(memory.commit(Add(draft)))
    return draft


def relabelling(id: str, *, times: int) -> Callable[[Store], None]:
    """Return a rival who labels a note anew so many times, and then leaves it alone."""
    labels = iter(range(times))

    def act(store: Store) -> None:
        label = next(labels, None)
        stored = run(store.get(Note, id))
        if label is not None and stored is not None:
            run(store.commit(Save(stored, stored.evolve(label=str(label)))))

    return act


def test_a_change_is_committed_and_told_with_what_was_before(memory: MemoryStore, draft: Note) -> None:
    """Who listens may compare the two."""
    before, after = run(rewrite(memory, Note, draft.id, lambda it: it.evolve(text="done"))) or (None, None)
    assert (before, after) == (draft, draft.evolve(text="done"))
    assert run(memory.get(Note, draft.id)) == after


@pytest.mark.parametrize("rivals", range(ATTEMPTS))
def test_when_somebody_else_was_faster_both_changes_are_made(
    memory: MemoryStore, draft: Note, rivals: int
) -> None:
    """Up to three times the newest revision is read again."""
    store = OvertakenStore(memory, relabelling(draft.id, times=rivals))
    before, after = run(rewrite(store, Note, draft.id, lambda it: it.evolve(text="done"))) or (None, None)
    assert before is not None
    assert before.version == rivals + 1
    assert run(memory.get(Note, draft.id)) == after
    assert after == before.evolve(text="done")
    assert store.commits == rivals + 1


def test_when_others_are_always_faster_it_is_given_up(memory: MemoryStore, draft: Note) -> None:
    """After three attempts; what the others wrote stands."""
    store = OvertakenStore(memory, relabelling(draft.id, times=ATTEMPTS))
    with pytest.raises(StaleError):
        run(rewrite(store, Note, draft.id, lambda it: it.evolve(text="done")))
    assert store.commits == ATTEMPTS
    stored = run(memory.get(Note, draft.id))
    assert stored is not None
    assert (stored.text, stored.label) == ("draft", "2")


def test_nothing_is_committed_when_there_is_nothing_to_do(memory: MemoryStore, draft: Note) -> None:
    """The same object means no change."""
    store = OvertakenStore(memory, lambda _: None)
    assert run(rewrite(store, Note, draft.id, lambda it: it)) == (draft, draft)
    assert store.commits == 0


@pytest.mark.parametrize("id", ["019c9f2f-3d7b-7000-8000-000000000000", "ada", "", None, 7, {"$ne": None}])
def test_what_is_not_there_is_not_changed(memory: MemoryStore, id: str) -> None:
    """An id that nobody has, or that is none at all."""
    assert run(rewrite(memory, Note, id, lambda it: it.evolve(text="done"))) is None
    assert run(discard(memory, Note, id)) is None


def test_what_goes_away_meanwhile_is_not_there(memory: MemoryStore, draft: Note) -> None:
    """The answer is as if it had never been."""

    def remove(store: Store) -> None:
        run(store.commit(Remove(draft)))

    assert run(rewrite(OvertakenStore(memory, remove), Note, draft.id, lambda it: it.evolve())) is None


def test_an_entity_is_discarded_whatever_its_revision(memory: MemoryStore, draft: Note) -> None:
    """The last revision is the answer."""
    store = OvertakenStore(memory, relabelling(draft.id, times=2))
    last = run(discard(store, Note, draft.id))
    assert last == draft.evolve(label="0").evolve(label="1")
    assert run(memory.get(Note, draft.id)) is None
    assert run(discard(memory, Note, draft.id)) is None


def test_discarding_is_given_up_like_any_change(memory: MemoryStore, draft: Note) -> None:
    """What others keep changing stays."""
    with pytest.raises(StaleError):
        run(discard(OvertakenStore(memory, relabelling(draft.id, times=3)), Note, draft.id))
    assert run(memory.get(Note, draft.id)) is not None


def test_an_error_of_the_change_comes_through(memory: MemoryStore, draft: Note) -> None:
    """A rule that the revision breaks is not tried again."""
    store = OvertakenStore(memory, lambda _: None)

    def refuse(_: Note) -> Note:
        raise StaleError

    with pytest.raises(StaleError):
        run(rewrite(store, Note, draft.id, refuse))
    assert store.commits == 0


def test_no_change_of_sixteen_threads_is_lost(memory: MemoryStore, draft: Note) -> None:
    """Each that was acknowledged is there, each that was given up is not."""
    gate = Barrier(16)

    def add_a_mark(_: int) -> bool:
        gate.wait()
        try:
            run(rewrite(memory, Note, draft.id, lambda it: it.evolve(text=it.text + "+")))
        except StaleError:
            return False
        return True

    with ThreadPoolExecutor(16) as threads:
        acknowledged = sum(threads.map(add_a_mark, range(16)))
    stored = run(memory.get(Note, draft.id))
    assert stored is not None
    assert stored.text == "draft" + "+" * acknowledged
    assert stored.version == 1 + acknowledged
    assert acknowledged >= 1


def test_of_sixteen_threads_one_discards(memory: MemoryStore, draft: Note) -> None:
    """The others find nothing."""
    gate = Barrier(16)

    def take_out(_: int) -> Note | None:
        gate.wait()
        return run(discard(memory, Note, draft.id))

    with ThreadPoolExecutor(16) as threads:
        gone = [each for each in threads.map(take_out, range(16)) if each is not None]
    assert gone == [draft]


def coloured(memory: MemoryStore, colour: Colour, count: int) -> None:
    """Store so many notes of a colour."""
    for number in range(count):
        run(memory.commit(Add(note(f"{colour.value} {number}", colour=colour))))


def test_everything_with_a_value_is_taken_out_however_much_there_is(memory: MemoryStore) -> None:
    """In commits of 25; the rest stays."""
    coloured(memory, Colour.RED, 60)
    coloured(memory, Colour.GREEN, 1)
    run(discard_all(memory, Note, "colour", Colour.RED.value))
    assert [each.colour for each in run(memory.find(Note)).items] == [Colour.GREEN]
    run(discard_all(memory, Note, "colour", Colour.RED.value))


def test_what_somebody_else_changes_or_takes_out_meanwhile_is_taken_out_all_the_same(
    memory: MemoryStore,
) -> None:
    """One by one, where a whole batch was refused."""
    coloured(memory, Colour.RED, 3)
    acts = iter([True])

    def rival(store: Store) -> None:
        if next(acts, False):
            first, second, _ = run(store.find(Note)).items
            run(store.commit(Save(first, first.evolve(text="changed")), Remove(second)))

    run(discard_all(OvertakenStore(memory, rival), Note, "colour", Colour.RED.value))
    assert run(memory.find(Note)).items == ()


def test_an_attempt_is_made_anew_while_others_are_faster() -> None:
    """Three times; what somebody else has added counts as faster where that is meant."""
    outcomes: list[Exception] = []

    async def attempt() -> str:
        if outcomes:
            raise outcomes.pop()
        return "done"

    outcomes += [StaleError(), StaleError()]
    assert run(anew(attempt)) == "done"
    outcomes += [StaleError()] * ATTEMPTS
    with pytest.raises(StaleError):
        run(anew(attempt))
    outcomes += [DuplicateError("id")]
    with pytest.raises(DuplicateError):
        run(anew(attempt))
    outcomes += [DuplicateError("id"), StaleError()]
    assert run(anew_or_added(attempt)) == "done"
    outcomes += [DuplicateError("id")] * ATTEMPTS
    with pytest.raises(StaleError):
        run(anew_or_added(attempt))
