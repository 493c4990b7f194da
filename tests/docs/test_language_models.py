"""What the pages about language models say is what is sent, called and kept."""

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from benchmarks.language_model_costs import PRICES
from benchmarks.language_model_costs import run as costs
from userkit import SyncUserKit, errors
from userkit.backends.bedrock import BedrockModel, BedrockSettings
from userkit.backends.memory import MemoryStore
from userkit.errors import LanguageModelError
from userkit.features.activity_summary import activity_summary
from userkit.features.audit import AuditEntry
from userkit.features.roles import roles
from userkit.features.screening import screening
from userkit.features.screening.model import KnownName, ModelAnswer, Review
from userkit.features.spending import SPENDING, spending
from userkit.kernel.origin import coming_from
from userkit.ports.language_model import Message
from userkit.sync import iterate, run
from userkit.testing import FrozenClock, InstantHasher, ScriptedModel

ROOT = Path(__file__).parents[2]
HOW_TO = ROOT / "docs" / "how-to" / "bedrock.md"
SENT = ROOT / "docs" / "explanation" / "what-is-sent.md"
PERSON: Mapping[str, Any] = {
    "email": "kanarienvogel@mail.example",
    "name": "Ada Lovelace",
    "password": "mauve otters juggle teapots",
    "attributes": {"about": "I write programs.", "phone": "555-0199"},
}
FROM = {"address": "192.0.2.77", "user_agent": "Zeppelin/3.1", "session_id": "session-of-ada"}
SECRETS = ("kanarienvogel", "mauve otters", "555-0199", "192.0.2.77", "Zeppelin", "session-of-ada")


def tables(page: Path) -> Iterator[list[list[str]]]:
    """Return the tables of a page, as rows of cells, the head first."""
    rows: list[list[str]] = []
    for line in [*page.read_text(encoding="utf-8").splitlines(), ""]:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
        elif rows:
            yield [row for row in rows if set(row[0]) - set("-")]
            rows = []


def fields(heading: str, *, nth: int = 0) -> set[str]:
    """Return what stands in the first column under a heading of the page, without its quotes."""
    found = [table for table in tables(SENT) if table[0][0] == heading][nth]
    return {name for row in found[1:] for name in re.findall(r"`([a-z_]+)`", row[0])}


def policies() -> list[dict[str, Any]]:
    """Return the policies of the page, the one for everything first; each block of JSON is valid."""
    blocks = re.findall(r"```text\n(\{.*?\n\})\n```", HOW_TO.read_text(encoding="utf-8"), re.DOTALL)
    return [read for read in map(json.loads, blocks) if "Statement" in read]


def actions(policy: Mapping[str, Any]) -> set[str]:
    """Return what a policy allows."""
    found = [statement["Action"] for statement in policy["Statement"]]
    return {action for each in found for action in ([each] if isinstance(each, str) else each)}


class Stub:
    """A client of boto3 that notes which operations are called, and which actions of IAM they need."""

    # "This operation requires permission for the bedrock:InvokeModel action" (API reference, Converse).
    needs: Mapping[str, str] = {
        "converse": "bedrock:InvokeModel",
        "converse_stream": "bedrock:InvokeModelWithResponseStream",
        "invoke_model": "bedrock:InvokeModel",
    }

    def __init__(self) -> None:
        self.needed: set[str] = set()
        self.meta = SimpleNamespace(config=SimpleNamespace(max_pool_connections=10, read_timeout=1))

    def __getattr__(self, operation: str) -> Any:
        def call(**request: Any) -> dict[str, Any]:
            self.needed.add(self.needs[operation])
            if "guardrailConfig" in request:
                self.needed.add("bedrock:ApplyGuardrail")
            used = {"toolUse": {"toolUseId": "1", "name": "answer", "input": {}}}
            events = [
                {"contentBlockDelta": {"delta": {"text": "Yes."}}},
                {"messageStop": {"stopReason": "end_turn"}},
            ]
            return {
                "output": {"message": {"role": "assistant", "content": [used]}},
                "stopReason": "tool_use",
                "stream": Events(events),
            }

        return call


