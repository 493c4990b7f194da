"""What a language model is told and what becomes of its answer, or of none."""

import json
import logging
from datetime import timedelta
from typing import Any

import pytest

from tests.features.screening.world import ALLOW, REFUSE, REVIEW, OpenWorld, World, said
from tests.features.surface import PASSWORD
from tests.storage.doubles import BareStore
from userkit import User, coming_from
from userkit.backends.memory import MemoryStore
from userkit.errors import (
    ContentFilteredError,
    GuardrailError,
    LanguageModelError,
    ModelAccessError,
    ModelNotReadyError,
    ModelQuotaError,
    ModelReplyError,
    ModelRequestError,
    ModelStreamError,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnavailableError,
    ScreeningRefusedError,
    StoreUnavailableError,
    UnknownModelError,
    UserKitError,
)
from userkit.features.screening import ScreeningRefused, Source, Verdict
from userkit.features.screening.asking import MOST_TOKENS
from userkit.features.screening.model import ModelAnswer, Occasion, Subject
from userkit.features.screening.prompt import LONGEST_VALUE, SYSTEM, document
from userkit.features.screening.replies import ScreeningReply
from userkit.features.spending import UNCHARGED, HourlySpending
from userkit.ports.rate_limit import Limit
from userkit.storage.changes import Change

FAILURES = (
    LanguageModelError,
    ModelUnavailableError,
    ModelTimeoutError,
    ModelThrottledError,
    ModelNotReadyError,
    ModelStreamError,
    ModelQuotaError,
    ModelAccessError,
    UnknownModelError,
    ModelRequestError,
    ModelReplyError,
    ContentFilteredError,
    GuardrailError,
)
OF_THE_MODEL = (
    ModelUnavailableError,
    ModelTimeoutError,
    ModelThrottledError,
    ModelNotReadyError,
    ModelStreamError,
    ModelQuotaError,
    ModelAccessError,
    UnknownModelError,
)


def reasons(world: World) -> list[tuple[str, ...]]:
    """Return why people are to be reviewed."""
    return [each.reasons for each in world.open_reviews()]


def test_only_the_least_is_sent(open_world: OpenWorld) -> None:
    """The name, the domain and the chosen attributes: no address, no password, no id."""
    world = open_world(attributes=["bio"])
    told = {"bio": "I count.", "plan": "secret plan", "phone": "+44 20 7946 0000"}
    user = world.register("Ada Lovelace", email="ada.l@Example.com", attributes=told)
    world.kit.users.update(user.id, name="Ada King")
    first, second = world.model.asked
    assert said(first) == {
        "occasion": "registration",
        "name": "Ada Lovelace",
        "domain": "example.com",
        "attributes": {"bio": "I count."},
    }
    assert said(second) == {**said(first), "occasion": "change", "name": "Ada King"}
    for asked in (first, second):
        for unsaid in ("ada.l", "@", PASSWORD, user.id, "secret", "+44", "192.0.2.1"):
            assert unsaid not in asked.text


def test_the_question_is_always_the_same_around_the_data(open_world: OpenWorld) -> None:
    """A fixed text, a schema of fixed words, few tokens, no chance, and an end."""
    world = open_world(time_limit=1.5)
    world.register("Ada Lovelace")
    world.register("Grace Hopper")
    for asked in world.model.asked:
        assert (asked.system, asked.schema, asked.max_tokens) == (SYSTEM, ScreeningReply, MOST_TOKENS)
        assert (asked.temperature, asked.stop, asked.time_limit) == (0.0, (), 1.5)
        assert len(asked.messages) == 1


def test_a_reply_is_words_from_lists_and_nothing_else() -> None:
    """There is no place in the schema for what a person or a prompt has said."""
    schema = ScreeningReply.model_json_schema()
    assert schema["additionalProperties"] is False
    definitions = schema["$defs"]
    assert all("enum" in each for each in definitions.values())
    for field in schema["properties"].values():
        inner = field.get("items", field)
        assert inner["$ref"].rpartition("/")[2] in definitions
    assert "not_judged" not in json.dumps(schema)


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        (ALLOW, Verdict.ALLOW),
        (REVIEW, Verdict.REVIEW),
        ({**REVIEW, "confidence": "low"}, Verdict.REVIEW),
        (REFUSE, Verdict.REFUSE),
        ({**REFUSE, "confidence": "medium"}, Verdict.REVIEW),
        ({**REFUSE, "confidence": "low"}, Verdict.REVIEW),
    ],
)
def test_a_refusal_must_be_certain(reply: Any, verdict: Verdict) -> None:
    """Else a person is to look."""
    assert ScreeningReply.model_validate(reply).judgement.verdict is verdict


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {**ALLOW, "reasons": ["abusive"]},
        {**REFUSE, "reasons": []},
        {**REVIEW, "reasons": []},
        {**ALLOW, "verdict": "ALLOW"},
        {**ALLOW, "verdict": "allow it"},
        {**REVIEW, "reasons": ["not_judged"]},
        {**REVIEW, "reasons": ["impersonates_user"]},
        {**REVIEW, "reasons": ["abusive"] * 6},
        {**ALLOW, "confidence": 1},
        {**ALLOW, "explanation": "The name is fine."},
        {"verdict": "allow", "reasons": []},
        "allow",
        [ALLOW],
        None,
    ],
    ids=lambda reply: str(reply)[:50],
)
def test_any_other_answer_is_none(open_world: OpenWorld, reply: Any) -> None:
    """One that contradicts itself as well."""
    world = open_world(script=[lambda _: reply])
    world.register("Ada Lovelace")
    assert reasons(world) == [("not_judged",)]


