"""Asking a language model, within limits; whatever it does, the answer is one of ours or none."""

import json
import logging
from dataclasses import dataclass

from userkit.errors import (
    LanguageModelError,
    ModelAccessError,
    ModelQuotaError,
    ModelUnavailableError,
    StoreError,
    UnknownModelError,
)
from userkit.feature import Parts
from userkit.features.screening.answers import Answers
from userkit.features.screening.fingerprints import Fingerprints
from userkit.features.screening.model import Judgement, Reason, Subject, Verdict
from userkit.features.screening.prompt import PROMPT_VERSION, SYSTEM, document
from userkit.features.screening.replies import ScreeningReply
from userkit.features.screening.settings import Settings
from userkit.features.spending import UNCHARGED, Reservation, Spending, most_tokens
from userkit.features.throttling import Throttling
from userkit.kernel.address import client_network
from userkit.kernel.origin import current_origin
from userkit.ports.language_model import LanguageModel, Message, Usage
from userkit.ports.rate_limit import Limit, RateLimiter
from userkit.storage.breaker import Breaker

__all__ = ["MOST_TOKENS", "AskModel", "asking"]

MOST_TOKENS = 300
"""How long an answer may be: enough for every reason there is."""

_log = logging.getLogger("userkit.screening")

_PURPOSE = "screening"
_SCHEMA = json.dumps(ScreeningReply.model_json_schema())
# What another question would meet as well. An answer that does not fit, or a filter that holds one
# back, is no sign of that: else anybody could keep the model from everybody with a name.
_OF_THE_MODEL = (ModelUnavailableError, ModelAccessError, ModelQuotaError, UnknownModelError)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskModel:
    """Let a language model judge a subject.

    - ``limit``: how many questions one client address or one user may cause.
    - ``breaker``: keeps callers from waiting for a model that does not answer.
    - ``unanswered``: what counts when there is no answer.
    """

    model: LanguageModel
    spending: Spending
    answers: Answers
    fingerprints: Fingerprints
    limiter: RateLimiter
    limit: Limit
    breaker: Breaker
    time_limit: float
    unanswered: Verdict

    async def __call__(self, subject: Subject) -> Judgement:
        """Return what the model says of a subject, or what counts instead, with the reason NOT_JUDGED.

        What is remembered is not asked. Where a part of the subject is too large to be sent, the
        stricter of both counts. No failure of the model is raised.
        """
        question, whole = document(subject)
        id = self.fingerprints.question(self.model.name, PROMPT_VERSION, question)
        answer = await self._answer(id, question)
        if answer is None:
            return self._no_answer
        return answer if whole else Judgement.strictest([answer, self._no_answer])

    @property
    def _no_answer(self) -> Judgement:
        return Judgement(verdict=self.unanswered, reasons=(Reason.NOT_JUDGED,))

    async def _answer(self, id: str, question: str) -> Judgement | None:
        try:
            return await self.answers.known(id) or await self._fresh(id, question)
        except StoreError as error:
            # Perhaps only that store is away in which it is written down what was asked and spent.
            _log.warning("The language model is not asked", extra={"problem": error.code})
            return None

    async def _fresh(self, id: str, question: str) -> Judgement | None:
        ticket = self.breaker.admit()
        if ticket is None or not await self._is_within_limit():
            return None
        most = most_tokens(SYSTEM, _SCHEMA, question)
        reservation = await self.spending.reserve(_PURPOSE, most, MOST_TOKENS)
        if reservation is None:
            return None
        answer = await self._asked(question, reservation, ticket)
        if answer is not None:
            await self.answers.keep(id, answer)
        return answer

    async def _is_within_limit(self) -> bool:
        origin = current_origin()
        if origin.actor_id is None and origin.address is None:
            return True  # the application's own code asks
        who = origin.actor_id or client_network(origin.address)
        verdict = await self.limiter.take(self.limit, who)
        if verdict.began:
            _log.warning("One caller has asked the language model too much", extra={"limit": self.limit.name})
        return verdict.allowed

    async def _asked(self, question: str, reservation: Reservation, ticket: int) -> Judgement | None:
        try:
            completion = await self.model.complete(
                [Message(text=question)],
                system=SYSTEM,
                max_tokens=MOST_TOKENS,
                schema=ScreeningReply,
                time_limit=self.time_limit,
            )
            answer = completion.value.judgement
        except Exception as error:  # noqa: BLE001  # whatever a provider raises, people can register
            await self._failed(error, reservation, ticket)
            return None
        self.breaker.succeeded(ticket)
        await self.spending.settle(reservation, completion.usage)
        return answer

    async def _failed(self, error: Exception, reservation: Reservation, ticket: int) -> None:
        # Only the kind: its text may hold what was said.
        _log.warning("The language model has not judged", extra={"problem": type(error).__name__})
        if isinstance(error, _OF_THE_MODEL):
            self.breaker.failed(ticket)
        elif isinstance(error, LanguageModelError):
            self.breaker.succeeded(ticket)
        if isinstance(error, UNCHARGED):
            await self.spending.settle(reservation, Usage())


def asking(parts: Parts, model: LanguageModel, fingerprints: Fingerprints, settings: Settings) -> AskModel:
    """Wire what asks the model of a kit. All views of a realm know when it has failed."""
    breaker = parts.shared.setdefault("screening model", Breaker(settings.moment))
    assert isinstance(breaker, Breaker)
    return AskModel(
        model=model,
        spending=parts.offer(Spending),
        answers=Answers(store=parts.store, now=parts.now, remember=settings.remember),
        fingerprints=fingerprints,
        limiter=parts.offer(Throttling).limiter,
        limit=settings.limit,
        breaker=breaker,
        time_limit=settings.time_limit,
        unanswered=settings.unanswered,
    )