class Events(list[Any]):
    """Events of a stream, which can be closed."""

    def close(self) -> None:
        """Do nothing."""


class Anything(BaseModel):
    """An object without fields."""


@pytest.mark.parametrize("streamed", [True, False])
def test_a_policy_names_exactly_what_the_adapter_calls(streamed: bool) -> None:
    """With streaming and a guardrail it is the first policy, without both it is the second."""
    stub = Stub()
    model = BedrockModel.from_client(
        stub, "eu.amazon.nova-lite-v1:0", guardrail="abcdefgh1234:3" if streamed else None
    )
    run(model.complete([Message(text="{}")], schema=Anything))
    if streamed:
        list(iterate(model.stream([Message(text="Say yes.")])))
    whole, screening_alone = policies()
    assert actions(whole if streamed else screening_alone) == stub.needed


def test_a_policy_covers_the_profile_and_the_model_wherever_the_profile_goes() -> None:
    """The models are open through the profile only, and no statement is for everything."""
    for policy in policies():
        asking, models = policy["Statement"][:2]
        assert policy["Version"] == "2012-10-17"
        assert models["Condition"] == {"ArnEquals": {"bedrock:InferenceProfileArn": asking["Resource"]}}
        assert asking["Action"] == models["Action"]
        profile = asking["Resource"].rpartition("/")[2]
        assert {each.rpartition("/")[2] for each in models["Resource"]} == {profile.partition(".")[2]}
        assert "*" not in json.dumps(policy)


def test_the_options_of_the_adapter_are_those_of_its_page() -> None:
    """The reference names each option of the URL, with its default where that is a number."""
    page = ROOT / "docs" / "reference" / "backends" / "bedrock.md"
    (table,) = [table for table in tables(page) if table[0][:2] == ["option", "default"]]
    told: dict[str, str] = {}
    for row in table[1:]:
        told |= zip(re.findall(r"`([a-z_]+)`", row[0]), row[1].split(", "), strict=False)
    known = {name: field.default for name, field in BedrockSettings.model_fields.items()}
    numbers = {name: default for name, default in known.items() if isinstance(default, int | float)}
    assert set(told) == set(known)
    assert {name: float(told[name]) for name in numbers} == numbers


def test_every_error_has_a_row() -> None:
    """The how-to says what to do about each kind of error of a language model."""
    table = next(table for table in tables(HOW_TO) if table[0][0] == "error")
    told = {name for row in table[1:] for name in re.findall(r"`(\w+)`", row[0])}
    known = {name for name in errors.__all__ if issubclass(getattr(errors, name), LanguageModelError)}
    assert told == known - {"LanguageModelError"}


def test_screening_sends_what_the_page_says_and_nothing_else() -> None:
    """The fields of the document are those of the table; nothing else of the person is in what is said."""
    allow = {"verdict": "allow", "reasons": [], "confidence": "high"}
    model = ScriptedModel(script=(allow,))
    with opened(model, screening(attributes=["about"])) as kit, coming_from(**FROM):
        user = kit.users.register(**PERSON)
        kit.users.update(user.id, name="Ada King", version=user.version)
    assert len(model.asked) == 2
    for asked in model.asked:
        (message,) = asked.messages
        document = json.loads(message.text)
        assert set(document) == fields("field")
        assert (document["domain"], document["attributes"]) == (
            "mail.example",
            {"about": "I write programs."},
        )
        assert not any(secret in asked.text for secret in (*SECRETS, user.id))
    assert "Ada Lovelace" not in model.asked[1].text