@pytest.mark.parametrize("error", FAILURES)
@pytest.mark.parametrize("unanswered", ["review", "allow", "refuse"])
def test_whatever_fails_the_policy_holds(
    open_world: OpenWorld, error: type[UserKitError], unanswered: Any
) -> None:
    """People register, or are refused with the reason, and meet no error of the model."""
    world = open_world(script=[error("Somebody said Ada Lovelace.")], unanswered=unanswered)
    if unanswered == "refuse":
        with pytest.raises(ScreeningRefusedError) as refused:
            world.register("Ada Lovelace")
        assert refused.value.reasons == ("not_judged",)
        (told,) = world.told
        assert isinstance(told, ScreeningRefused)
        assert told.source is Source.POLICY
        return
    world.register("Ada Lovelace")
    assert reasons(world) == ([("not_judged",)] if unanswered == "review" else [])


def test_a_plugin_that_is_broken_keeps_nobody_out(
    open_world: OpenWorld, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever it raises; the log tells the kind, and nothing that was said."""

    def broken(asked: Any) -> Any:
        raise RuntimeError(asked.text)

    world = open_world(script=[broken])
    with caplog.at_level(logging.DEBUG):
        world.register("Ada Lovelace")
        world.register("Grace Hopper")
    assert reasons(world) == [("not_judged",)] * 2
    (first, _) = [each for each in caplog.records if each.name == "userkit.screening"]
    assert vars(first)["problem"] == "RuntimeError"
    assert first.exc_info is None
    assert "Ada" not in caplog.text
    assert len(world.model.asked) == 2


def test_what_the_rules_say_counts_as_well_where_the_model_says_nothing(open_world: OpenWorld) -> None:
    """Also where whoever was not judged is let through."""
    world = open_world(script=[ModelReplyError()], unanswered="allow", also_disposable=["gone.example"])
    world.register("Ada Lovelace", email="ada@gone.example")
    assert reasons(world) == [("disposable_address", "not_judged")]


def test_an_answer_is_remembered_for_a_while(open_world: OpenWorld) -> None:
    """For the same content: then it is asked anew."""
    world = open_world(script=[REVIEW, ALLOW], remember=timedelta(hours=1))
    world.register("Ada Lovelace")
    world.site.clock.advance(minutes=59)
    world.register("Ada Lovelace")
    assert len(world.model.asked) == 1
    world.site.clock.advance(minutes=1)
    world.register("Ada Lovelace")
    assert len(world.model.asked) == 2
    world.register("Ada Lovelace")
    assert len(world.model.asked) == 2
    assert len(world.open_reviews()) == 2
    assert len(world.stored(ModelAnswer)) == 1


def test_other_content_is_another_question(open_world: OpenWorld) -> None:
    """Another name, domain, attribute or occasion."""
    world = open_world(attributes=["bio"])
    ada = world.register("Ada Lovelace", email="ada@example.com", attributes={"bio": "I count."})
    world.register("Grace Hopper")
    world.register("Ada Lovelace", email="ada@example.org", attributes={"bio": "I count."})
    world.register("Ada Lovelace", attributes={"bio": "I compute."})
    world.kit.users.update(ada.id, attributes={"bio": "I compute."})
    assert len(world.model.asked) == 5
    world.register("Ada Lovelace", attributes={"bio": "I count.", "plan": "pro"})
    assert len(world.model.asked) == 5


def test_what_is_remembered_does_not_tell_whom_it_is_about(open_world: OpenWorld) -> None:
    """A verdict and reasons under a keyed digest; another model is asked for itself."""
    world = open_world(script=[REVIEW])
    world.register("Ada Lovelace")
    (answer,) = world.stored(ModelAnswer)
    assert (answer.verdict, answer.reasons) == (Verdict.REVIEW, ("abusive",))
    assert "Ada" not in repr(answer)
    world.model.name = "another"
    world.register("Ada Lovelace")
    assert len(world.model.asked) == 2


@pytest.mark.parametrize("error", FAILURES)
def test_a_failure_is_not_remembered(open_world: OpenWorld, error: type[UserKitError]) -> None:
    """The next one is judged."""
    world = open_world(script=[error(), ALLOW])
    world.register("Ada Lovelace")
    world.moment.seconds += 1
    world.register("Ada Lovelace")
    assert len(world.model.asked) == 2
    assert len(world.open_reviews()) == 1


class Forgetful(BareStore):
    """A store that keeps no answers."""

    def realm(self, name: str) -> Any:
        """See Store.realm."""
        return type(self)(self.behind.realm(name))

    async def commit(self, *changes: Change) -> None:
        """See Store.commit."""
        if any(isinstance(getattr(change, "entity", None), ModelAnswer) for change in changes):
            raise StoreUnavailableError("The answers cannot be kept.")
        await self.behind.commit(*changes)


def test_an_answer_that_cannot_be_remembered_counts_all_the_same(open_world: OpenWorld) -> None:
    """And costs another question."""
    world = open_world(script=[REVIEW], site={"store": Forgetful(MemoryStore())})
    world.register("Ada Lovelace")
    world.register("Ada Lovelace")
    assert reasons(world) == [("abusive",)] * 2
    assert len(world.model.asked) == 2


class Closed(Forgetful):
    """A store that does not tell what was spent."""

    async def get(self, entity: Any, id: str) -> Any:
        """See Store.get."""
        if entity is HourlySpending:
            raise StoreUnavailableError("The ledger cannot be read.")
        return await self.behind.get(entity, id)


def test_where_nothing_can_be_written_down_nobody_is_asked(open_world: OpenWorld) -> None:
    """As when what was spent is in a store of its own that is away."""
    world = open_world(site={"store": Closed(MemoryStore())})
    world.register("Ada Lovelace")
    assert reasons(world) == [("not_judged",)]
    assert world.model.asked == []


@pytest.mark.parametrize("error", FAILURES)
def test_a_model_that_is_away_is_left_alone_for_a_while(
    open_world: OpenWorld, error: type[UserKitError]
) -> None:
    """So that not everybody waits for it; but no name can keep it from others."""
    world = open_world(script=[error()])
    for name in ("Ada Lovelace", "Grace Hopper", "Edith Clarke"):
        world.register(name)
    is_away = error in OF_THE_MODEL
    assert len(world.model.asked) == (1 if is_away else 3)
    assert reasons(world) == [("not_judged",)] * 3


def test_after_a_while_one_tries_it_again(open_world: OpenWorld) -> None:
    """After a longer while each time; when it answers, everybody asks again."""
    world = open_world(script=[ModelTimeoutError(), ModelTimeoutError(), ALLOW])
    asked = []
    for place, seconds in enumerate((0, 0.9, 0.2, 1.5, 0.6, 0)):
        world.moment.seconds += seconds
        world.register(f"Ada Lovelace {'I' * place}")
        asked.append(len(world.model.asked))
    assert asked == [1, 1, 2, 2, 3, 4]


def test_views_of_a_realm_know_of_its_failures(open_world: OpenWorld) -> None:
    """As those that a request makes for itself."""
    world = open_world(script=[ModelTimeoutError()])
    for number in range(3):
        view = world.kit.realm("acme")
        view.users.register(email=f"ada{number}@example.com", name=f"Ada Lovelace {'I' * number}")
    assert len(world.model.asked) == 1


def test_when_the_budget_is_used_up_nobody_is_asked(open_world: OpenWorld) -> None:
    """Until the next hour begins."""
    world = open_world(budget=0.02, attributes=["bio"])
    for number in range(20):
        world.register("Ada Lovelace", attributes={"bio": f"number {number}"})
    asked = len(world.model.asked)
    assert 0 < asked < 20
    assert reasons(world) == [("not_judged",)] * (20 - asked)
    world.site.clock.advance(hours=1)
    world.register("Grace Hopper")
    assert len(world.model.asked) == asked + 1


def test_what_was_reserved_is_settled_with_what_it_cost(open_world: OpenWorld) -> None:
    """The estimate is never less than that."""
    world = open_world()
    world.register("\N{SNOWMAN}da Lovelace")
    (hour,) = world.stored(HourlySpending)
    sums = hour.purposes["screening"]
    assert sums["reserved"] == 0
    assert sums["calls"] == 1
    assert 0 < sums["spent"] == hour.counted
    assert sums["input_tokens"] > 0 < sums["output_tokens"]


@pytest.mark.parametrize("error", FAILURES)
def test_a_failure_costs_what_it_may_have_cost(open_world: OpenWorld, error: type[UserKitError]) -> None:
    """Nothing where the provider refused before it worked, else all that was reserved."""
    world = open_world(script=[error()])
    world.register("Ada Lovelace")
    (hour,) = world.stored(HourlySpending)
    assert (hour.counted == 0) is (error in UNCHARGED)


def test_one_caller_causes_so_many_questions_and_no_more(
    open_world: OpenWorld, caplog: pytest.LogCaptureFixture
) -> None:
    """Else one person uses up what is there for all; code of the application has no limit."""
    few = Limit(name="few questions", attempts=2, within=timedelta(hours=1))
    world = open_world(limit=few, attributes=["bio"])
    ada = world.register("Ada Lovelace")
    with coming_from(actor_id=ada.id, address="192.0.2.1"):
        for number in range(4):
            world.kit.users.update(ada.id, attributes={"bio": f"number {number}"})
    assert len(world.model.asked) == 3
    assert reasons(world) == [("not_judged",)]
    with coming_from(address="192.0.2.2"):
        for number in range(4):
            world.register("Grace Hopper", attributes={"bio": f"number {number}"})
    assert len(world.model.asked) == 5
    for number in range(4):
        world.register("Edith Clarke", attributes={"bio": f"number {number}"})
    assert len(world.model.asked) == 9
    assert [vars(each)["limit"] for each in caplog.records if "too much" in each.message] == [few.name] * 2


@pytest.mark.parametrize(
    ("bio", "sent"),
    [
        ("x" * (LONGEST_VALUE - 2), "x" * (LONGEST_VALUE - 2)),
        ("x" * 5000, "x" * (LONGEST_VALUE // 2)),
        ("\N{SNOWMAN}" * 5000, "\N{SNOWMAN}" * (LONGEST_VALUE // 2)),
        ("\N{ZERO WIDTH SPACE}" * 5000, "\N{ZERO WIDTH SPACE}" * 125),
        (["x" * 5000], None),
        ({"x" * 5000: 1}, None),
    ],
    ids=["just fits", "cut", "shown and cut", "escaped and cut", "a list", "a mapping"],
)
def test_what_is_too_large_is_cut_and_not_taken_for_judged(
    open_world: OpenWorld, bio: Any, sent: str | None
) -> None:
    """Nobody hides behind a long text."""
    world = open_world(attributes=["bio"])
    world.register("Ada Lovelace", attributes={"bio": bio})
    (asked,) = world.model.asked
    assert said(asked)["attributes"].get("bio") == sent
    assert reasons(world) == ([] if sent == bio else [("not_judged",)])


def test_a_question_shows_all_that_is_in_it_and_has_a_size(open_world: OpenWorld) -> None:
    """Whatever is typed, and however much; names stand there as they are read."""
    chosen = [f"a{number}" for number in range(16)]
    world = open_world(attributes=chosen)
    world.register("\N{SNOWMAN}" * 100, attributes=dict.fromkeys(chosen, "\N{PILE OF POO}" * 900))
    (asked,) = world.model.asked
    assert asked.messages[0].text.isprintable()
    assert "\N{SNOWMAN}" * 100 in asked.messages[0].text
    assert len(asked.messages[0].text) < 16 * (LONGEST_VALUE + 20) + 12 * 100 + 400
    assert len(world.stored(User)) == 1


@pytest.mark.parametrize(
    "hidden",
    [
        "\N{RIGHT-TO-LEFT OVERRIDE}",
        "\N{ZERO WIDTH SPACE}",
        "\N{VARIATION SELECTOR-16}",
        "\N{VARIATION SELECTOR-256}",
        "\N{HANGUL FILLER}",
        "\N{TAG LATIN SMALL LETTER A}",
        "\N{LINE SEPARATOR}",
        "\ud800",
    ],
    ids=ascii,
)
def test_what_cannot_be_seen_is_escaped(hidden: str) -> None:
    """A model sees it all the same, and so does whoever reads along."""
    subject = Subject(
        occasion=Occasion.CHANGE, name=f"Ада{hidden}王", domain="example.com", attributes={"bio": "é"}
    )
    text, whole = document(subject)
    assert whole
    assert text.isprintable()
    assert hidden not in text
    assert "Ада" in text
    assert json.loads(text)["name"] == subject.name
