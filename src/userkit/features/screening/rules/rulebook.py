"""All rules together, with the words of the application."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from userkit.errors import ConfigurationError
from userkit.features.screening.model import Judgement, Reason, Subject, Verdict
from userkit.features.screening.rules.domains import disposable_domains, is_disposable, plain_domain
from userkit.features.screening.rules.instructions import speaks_to_models
from userkit.features.screening.rules.likeness import Protected
from userkit.features.screening.rules.links import has_link
from userkit.features.screening.rules.reading import Reading
from userkit.features.screening.rules.reserved import Reserved
from userkit.features.screening.rules.texts import texts_in
from userkit.features.screening.rules.throw_away import is_throw_away

__all__ = ["Rulebook"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Rulebook:
    """Judge people by rules alone: no model, no network, the same answer every time.

    | what is found | verdict | reasons |
    |---|---|---|
    | a name that speaks for the site | review | ``reserved_name`` |
    | the same, made of look-alike or invisible characters | refuse | and ``confusable_characters`` |
    | a name like that of staff | review | ``impersonates_staff`` |
    | the same, made of look-alike or invisible characters | refuse | and ``confusable_characters`` |
    | a name like that of a brand | review | ``impersonates_brand`` |
    | the same, made of look-alike or invisible characters | refuse | and ``confusable_characters`` |
    | scripts mixed within a word of the name | review | ``confusable_characters`` |
    | a name that nobody has | review | ``throw_away`` |
    | a link in the name | review | ``abusive`` |
    | text that speaks to language models, in the name or in an attribute | review | ``instructions`` |
    | a domain of throw-away mailboxes | review, or as set | ``disposable_address`` |
    """

    reserved: Reserved
    staff: Protected
    brands: Protected
    allowed_names: frozenset[str]
    names_in: tuple[str, ...]
    also_disposable: frozenset[str]
    allowed_domains: frozenset[str]
    disposable: Verdict

    @classmethod
    def of(
        cls,
        *,
        staff: Iterable[str] = (),
        brands: Iterable[str] = (),
        reserved: Iterable[str] = (),
        allowed_names: Iterable[str] = (),
        names_in: Iterable[str] = (),
        also_disposable: Iterable[str] = (),
        allowed_domains: Iterable[str] = (),
        disposable: Verdict = Verdict.REVIEW,
    ) -> Self:
        """Make the rules of the application's own words.

        - ``staff``, ``brands``: names that others must not resemble.
        - ``reserved``: words and phrases that are reserved besides those that are built in.
        - ``allowed_names``: whole names that the rules would hold up, and that are honest here.
        - ``names_in``: attributes that are shown as names are, and are judged as such.
        - ``also_disposable``, ``allowed_domains``: domains that the list lacks, and that it errs about.
        - ``disposable``: what comes of a disposable domain; ``Verdict.ALLOW`` asks for no list at all.

        Raises ConfigurationError for one text where several are meant, and MissingExtraError without
        the list of disposable domains.
        """
        if disposable is not Verdict.ALLOW:
            disposable_domains()  # missing now, not when somebody registers
        return cls(
            reserved=Reserved.of(_texts("reserved", reserved)),
            staff=Protected.of(_texts("staff", staff)),
            brands=Protected.of(_texts("brands", brands)),
            allowed_names=frozenset(Reading.of(name).text for name in _texts("allowed_names", allowed_names)),
            names_in=_texts("names_in", names_in),
            also_disposable=frozenset(map(plain_domain, _texts("also_disposable", also_disposable))),
            allowed_domains=frozenset(map(plain_domain, _texts("allowed_domains", allowed_domains))),
            disposable=disposable,
        )

    def judge(self, subject: Subject) -> Judgement:
        """Judge somebody. Whatever they typed is looked at in bounded time, and raises nothing."""
        return Judgement.strictest(self._findings(subject))

    def _findings(self, subject: Subject) -> Iterator[Judgement]:
        yield from self._of_name(subject.name)
        for key in self.names_in:
            shown = subject.attributes.get(key)
            if isinstance(shown, str) and shown:
                yield from self._of_name(shown)
        if any(map(speaks_to_models, texts_in([subject.name, *subject.attributes.values()]))):
            yield _found(Verdict.REVIEW, Reason.INSTRUCTIONS)
        if self.disposable is not Verdict.ALLOW and self._is_disposable(subject.domain):
            yield _found(self.disposable, Reason.DISPOSABLE_ADDRESS)

    def _of_name(self, name: str) -> Iterator[Judgement]:
        reading = Reading.of(name)
        if has_link(reading.text):
            yield _found(Verdict.REVIEW, Reason.ABUSIVE)
        if reading.text in self.allowed_names:
            return
        for rule, reason in (
            (self.reserved, Reason.RESERVED_NAME),
            (self.staff, Reason.IMPERSONATES_STAFF),
            (self.brands, Reason.IMPERSONATES_BRAND),
        ):
            yield from _pretending(rule.match(reading), reason)
        if reading.mixed:
            yield _found(Verdict.REVIEW, Reason.CONFUSABLE_CHARACTERS)
        if is_throw_away(reading.text, reading.written):
            yield _found(Verdict.REVIEW, Reason.THROW_AWAY)

    def _is_disposable(self, domain: str) -> bool:
        return is_disposable(domain, extra=self.also_disposable, allowed=self.allowed_domains)


def _pretending(by_trick: bool | None, reason: Reason) -> Iterator[Judgement]:
    if by_trick:
        yield _found(Verdict.REFUSE, reason, Reason.CONFUSABLE_CHARACTERS)
    elif by_trick is not None:
        yield _found(Verdict.REVIEW, reason)


def _found(verdict: Verdict, *reasons: Reason) -> Judgement:
    return Judgement(verdict=verdict, reasons=tuple(sorted(reasons, key=lambda reason: reason.value)))


def _texts(name: str, given: Iterable[str]) -> tuple[str, ...]:
    texts = (given,) if isinstance(given, str) else tuple(given)
    if isinstance(given, str) or not all(isinstance(text, str) for text in texts):
        raise ConfigurationError(f"{name} is a list of texts: write {name}=[…].")
    return texts