def test_a_summary_sends_what_the_page_says_and_nothing_else() -> None:
    """The fields of the document and its entries are those of the tables; whose it is stands nowhere."""
    clock, model = FrozenClock(), ScriptedModel(script=("The owner registered [1].",))
    defined = roles({"admin": ["*"], "editor": ["posts:write"]})
    with opened(model, activity_summary(), defined, clock=clock) as kit:
        with coming_from(**FROM):
            user = kit.users.register(**PERSON)
            session = kit.sessions.sign_in(email=PERSON["email"], password=PERSON["password"])
        kit.roles.assign(user.id, "editor")
        with coming_from(actor_id="grace"):
            kit.users.update(user.id, name="Ada King")
        period = {"since": clock() - timedelta(days=1), "until": clock() + timedelta(days=1)}
        kit[activity_summary()].summarise(user.id, **period)
        ids = [entry.id for entry in kit.audit.list(user_id=user.id).items]
    (asked,) = model.asked
    document = json.loads(asked.messages[0].text)
    assert set(document) == fields("field", nth=1)
    assert {name for entry in document["entries"] for name in entry} == fields("field of an entry")
    whose = (*SECRETS, user.id, session.session_id, *ids, "Ada", "King", "mail.example", "grace")
    assert not any(secret in asked.text for secret in whose)


def test_switched_off_nothing_is_sent() -> None:
    """Without a model, with model=False, and with nothing to spend, people register and no model is asked."""
    model = ScriptedModel(script=({},))
    for features in (
        (screening(model=False),),
        (screening(), spending(per_hour=0.000001)),
    ):
        with opened(model, *features) as kit:
            kit.users.register(**PERSON)
    with opened(None, screening(attributes=["about"])) as kit:
        kit.users.register(**PERSON)
    assert model.asked == []


def test_what_is_kept_of_screening_is_what_the_page_says() -> None:
    """Answers and names are kept as digests, a review with what is reviewed, and the trail without it."""
    doubtful = {"verdict": "review", "reasons": ["abusive"], "confidence": "high"}
    feature = screening(attributes=["about"])
    store = MemoryStore()
    with opened(ScriptedModel(script=(doubtful,)), feature, store=store) as kit:
        user = kit.users.register(**PERSON)
        (review,) = kit[feature].list().items
        (answer,), (name,) = (run(store.find(kind)).items for kind in (ModelAnswer, KnownName))
        trail = [entry.document() for entry in run(store.find(AuditEntry)).items]
        kit.users.delete(user.id)
        left = [run(store.find(kind)).items for kind in (KnownName, Review)]
    names = {collection.name for collection in (*feature.collections, SPENDING)}
    assert names == {name for table in tables(SENT) for row in table for name in kept_in(row)}
    assert (review.name, dict(review.attributes)) == ("Ada Lovelace", {"about": "I write programs."})
    assert "Ada" not in repr((answer, name, trail))
    assert not any(left)


def kept_in(row: list[str]) -> list[str]:
    return re.findall(r"^`(screening_[a-z]+|spending)`$", row[1]) if len(row) == 3 else []


@pytest.mark.parametrize("page", [SENT, HOW_TO], ids=["what-is-sent", "bedrock"])
def test_every_test_that_a_page_names_is_there(page: Path) -> None:
    """A promise without a test is none."""
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", page.read_text(encoding="utf-8")))
    files = (ROOT / "tests").rglob("test_*.py")
    there = {
        name for file in files for name in re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8"))
    }
    assert named <= there, sorted(named - there)


def test_the_costs_of_the_pages_are_those_of_the_prices() -> None:
    """The table is the same on both pages and has a row for each price that the benchmark knows."""
    pages = [HOW_TO, ROOT / "benchmarks" / "README.md"]
    found = [[table for table in tables(page) if table[0][:2] == ["model", "in, out"]] for page in pages]
    assert found[0] == found[1]
    (table,) = found[0]
    assert [row[:2] for row in table[1:]] == [
        [price.model, f"{price.input:g}, {price.output:g}"] for price in PRICES
    ]


def test_the_costs_are_computed_without_a_network() -> None:
    """Whether a tokenizer is installed or not, there is a row for each price."""
    lines = list(costs())
    assert all(any(line.startswith(f"| {price.model} |") for line in lines) for price in PRICES)


def opened(
    model: ScriptedModel | None,
    *features: Any,
    clock: FrozenClock | None = None,
    store: MemoryStore | None = None,
) -> SyncUserKit:
    return SyncUserKit(
        store or MemoryStore(),
        secret=secrets.token_urlsafe(32),
        features=features,
        hasher=InstantHasher(),
        language_model=model,
        clock=clock or FrozenClock(),
    )
