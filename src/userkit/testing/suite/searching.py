"""``search``: by how the words of an entity begin, case folded, and nothing more clever than that."""

import pytest

from userkit.errors import UsageError, UserKitError
from userkit.storage.capabilities import Searchable, searchable
from userkit.storage.changes import Add, Remove, Save
from userkit.storage.port import LARGEST_PAGE, Store
from userkit.testing.bench import Bench, new_realm
from userkit.testing.specimens import Person, Stranger, person
from userkit.testing.standard import Standard

__all__ = ["Searching"]

_WORDS = [
    "plain",
    "100%",
    "%",
    "_",
    "a_b",
    "a\\b",
    "\\",
    "*",
    "a*",
    "[a-z]",
    "^a",
    "'",
    '"quoted"',
    "a&b|c!d",
    "(a:*)",
    "<->",
    "😀😁",
    "𝄞clef",
    "אברהם",
    "محمد",
    "山田",
    "ä",
    "ç",
    "naïve",
    "x\ud7ff",
    "x\ud7ffy",
    "x\ue000",
    "x\U0010ffff",
    "x\U0010ffffy",
    "\U0010ffff\U0010ffff",
]


class Searching(Standard, needs=Searchable):
    """Who is found by which text."""

    async def test_people_are_found_by_the_beginning_of_their_address(self, store: Store) -> None:
        """Up to the whole of it, and not by what stands in the middle."""
        ada, adam = person("ada@example.com"), person("adam@example.org")
        await store.commit(Add(ada), Add(adam))
        assert await _search(store, "ad") == [ada, adam]
        assert await _search(store, "ada@") == [ada]
        assert await _search(store, "adam@example.org") == [adam]
        for text in ("example", "da@example.com", "@", "adam@example.orgs", "com"):
            assert await _search(store, text) == []

    async def test_people_are_found_by_the_beginning_of_each_word(self, store: Store) -> None:
        """First name, last name, and both halves of a double one."""
        jean = person("x@example.com", name="Jean-Luc O'Neill Picard")
        await store.commit(Add(jean), Add(person("y@example.com", name="William Riker")))
        for text in ("j", "jean", "jean-l", "luc", "pic", "Picard", "o'ne", "neill"):
            assert await _search(store, text) == [jean]
        for text in ("ean", "uc-", "card", "jean-luca"):
            assert await _search(store, text) == []

    async def test_case_does_not_count(self, store: Store) -> None:
        """Case folding is full, and compatible forms are the same."""
        people = [
            person("a@example.com", name="STRASSE"),
            person("b@example.com", name="ΣΊΣΥΦΟΣ"),
            person("c@example.com", name="ﬁnn"),
            person("d@example.com", name="José"),
        ]
        await store.commit(*map(Add, people))
        for text, found in (
            ("straß", 0),
            ("Strasse", 0),
            ("σίσυφος", 1),
            ("ΣΊΣ", 1),
            ("FINN", 2),
            ("ｆｉ", 2),
            ("JOSÉ", 3),
            ("jose\u0301", 3),
        ):
            assert await _search(store, text) == [people[found]]

    async def test_accents_count(self, store: Store) -> None:
        """A letter with an accent is another letter, whatever a collation says."""
        plain, accented = person("a@example.com", name="Jose"), person("b@example.com", name="José")
        await store.commit(Add(plain), Add(accented))
        assert await _search(store, "jos") == [plain, accented]
        assert await _search(store, "jose") == [plain]
        assert await _search(store, "josé") == [accented]

    async def test_every_word_must_match(self, store: Store) -> None:
        """In any order, with any white space between; two may match the same word."""
        ada, grace = person("a@example.com", name="Ada King"), person("b@example.com", name="Grace King")
        await store.commit(Add(ada), Add(grace))
        assert await _search(store, "king") == [ada, grace]
        for text in ("ada king", "  KIN \t\n a@ex\u2003ad ", "k ki kin king ad"):
            assert await _search(store, text) == [ada]
        assert await _search(store, "ada grace") == []

    async def test_text_without_a_word_finds_nobody(self, store: Store) -> None:
        """It is not a list of everybody."""
        await store.commit(Add(person()))
        for text in ("", " ", "\t\r\n", "\u00a0\u2003"):
            assert await _search(store, text) == []

    async def test_no_character_has_a_meaning(self, store: Store) -> None:
        """Wildcards, operators and quotes are letters; beginnings end exactly where they end."""
        people = [person(f"{number:03}@example.com", name=word) for number, word in enumerate(_WORDS)]
        for start in range(0, len(people), 20):
            await store.commit(*map(Add, people[start : start + 20]))
        for word in _WORDS:
            for prefix in {word[:end] for end in range(1, len(word) + 1)}:
                expected = [each for each in people if each.name.startswith(prefix)]
                assert await _search(store, prefix) == expected

    async def test_search_follows_the_newest_revision(self, store: Store) -> None:
        """Words of the past find nobody."""
        ada = person("ada@example.com", name="Ada Byron")
        await store.commit(Add(ada))
        saved = ada.evolve(name="Ada King")
        await store.commit(Save(ada, saved))
        assert await _search(store, "byron") == []
        assert await _search(store, "king") == [saved]
        later = saved.evolve(address="countess@example.com", number=1)
        await store.commit(Save(saved, later))
        assert await _search(store, "ada@") == []
        assert await _search(store, "ada king countess") == [later]
        await store.commit(Remove(later))
        assert await _search(store, "king") == []

    async def test_words_may_come_and_go(self, store: Store) -> None:
        """Names without a word, and with many."""
        many = " ".join(f"word{number}" for number in range(100))
        ada = person("ada@example.com")
        crowded = ada.evolve(name=many)
        await store.commit(Add(ada))
        await store.commit(Save(ada, crowded))
        assert await _search(store, "word99 word0") == [crowded]
        await store.commit(Save(crowded, crowded.evolve(name="")))
        assert await _search(store, "word9") == []
        assert len(await _search(store, "ada")) == 1

    async def test_results_come_in_pages_in_the_order_of_ids(self, store: Store) -> None:
        """Each once, however many of its words match."""
        people = [person(f"kim{number}@example.com", name="Kim Kimball kimono") for number in range(13)]
        await store.commit(*map(Add, people[::-1]))
        seen: list[Person] = []
        after: str | None = None
        for size in (5, 5, 3):
            page = await searchable(store).search(Person, "kim ki", after=after, limit=5)
            assert len(page.items) == size
            seen, after = [*seen, *page.items], page.next
        assert (seen, after) == (people, None)
        last = await searchable(store).search(Person, "kim", after=people[7].id, limit=5)
        assert (last.items, last.next) == (tuple(people[8:]), None)

    async def test_a_realm_is_searched_by_itself(self, bench: Bench) -> None:
        """Nobody of another tenant turns up."""
        rival = bench.root.realm(new_realm())
        ada, twin = person("ada@example.com", name="Ada"), person("ada@example.com", name="Ada")
        await bench.store.commit(Add(ada))
        await rival.commit(Add(twin))
        assert await _search(bench.store, "ada") == [ada]
        assert await _search(rival, "ada ada@") == [twin]

    async def test_text_that_cannot_be_stored_finds_nobody(self, store: Store) -> None:
        """Whatever somebody types."""
        await store.commit(Add(person("ada@example.com", name="a")))
        for text in ("a\0", "\0", "ada \0", "\ud800", "ada\udfff", "x" * 256, "😀" * 5000):
            assert await _search(store, text) == []

    async def test_many_words_are_no_trouble(self, store: Store) -> None:
        """Twenty are answered; a thousand are answered, or refused with an error of userkit."""
        words = [f"word{number}" for number in range(20)]
        ada = person("ada@example.com", name=" ".join(words))
        await store.commit(Add(ada))
        assert await _search(store, " ".join(words)) == [ada]
        assert await _search(store, " ".join([*words[1:], "other"])) == []
        try:
            assert await _search(store, " ".join(f"word{number}" for number in range(1000))) == []
        except UserKitError:
            assert await _search(store, "word0") == [ada]

    async def test_a_limit_of_a_search_out_of_bounds_is_refused(self, store: Store) -> None:
        """A page has 1 to 1,000 items here as well."""
        for limit in (0, -1, LARGEST_PAGE + 1):
            with pytest.raises(UsageError):
                await searchable(store).search(Person, "a", limit=limit)

    async def test_a_kind_that_was_not_prepared_is_not_searched(self, store: Store) -> None:
        """A store does not guess what it was never told of."""
        with pytest.raises(UsageError):
            await searchable(store).search(Stranger, "a")


async def _search(store: Store, text: str) -> list[Person]:
    return list((await searchable(store).search(Person, text)).items)
