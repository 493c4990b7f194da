"""Judging somebody: rules first, which cost nothing, then a language model, and the strictest counts."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from userkit.features.screening.model import Judgement, Reason, Source, Subject, Verdict

__all__ = ["Decision", "Judge", "Rules"]


class Rules(Protocol):
    """Judges by rules."""

    def judge(self, subject: Subject) -> Judgement:
        """Return what the rules say."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A judgement, and whose verdict it is."""

    judgement: Judgement
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Judge a subject; ``ask`` asks a language model, None where there is none."""

    rules: Rules
    ask: Callable[[Subject], Awaitable[Judgement]] | None

    async def __call__(self, subject: Subject, *, beside: Judgement) -> Decision:
        """Return what the rules, what was found ``beside`` them and the model say together.

        What the rules refuse never costs a question, and no model can soften them.
        """
        found = Judgement.strictest([self.rules.judge(subject), beside])
        if self.ask is None or found.verdict is Verdict.REFUSE:
            return Decision(judgement=found, source=Source.RULES)
        said = await self.ask(subject)
        source = Source.POLICY if Reason.NOT_JUDGED in said.reasons else Source.MODEL
        return Decision(judgement=Judgement.strictest([found, said]), source=source)
