"""What a model writes is read a line at a time, and nothing passes that is not a sentence about entries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userkit.errors import ModelReplyError
from userkit.features.activity_summary import SummaryRefusedError
from userkit.features.activity_summary.prompt import LONGEST_SENTENCE, MOST_SENTENCES, SYSTEM, repeats_prompt
from userkit.features.activity_summary.sentences import LONGEST_LINE, Cited, SentenceReader

ENTRIES = 12


def read(*pieces: str, entries: int = ENTRIES) -> tuple[list[Cited], str | None]:
    """Return the sentences that were passed on, and why the rest was refused."""
    reader, passed = SentenceReader(entries), list[Cited]()
    try:
        for piece in pieces:
            passed.extend(reader.feed(piece))
        passed.extend(reader.finish())
    except SummaryRefusedError as error:
        return passed, error.detail
    return passed, None


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("The owner signed in from address A [1].", Cited("The owner signed in from address A.", (1,))),
        ("The owner signed in. [1, 4]", Cited("The owner signed in.", (1, 4))),
        ("The owner signed in.[12]", Cited("The owner signed in.", (12,))),
        ("It was 100% refused [1][2] [3, 1]", Cited("It was 100% refused", (1, 2, 3))),
        ("\t“Device 1” was new – at 09:30 [ 7 ,8 ]\r", Cited("“Device 1” was new – at 09:30", (7, 8))),
        ("An event signed_in at 9\u00a0o'clock [2]", Cited("An event signed_in at 9 o'clock", (2,))),
    ],
)
def test_a_line_is_a_sentence_with_what_it_rests_on(line: str, sentence: Cited) -> None:
    """The citations leave the text, each is named once, and blank lines are nothing."""
    assert read(f"\n  \n{line}\n\n") == ([sentence], None)
    assert read(line) == ([sentence], None)


@pytest.mark.parametrize(
    "line",
    [
        "The owner signed in.",
        "The owner signed in [].",
        "The owner signed in [one].",
        "The owner signed in [1",
        "The owner signed in 1].",
        "The owner signed in [1-3].",
        "The owner signed in [1], and out.",
        "[1] The owner signed in.",
        "[1]",
        "The owner signed in [[1]].",
        "The owner signed in [+1].",
        "The owner signed in [1.0].",
        "The owner signed in [\u0661].",
        "The owner signed in [1,\u000b2].",
    ],
)
def test_a_sentence_that_rests_on_nothing_is_refused(line: str) -> None:
    """With all that comes after it."""
    passed, why = read(f"One came first [2].\n{line}\nOne came last [2].\n")
    assert [each.numbers for each in passed] == [(2,)]
    assert why is not None


@pytest.mark.parametrize("cited", ["[0]", "[13]", "[1, 13]", "[99999]", "[100000]", "[1][13]", "[01]"])
def test_a_citation_that_does_not_exist_is_refused(cited: str) -> None:
    """Also beside others that do."""
    assert read(f"The owner signed in {cited}.\n")[0] == []


@pytest.mark.parametrize(
    "text",
    [
        "See https://evil.example",
        "See HTTPS:evil",
        "See evil.example for more",
        "See www.evil",
        "Call javascript:alert(1) now",
        "Mail mailto:ada now",
        "Mail ada@example.com",
        "From 192.0.2.7",
        "From 2001:db8::1/64",
        "<b>Bold</b>",
        "<img src=x onerror=alert(1)>",
        "&lt;script&gt;",
        "**Bold** words",
        "_Emphatic_ words",
        "a __dunder__ word",
        "`code`",
        "# Heading",
        "- A list",
        "(see) {json}",
        "| a | table |",
        "a\\b",
        "An escape \x1b(31m red",
        "A bell \x07",
        "A NUL \0",
        "A return \r in it",
        "A tab \t in it",
        "A line \u2028 in it",
        "A right-to-left \u202e text",
        "A zero \u200b width",
        "A Cyrillic \u0430",
        "A lone \ud800",
        "{'system': 1}",
    ],
)
def test_what_is_no_plain_sentence_is_refused(text: str) -> None:
    """Links, markup, addresses, and everything that a browser or a terminal would obey."""
    assert read(f"{text} [1].\n")[0] == []


def test_what_the_model_was_told_is_no_summary() -> None:
    """Not even where it looks like a sentence."""
    passed, why = read("You summarise what happened to one account for a person who works in support [1].")
    assert (passed, why) == ([], "The language model wrote what it was told instead of a summary.")
    assert repeats_prompt(SYSTEM)
    assert not repeats_prompt("The owner signed in from address A with device 1, which is unusual.")


def test_a_refusal_tells_nothing_of_what_was_written() -> None:
    """It is an error of the model's reply with a code of its own."""
    with pytest.raises(SummaryRefusedError) as caught:
        list(SentenceReader(1).feed("The secret word is swordfish.\n"))
    assert isinstance(caught.value, ModelReplyError)
    assert caught.value.code == "summary_refused"
    assert "swordfish" not in str(caught.value)
    assert "swordfish" not in repr(SentenceReader(1, _rest="swordfish")) + repr(Cited("swordfish", (1,)))


