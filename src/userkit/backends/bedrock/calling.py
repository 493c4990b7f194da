"""Requests: made again when Bedrock is busy or cannot be reached, within bounds, and out of step."""

import random
from collections.abc import Callable, Mapping
from typing import Any

from userkit.backends.bedrock.line import Line
from userkit.backends.bedrock.links import Link
from userkit.backends.bedrock.mishaps import FAILURES, UNREADABLE, Refusal
from userkit.backends.bedrock.refusals import refusal_of
from userkit.errors import ModelReplyError, ModelUnavailableError

__all__ = ["Answer", "Caller"]

Answer = Mapping[str, Any]

_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0


class Caller:
    """Make requests, named as boto3 does: ``converse``."""

    def __init__(
        self, link: Link, *, attempts: int, pause: Callable[[Line, float], None] = Line.pause
    ) -> None:
        """Take where requests go out, and how often to try."""
        self.link = link
        self.attempts = attempts
        self._pause = pause
        # Newer models of some families refuse what the older ones take, and no id tells which.
        self._not_taken: set[str] = set()

    def __call__(self, line: Line, operation: str, /, **request: Any) -> Answer:
        """Make a request, again while that may help and there is time.

        Raises LanguageModelError in one of its kinds, which has no cause: what AWS says may repeat
        what was asked.
        """
        for attempt in range(1, self.attempts + 1):
            line.check()
            answer = self._attempt(line, operation, request)
            if not isinstance(answer, Refusal):
                return answer
            wait = _wait(attempt, answer.after)
            if attempt == self.attempts or not self._may_repeat(line, answer, wait):
                raise answer.error
            self._pause(line, wait)
        raise AssertionError  # there is one attempt at least

    def _attempt(self, line: Line, operation: str, request: Mapping[str, Any]) -> Answer | Refusal:
        answer = self._made(line, operation, self._taken(request))
        if not isinstance(answer, Refusal) or answer.without is None or answer.without in self._not_taken:
            return answer
        # Nothing was answered, so nothing is paid twice; from now on it is left out at once.
        self._not_taken.add(answer.without)
        return self._made(line, operation, self._taken(request))

    def _taken(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a request without what the model does not take."""
        config: Mapping[str, Any] | None = request.get("inferenceConfig")
        if config is None or self._not_taken.isdisjoint(config):
            return request
        left = {name: value for name, value in config.items() if name not in self._not_taken}
        return {**request, "inferenceConfig": left}

    def _made(self, line: Line, operation: str, request: Mapping[str, Any]) -> Answer | Refusal:
        try:
            with line.open():
                answer: Answer = getattr(self.link.client, operation)(**request)
        except FAILURES as error:
            if line.is_cut:
                return Refusal(error=ModelUnavailableError("The call was ended."))
            return refusal_of(error)
        except (AttributeError, LookupError, TypeError, ValueError):
            # What botocore's parsers raise of an answer in a shape that they do not foresee.
            return Refusal(error=ModelReplyError(UNREADABLE))
        return answer

    @staticmethod
    def _may_repeat(line: Line, refusal: Refusal, wait: float) -> bool:
        left = line.left()
        return refusal.again and wait <= _LONGEST_PAUSE and (left is None or wait < left)


def _wait(attempt: int, after: float | None) -> float:
    """Return how long to wait: a random time, longer each time, on top of what AWS asks for."""
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (attempt - 1))
    if after is not None:
        # Who was told the same time would come back all at once.
        return after + random.uniform(0, _FIRST_PAUSE)  # noqa: S311  # only to keep out of step
    return random.uniform(0, longest)  # noqa: S311  # only to keep out of step
