"""Rendering: a kind of letter and what it is about become a subject, a text and HTML."""

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from userkit.errors import ConfigurationError, MissingExtraError, UsageError
from userkit.features.mail.letters import ALWAYS, LETTERS, LetterKind
from userkit.features.mail.words import in_words, moment_in_words, one_line, safe_name

if TYPE_CHECKING:
    from jinja2 import BaseLoader
    from jinja2.sandbox import SandboxedEnvironment

__all__ = ["Link", "Rendered", "Renderer"]

_SUBJECT = "Subject:"
_SOME_DAY = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True, repr=False)
class Link:
    """A link that opens something, and for how long."""

    url: str
    lifetime: timedelta


@dataclass(frozen=True, slots=True, repr=False)
class Rendered:
    """A letter ready to be sent."""

    subject: str
    text: str
    html: str


class Renderer:
    """Render letters from templates; each kind is tried once when it is added."""

    def __init__(self, *, app_name: str, templates: "Path | BaseLoader | None" = None) -> None:
        """Try every letter of userkit, with the application's templates where it has its own.

        Raises MissingExtraError without Jinja2, and ConfigurationError that names the template and
        the line of a mistake.
        """
        self.app_name = one_line(app_name)
        self.kinds: dict[str, LetterKind] = {}
        self._environment, self._places = _environment(templates)
        for kind in LETTERS:
            self.add(kind)

    def add(self, kind: LetterKind) -> None:
        """Know one more kind of letter. Adding the same again does nothing.

        Raises UsageError when the name is taken, and ConfigurationError.
        """
        known = self.kinds.setdefault(kind.name, kind)
        if known != kind:
            raise UsageError(f"There is another kind of letter called {kind.name}.")
        if known is not kind:
            return
        if kind.folder is not None:
            from jinja2 import FileSystemLoader

            self._places.append(FileSystemLoader(kind.folder))
        for user_name, given in (("Ada Lovelace", {**kind.needs, **kind.may}), ("", kind.needs)):
            link = Link("https://app.example/path#token=sample", timedelta(hours=1)) if kind.link else None
            self.render(kind, {"user_name": user_name, **given}, at=_SOME_DAY, link=link)

    def kind(self, name: str) -> LetterKind:
        """Return a kind of letter by its name. Raises UsageError."""
        try:
            return self.kinds[name]
        except KeyError:
            raise UsageError(f"There is no kind of letter called {name}: {', '.join(self.kinds)}.") from None

    def render(
        self, kind: LetterKind, context: Mapping[str, Any], *, at: datetime, link: Link | None = None
    ) -> Rendered:
        """Render a letter. Raises ConfigurationError when a template is wrong."""
        names = dict.fromkeys(kind.may) | {name: _harmless(value) for name, value in context.items()}
        names |= {
            "app_name": self.app_name,
            "at": moment_in_words(at),
            "user_name": safe_name(str(context.get("user_name") or "")),
        }
        if link is not None:
            names |= {"link": link.url, "expires_in": in_words(link.lifetime)}
        subject, text = _parted(f"{kind.name}.txt", self._filled(f"{kind.name}.txt", kind, names))
        html = self._filled(f"{kind.name}.html", kind, {**names, "subject": subject})
        return Rendered(subject, text, html)

    def _filled(self, name: str, kind: LetterKind, names: Mapping[str, Any]) -> str:
        try:
            return self._environment.get_template(name).render(names)
        except Exception as error:  # noqa: BLE001  # a template may do anything
            problem = _problem(name, error)
        # Outside of the except block, so that no context leads to what the letter says.
        links = ("expires_in", "link") if kind.link else ()
        known = ", ".join(sorted({*ALWAYS, *kind.needs, *kind.may, *links}))
        raise ConfigurationError(f"{problem} It may use: {known}.")


def _harmless(value: object) -> object:
    return one_line(value) if isinstance(value, str) else value


def _parted(name: str, filled: str) -> tuple[str, str]:
    """Return the subject, which is the first line, and the text below the blank line after it."""
    first, _, rest = filled.partition("\n")
    subject = one_line(first.removeprefix(_SUBJECT))
    if not first.startswith(_SUBJECT) or not subject or rest.partition("\n")[0].strip():
        raise ConfigurationError(
            f"The mail template {name}, line 1: it begins with '{_SUBJECT} …' and a blank line."
        )
    return subject, rest.strip() + "\n"


def _environment(templates: "Path | BaseLoader | None") -> "tuple[SandboxedEnvironment, list[BaseLoader]]":
    try:
        from jinja2 import ChoiceLoader, FileSystemLoader, PackageLoader, StrictUndefined
        from jinja2.sandbox import ImmutableSandboxedEnvironment
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"{error.name} is not installed: pip install 'userkit-sdk[mail]'") from error
    if isinstance(templates, Path):
        if not templates.is_dir():
            raise ConfigurationError(f"The folder of mail templates is not there: {templates}.")
        templates = FileSystemLoader(templates)
    places: list[BaseLoader] = [PackageLoader("userkit.features.mail")]
    environment = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader([*([] if templates is None else [templates]), ChoiceLoader(places)]),
        autoescape=lambda name: name is None or not name.endswith(".txt"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    return environment, places


def _problem(name: str, error: Exception) -> str:
    """Say in which template and line something is wrong, and nothing of what it was filled with."""
    from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError

    if isinstance(error, TemplateNotFound):
        return f"The mail template {name} asks for {error.name}, which is not there."
    if isinstance(error, TemplateSyntaxError):
        return f"The mail template {error.name or name}, line {error.lineno}: {error.message}"
    where, line = _place(name, error)
    what = str(error.message) if isinstance(error, TemplateError) else type(error).__name__
    return f"The mail template {where}, line {line}: {what.rstrip('.')}."


def _place(name: str, error: Exception) -> tuple[str, int]:
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename == "<template>" or frame.filename.endswith((".txt", ".html")):
            return (name if frame.filename == "<template>" else Path(frame.filename).name), frame.lineno or 1
    return name, 1
