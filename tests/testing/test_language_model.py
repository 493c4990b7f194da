"""The language model of the tests says what is written down, to both kits."""

from typing import Any

import pytest
from pydantic import BaseModel

from userkit.errors import ModelReplyError, ModelThrottledError
from userkit.ports.language_model import Completion, Message, Piece, Usage
from userkit.sync import iterate, run
from userkit.testing import ScriptedModel

HELLO = [Message(text="Who is there?")]


class Answer(BaseModel):
    """What is asked for."""

    name: str


def test_it_goes_through_its_script_and_stays_at_the_end() -> None:
    """Texts, objects, errors, and what is made of what is asked."""
    model = ScriptedModel(["Ada.", ModelThrottledError(), lambda asked: asked.messages[0].text, "The end."])
    assert run(model.complete(HELLO)).text == "Ada."
    with pytest.raises(ModelThrottledError):
        run(model.complete(HELLO))
    assert [run(model.complete(HELLO)).text for _ in range(3)] == ["Who is there?", "The end.", "The end."]


@pytest.mark.parametrize("given", [{"name": "Ada"}, Answer(name="Ada"), lambda _: {"name": "Ada"}])
def test_an_object_fits_its_schema(given: Any) -> None:
    """Then it is the value, and there is no text."""
    completion = run(ScriptedModel([given]).complete(HELLO, schema=Answer))
    assert (completion.value, completion.text) == (Answer(name="Ada"), "")


@pytest.mark.parametrize("given", ["Ada", {"name": 7}, {}])
def test_what_does_not_fit_is_an_error(given: Any) -> None:
    """As that of a real model, and nothing of it is repeated."""
    with pytest.raises(ModelReplyError) as caught:
        run(ScriptedModel([given]).complete(HELLO, schema=Answer))
    assert "Ada" not in str(caught.value)


def test_a_stream_ends_with_the_whole() -> None:
    """In pieces of a size; one that is left before its end is counted."""
    model = ScriptedModel(["Ada Lovelace"], pieces=5)
    pieces = list(iterate(model.stream(HELLO, system="Be brief.")))
    assert [piece.text for piece in pieces] == ["Ada L", "ovela", "ce", ""]
    assert pieces[-1] == Piece(
        completion=Completion(
            text="Ada Lovelace", value=None, usage=Usage(input_tokens=6, output_tokens=3), model="scripted"
        )
    )
    left = iterate(model.stream(HELLO))
    next(left)
    left.close()
    assert model.closed == 1


def test_what_was_asked_is_kept() -> None:
    """For tests to look for what must not be in it."""
    model = ScriptedModel()
    run(model.complete(HELLO, system="Be brief.", stop=["\n"], max_tokens=7, time_limit=1.5))
    asked = model.asked[0]
    assert asked.text == "Be brief.\nWho is there?"
    assert (asked.stop, asked.max_tokens, asked.time_limit, asked.schema) == (("\n",), 7, 1.5, None)


def test_equal_texts_mean_the_same() -> None:
    """And others something else."""
    embeddings = run(ScriptedModel().embed(["Ada", "Bo", "Ada"]))
    first, second, third = embeddings.vectors
    assert first == third != second
    assert embeddings.usage == Usage(input_tokens=3)
    run(ScriptedModel().close())


def test_messages_and_answers_are_not_shown() -> None:
    """They may hold what is known of somebody."""
    told = repr((HELLO, Piece(text="secret"), Completion(text="secret", value=Answer(name="secret"))))
    assert "secret" not in told
    assert "Who" not in told
