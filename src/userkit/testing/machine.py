"""Histories that nobody thought of: Hypothesis plays them on a store and on the memory store, and compares.

The memory store is the model. After every step both must show the same in every realm.
"""

from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from userkit.backends.memory import MemoryStore
from userkit.errors import DuplicateError, StaleError, UserKitError
from userkit.storage.capabilities import Countable, Searchable, supports
from userkit.storage.changes import Add, Change, Remove, Save
from userkit.storage.port import Store
from userkit.sync import run
from userkit.testing.anything import LAST_PLACE, Draft, Verb, anything, drafts
from userkit.testing.bench import Bench, new_realm
from userkit.testing.questions import Count, Question, Search, questions
from userkit.testing.specimens import COLLECTIONS, Everything, Person, new_id, person
from userkit.testing.standard import Standard

__all__ = ["Histories", "History"]

T = TypeVar("T")

_STEPS = 15

_realms = st.sampled_from([0, 1])


class Histories(Standard):
    """Any store against the memory store. The examples are the same in every run."""

    machine_examples: ClassVar[int] = 20
    machine_shrinks: ClassVar[bool] = False

    def test_every_history_ends_like_in_memory(self, bench: Bench) -> None:
        """Commits of several changes, fresh and stale, in two realms, and every way to read."""

        class OnThisBench(History):
            pass

        OnThisBench.bench = bench
        try:
            run_state_machine_as_test(OnThisBench, settings=self._settings(stateful_step_count=_STEPS))
        except Exception as error:
            error.add_note("For the shortest history that shows this, set machine_shrinks = True.")
            raise

    def test_anything_that_fits_comes_back(self, bench: Bench) -> None:
        """One of everything with any values, added and then saved over by another."""

        async def write(first: Everything, second: Everything) -> None:
            second = replace(second, id=first.id, version=first.version + 1)
            await bench.store.commit(Add(first))
            assert await bench.store.get(Everything, first.id) == first
            await bench.store.commit(Save(first, second))
            assert await bench.store.get(Everything, first.id) == second

        @self._settings()
        @given(anything(), anything())
        def check(first: Everything, second: Everything) -> None:
            bench.run(write(first, second))

        check()

    def _settings(self, **more: Any) -> settings:
        """Return settings under which a run finds the same on every machine, however slow."""
        return settings(
            max_examples=self.machine_examples,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink] if self.machine_shrinks else [Phase.generate],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
            **more,
        )


class History(RuleBasedStateMachine):
    """One history: the same steps on the store of a bench and on a memory store."""

    bench: ClassVar[Bench]

    def __init__(self) -> None:
        """Begin with two empty realms in both."""
        super().__init__()
        names = new_realm(), new_realm()
        memory = MemoryStore()
        run(memory.prepare(COLLECTIONS))
        self.models: list[Store] = [memory.realm(name) for name in names]
        self.stores: list[Store] = [self.bench.root.realm(name) for name in names]
        self.known: list[dict[str, list[Person]]] = [{}, {}]

    @initialize(first=st.lists(drafts(), min_size=3, max_size=3), second=st.lists(drafts(), max_size=2))
    def begin(self, first: list[Draft], second: list[Draft]) -> None:
        """Start with a few people, most of them in one realm."""
        for realm, changes in enumerate((first, second)):
            for change in changes:
                self.commit(realm, [replace(change, verb=Verb.ADD, behind=0)])

    @rule(realm=_realms, change=drafts())
    def commit_one(self, realm: int, change: Draft) -> None:
        """Commit a single change."""
        self.commit(realm, [change])

    @rule(realm=_realms, first=drafts(), second=drafts())
    def overtake(self, realm: int, first: Draft, second: Draft) -> None:
        """Change what somebody else has saved since it was read."""
        self.commit(realm, [replace(first, verb=Verb.SAVE, behind=0)])
        late = Verb.REMOVE if second.verb is Verb.REMOVE else Verb.SAVE
        self.commit(realm, [replace(second, verb=late, place=first.place, behind=1)])

    @rule(realm=_realms, changes=st.lists(drafts(), min_size=2, max_size=4))
    def commit(self, realm: int, changes: list[Draft]) -> None:
        """Commit changes; both do them, or both refuse."""
        wanted = [change for draft in changes if (change := self._change(realm, draft)) is not None]
        expected = _error(self.models[realm].commit(*wanted), run)
        found = _error(self.stores[realm].commit(*wanted), self.bench.run)
        conflicts = (DuplicateError, StaleError)
        if isinstance(expected, conflicts) and isinstance(found, conflicts) and len(wanted) > 1:
            return  # where several changes clash, a store may name any of them
        assert type(found) is type(expected), f"{found!r} instead of {expected!r}"
        if expected is None:
            self._remember(realm, wanted)

    @rule(realm=_realms, question=questions())
    def ask(self, realm: int, question: Question) -> None:
        """Ask both the same, where the store can answer."""
        if isinstance(question, Search) and not supports(self.stores[realm], Searchable):
            return
        if isinstance(question, Count) and not supports(self.stores[realm], Countable):
            return
        id = self._id(question.place)
        self._compare(question.ask(self.models[realm], id), question.ask(self.stores[realm], id))

    @invariant()
    def both_hold_the_same(self) -> None:
        """Everything in both realms is equal."""
        for model, store in zip(self.models, self.stores, strict=True):
            self._compare(model.find(Person, limit=1000), store.find(Person, limit=1000))

    def _compare(self, expected: Coroutine[Any, Any, object], found: Coroutine[Any, Any, object]) -> None:
        wanted = run(expected)
        assert self.bench.run(found) == wanted

    def _id(self, place: int) -> str:
        """Return the id of somebody who is or was in either realm."""
        ids = sorted({id for realm in self.known for id in realm})
        return ids[place % len(ids)] if ids else new_id()

    def _change(self, realm: int, draft: Draft) -> Change | None:
        # The last place is somebody of the other realm, who must not be within reach.
        known = list(self.known[realm if draft.place < LAST_PLACE else 1 - realm].values())
        revisions = known[draft.place % len(known)] if known else []
        if draft.verb is Verb.ADD:
            again = draft.behind and revisions and draft.place < LAST_PLACE
            taken = {"id": revisions[-1].id} if again else {}
            return Add(person(**{"address": "new", **draft.values, **taken}))
        if not revisions:
            return None
        before = revisions[max(-len(revisions), -1 - draft.behind)]
        return Remove(before) if draft.verb is Verb.REMOVE else Save(before, before.evolve(**draft.values))

    def _remember(self, realm: int, changes: list[Change]) -> None:
        for change in changes:
            if isinstance(change, Add) and isinstance(change.entity, Person):
                # Whoever is added again begins anew, and revisions from before are no longer told apart.
                self.known[realm][change.entity.id] = [change.entity]
            elif isinstance(change, Save) and isinstance(change.after, Person):
                self.known[realm][change.after.id].append(change.after)


def _error(call: Coroutine[Any, Any, T], run_it: Any) -> UserKitError | None:
    try:
        run_it(call)
    except UserKitError as error:
        return error
    return None
