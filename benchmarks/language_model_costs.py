"""What screening and summaries cost, from the tokens of the very requests that they make.

``python -m benchmarks.language_model_costs`` needs no network. With ``--model bedrock://…`` a real model is
asked, which costs what the table says, and its own counts are taken.
"""

import argparse
import json
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.sign_ups import SIGN_UPS
from userkit import SyncUserKit
from userkit.assembly import AnyFeature
from userkit.backends.bedrock.asking import Options, request_of
from userkit.errors import InvalidCredentialsError, ScreeningRefusedError, UserKitError
from userkit.features.activity_summary import SummaryRefusedError, activity_summary
from userkit.features.screening import prompt as screening_prompt
from userkit.features.screening import screening
from userkit.features.screening.asking import MOST_TOKENS
from userkit.features.screening.replies import ScreeningReply
from userkit.features.spending import SpentOn, most_tokens, spending
from userkit.kernel.clock import Clock, utc_now
from userkit.kernel.origin import coming_from
from userkit.ports.language_model import Question
from userkit.testing import FrozenClock, InstantHasher, ScriptedModel

__all__ = ["PRICES", "Price", "run"]


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens cost in US dollars, and how many a provider adds to a call with a schema."""

    model: str
    input: float
    output: float
    added: int = 0


# https://aws.amazon.com/bedrock/pricing/, on demand, US East, as AWS's own price tables had them in October
# 2026 (github.com/aws/agent-toolkit-for-aws). Profiles of one geography (us., eu., …) cost 10 % more than
# global. ones with Claude. Edit it: prices change, and yours may differ.
PRICES = (
    Price("Nova Micro", 0.035, 0.14),
    Price("Nova Lite", 0.06, 0.24),
    Price("Nova 2 Lite (us., eu.)", 0.33, 2.75),
    Price("Nova Pro", 0.80, 3.20),
    Price("Llama 3.3 70B", 0.72, 0.72),
    Price("Mistral Large 3", 0.50, 1.50),
    # What Anthropic documents for Claude 4 models whose tool_choice is a tool.
    Price("Claude Haiku 4.5 (global.)", 1.00, 5.00, added=313),
    Price("Claude Haiku 4.5 (us., eu.)", 1.10, 5.50, added=313),
    Price("as `spending()` takes it to be", 3.00, 15.00),
)


# What a model writes around the object it answers with, such as the name of the tool; an estimate.
_AROUND_AN_OBJECT = 25
# Where no tokenizer is installed; as English has it.
_CHARACTERS_PER_TOKEN = 4
_TRAILS = (20, 100, 500)
_LIMIT = 5.0
_PASSWORD = "mauve otters juggle teapots"

Count = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Call:
    """What one call takes, in tokens."""

    input: float
    output: float

    def cost(self, price: Price) -> float:
        """Return what it costs, in dollars."""
        return ((self.input + price.added) * price.input + self.output * price.output) / 1e6


@dataclass(frozen=True, slots=True)
class Screened:
    """What became of those who signed up: those who were asked about, and those who needed no model."""

    calls: Sequence[Call]
    refused: int
    remembered: int
    unanswered: int
    reserved: Call
    """The most that is set aside for a call until it has ended."""

    @property
    def asked(self) -> float:
        """Return the share that a model was asked about."""
        return 1 - (self.refused + self.remembered) / len(SIGN_UPS)

    @property
    def mean(self) -> Call:
        """Return what a call takes on average."""
        return Call(mean(each.input for each in self.calls), mean(each.output for each in self.calls))


def run(*, model: str | None = None, per_hour: float = _LIMIT) -> Iterator[str]:
    """Count, and multiply by the prices; with a ``model``, as it counts itself."""
    name, count = _counter()
    screened = _screened(count, model)
    summaries = [(entries, _summary(entries, count, model)) for entries in _TRAILS]
    yield f"Tokens: {model.partition('?')[0] if model else name}."
    if not screened.calls:
        yield "No sign-up got an answer that fits, so that there is nothing to count."
        return
    yield ""
    yield from _tokens(screened, summaries)
    yield ""
    # What a provider adds is in its own counts.
    prices = [replace(each, added=0) for each in PRICES] if model else PRICES
    yield from _costs(screened, summaries, prices, per_hour)


def _tokens(screened: Screened, summaries: Sequence[tuple[int, Call]]) -> Iterator[str]:
    yield "| call | tokens in | tokens out |"
    yield "|---|---|---|"
    yield f"| a sign-up, on average | {screened.mean.input:,.0f} | {screened.mean.output:,.0f} |"
    inputs = [each.input for each in screened.calls]
    yield f"| the cheapest and the dearest sign-up | {min(inputs):,.0f} and {max(inputs):,.0f} | |"
    for entries, call in summaries:
        yield f"| a summary of {entries} entries | {call.input:,.0f} | {call.output:,.0f} |"
    yield ""
    yield (
        f"Of {len(SIGN_UPS)} sign-ups the rules refused {screened.refused}, and {screened.remembered} had an "
        f"answer that was remembered: {1 - screened.asked:.0%} needed no model."
    )
    if screened.unanswered:
        yield f"{screened.unanswered} got no answer that fits, and are left out."


def _costs(
    screened: Screened, summaries: Sequence[tuple[int, Call]], prices: Sequence[Price], per_hour: float
) -> Iterator[str]:
    titles = " | ".join(f"a summary of {entries}" for entries, _ in summaries)
    yield f"| model | in, out | 1,000 sign-ups | {titles} | sign-ups an hour for {per_hour:g} |"
    yield f"|---|---|---|{'---|' * len(summaries)}---|"
    for price in prices:
        one = screened.mean.cost(price) * screened.asked
        each = " | ".join(f"{call.cost(price):.4f}" for _, call in summaries)
        yield (
            f"| {price.model} | {price.input:g}, {price.output:g} | **{1000 * one:.3f}** | {each} | "
            f"{per_hour / one:,.0f} |"
        )
    most = screened.reserved.cost(prices[-1])
    yield ""
    yield (
        f"Until a call has ended, `spending()` sets aside what it may cost at most, {most:.4f} by its own "
        f"prices: {per_hour:g} are enough for {per_hour / most:,.0f} sign-ups at the same moment."
    )


def _screened(count: Count, model: str | None) -> Screened:
    calls: list[Call] = []
    refused = remembered = unanswered = 0
    recorder = ScriptedModel(script=(_verdict,))
    with _kit(recorder, model, screening(attributes=["about"])) as kit:
        for number, each in enumerate(SIGN_UPS):
            before, is_refused = _spent(kit), False
            try:
                kit.users.register(
                    email=f"person{number}@{each.domain}", name=each.name, attributes={"about": each.about}
                )
            except ScreeningRefusedError:
                is_refused = True
            after = _spent(kit)
            if after.calls == before.calls:
                refused, remembered = refused + is_refused, remembered + (not is_refused)
            elif after.input_tokens == before.input_tokens:
                unanswered += 1
            else:
                calls.append(_call(before, after, recorder, count, model))
    return Screened(calls, refused, remembered, unanswered, _most())


def _most() -> Call:
    texts = (screening_prompt.SYSTEM, json.dumps(ScreeningReply.model_json_schema()))
    question = json.dumps({"name": "", "domain": "example.com", "occasion": "registration", "attributes": {}})
    return Call(most_tokens(*texts, question), MOST_TOKENS)


def _summary(entries: int, count: Count, model: str | None) -> Call:
    clock, recorder = FrozenClock(), ScriptedModel(script=(_sentences,))
    begin = clock()
    with _kit(recorder, model, activity_summary(longest=timedelta(days=3650)), clock=clock) as kit:
        user_id = _live(kit, clock, entries)
        before = _spent(kit)
        with suppress(SummaryRefusedError):  # it costs as much
            kit[activity_summary()].summarise(user_id, since=begin, until=clock() + timedelta(hours=1))
        return _call(before, _spent(kit), recorder, count, model)


def _live(kit: SyncUserKit, clock: FrozenClock, entries: int) -> str:
    """Let somebody live until their trail has so many entries: sign-ins from three places, and mistakes."""
    email = "ada@example.com"
    user_id = kit.users.register(email=email, name="Ada Lovelace", password=_PASSWORD).id
    for number in range(1, entries):
        clock.advance(hours=7, minutes=13 * (number % 5))
        agent = "Mozilla/5.0 (X11; Linux x86_64)" if number % 3 else "Example/1.0 (iPhone)"
        wrong = number % 10 == 0
        with (
            coming_from(address=f"192.0.2.{number % 3}", user_agent=agent),
            suppress(InvalidCredentialsError),
        ):
            kit.sessions.sign_in(email=email, password="a mistake was made" if wrong else _PASSWORD)
    return user_id


def _kit(
    recorder: ScriptedModel, model: str | None, feature: AnyFeature, *, clock: Clock = utc_now
) -> SyncUserKit:
    return SyncUserKit(
        "memory://",
        secret=secrets.token_urlsafe(32),
        # The limit shall not be in the way of measuring it.
        features=[feature, spending(per_hour=1000.0)],
        hasher=InstantHasher(),
        language_model=model or recorder,
        clock=clock,
    )


def _spent(kit: SyncUserKit) -> SpentOn:
    purposes = kit[spending()].current().purposes.values()
    return next(iter(purposes), SpentOn(calls=0, input_tokens=0, output_tokens=0, spent=0, reserved=0))


def _call(before: SpentOn, after: SpentOn, recorder: ScriptedModel, count: Count, model: str | None) -> Call:
    if model is not None:
        return Call(after.input_tokens - before.input_tokens, after.output_tokens - before.output_tokens)
    asked = recorder.asked[-1]
    if asked.schema is None:
        return Call(count(_sent(asked)), count(_sentences(asked)))
    return Call(count(_sent(asked)), count(json.dumps(_verdict(asked))) + _AROUND_AN_OBJECT)


def _sent(asked: Question) -> str:
    """Return what goes to Bedrock, as text; what a provider makes of it is about as long."""
    request = request_of("amazon.nova-lite-v1:0", asked, Options())
    texts = [each["text"] for each in request.get("system", ())]
    texts += [block["text"] for message in request["messages"] for block in message["content"]]
    if "toolConfig" in request:
        texts.append(json.dumps(request["toolConfig"]))
    return "\n".join(texts)


def _verdict(asked: Question) -> Mapping[str, Any]:
    if "t.me/" in asked.text:
        return {"verdict": "refuse", "reasons": ["throw_away"], "confidence": "high"}
    return {"verdict": "allow", "reasons": [], "confidence": "high"}


def _sentences(asked: Question) -> str:
    """Return a summary as models write it: more sentences for more entries, up to a dozen."""
    entries = len(json.loads(asked.messages[-1].text)["entries"])
    lines = [
        f"Between 3 March and {day} April the owner signed in {day} times with a password from address B, "
        f"each time with device 1, and nothing else changed [{day}, {day + 1}, {day + 2}]."
        for day in range(1, min(12, 2 + entries // 10) + 1)
    ]
    return "\n".join(lines)


def _counter() -> tuple[str, Count]:
    try:
        import mistral_common
        from mistral_common.tokens.tokenizers.tekken import Tekkenizer
    except ModuleNotFoundError:
        told = f"estimated, one for {_CHARACTERS_PER_TOKEN} characters (mistral-common is not installed)"
        return told, lambda text: -(-len(text) // _CHARACTERS_PER_TOKEN)
    newest = max((Path(mistral_common.__file__).parent / "data").glob("tekken_*.json"))
    tokenizer = Tekkenizer.from_file(newest)
    return f"Mistral's {newest.stem}", lambda text: len(tokenizer.encode(text, bos=False, eos=False))


def main(arguments: Sequence[str]) -> None:
    """Take the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.language_model_costs")
    parser.add_argument("--model", help="URL of a model that is really asked; that costs money")
    parser.add_argument("--per-hour", type=float, default=_LIMIT, help="what spending(per_hour=…) says")
    chosen = parser.parse_args(arguments)
    try:
        for line in run(model=chosen.model, per_hour=chosen.per_hour):
            print(line, flush=True)
    except UserKitError as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