def test_a_sentence_has_an_end() -> None:
    """It is not waited for longer than that."""
    assert len(read("a" * LONGEST_SENTENCE + " [1]")[0]) == 1
    assert read("a" * (LONGEST_SENTENCE + 1) + " [1]")[0] == []
    with pytest.raises(SummaryRefusedError, match="too long"):
        list(SentenceReader(1).feed(" " * (LONGEST_LINE + 1)))
    assert read(" " * (LONGEST_LINE + 1) + "\n")[1] == read(*(" " * (LONGEST_LINE + 1)), "\n")[1]


def test_a_summary_has_an_end() -> None:
    """What comes after it is dropped."""
    passed, why = read("Something happened [1].\n" * (MOST_SENTENCES + 1))
    assert len(passed) == MOST_SENTENCES
    assert why == "The language model wrote too many sentences."


@pytest.mark.parametrize("text", ["", "\n", " \n\t\n"])
def test_nothing_is_no_summary(text: str) -> None:
    """The model was to say something of what there is."""
    assert read(text) == ([], "The language model wrote nothing.")


def test_what_was_cut_short_is_refused_at_its_end() -> None:
    """The sentence that is left may have lost its best part."""
    reader = SentenceReader(ENTRIES)
    assert len(list(reader.feed("One [1].\nTwo [2]"))) == 1
    with pytest.raises(SummaryRefusedError, match="did not come to the end"):
        list(reader.finish(cut_short=True))


LINES = st.lists(
    st.one_of(
        st.builds(
            lambda text, numbers: f"{text} {numbers}".replace("(", "["),
            st.sampled_from(
                ["The owner signed in", "Somebody else was refused", "", "<b>", "evil.com", "x" * 600]
            ),
            st.lists(st.integers(0, 14), max_size=4).map(str),
        ),
        st.text(alphabet="ab [],.1290\r\t\u2028<", max_size=30),
    ),
    max_size=25,
).map("\n".join)


@given(st.one_of(LINES, st.text()), st.data())
def test_any_split_into_pieces_gives_the_same_sentences(text: str, data: st.DataObject) -> None:
    """And the same refusal."""
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=20)))
    pieces = [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]
    assert read(*pieces) == read(text) == read(*text)


@given(st.one_of(LINES, st.text()), st.integers(1, 12))
def test_no_text_yields_a_sentence_that_rests_on_an_unknown_entry(text: str, entries: int) -> None:
    """Nor one without a citation, nor one with anything but plain text."""
    passed, _ = read(text, entries=entries)
    for cited in passed:
        assert cited.numbers
        assert all(1 <= number <= entries for number in cited.numbers)
        assert cited.text.isprintable()
        assert not set(cited.text) & set("<>[]{}@/\\`*#|&")
