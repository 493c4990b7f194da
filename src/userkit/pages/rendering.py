"""Templates and what they are filled with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from userkit.errors import ConfigurationError, MissingExtraError
from userkit.features.mail.words import moment_in_words
from userkit.pages.words import named_agent

if TYPE_CHECKING:
    from pathlib import Path

    from jinja2 import Environment

__all__ = ["Renderer"]


@dataclass(frozen=True, slots=True)
class Renderer:
    """Fill templates in. Whatever they are filled with is text and never markup."""

    environment: Environment
    names: Mapping[str, Any]

    @classmethod
    def of(cls, names: Mapping[str, Any], *, templates: Path | None) -> Self:
        """Read all templates, those of the application before ours; ``names`` are known in each.

        Raises MissingExtraError without Jinja2, and ConfigurationError for a template with a mistake.
        """
        return cls(_environment(templates), names)

    def fill(self, template: str, names: Mapping[str, Any]) -> bytes:
        """Return a page as HTML."""
        filled = self.environment.get_template(template).render(self.names, **names)
        return filled.encode(errors="replace")


@cache  # templates are the same for every realm and every kit
def _environment(templates: Path | None) -> Environment:
    try:
        from jinja2 import (
            BaseLoader,
            ChoiceLoader,
            Environment,
            FileSystemLoader,
            PackageLoader,
            PrefixLoader,
            StrictUndefined,
        )
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"{error.name} is not installed: pip install 'userkit-sdk[pages]'") from error
    ours = PackageLoader("userkit.pages")
    # A template that takes the place of ours can still build on it: {% extends "userkit/layout.html" %}.
    places: list[BaseLoader] = [ours, PrefixLoader({"userkit": ours})]
    if templates is not None:
        places.insert(0, FileSystemLoader(templates))
    environment = Environment(
        loader=ChoiceLoader(places),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(moment=moment_in_words, agent=named_agent)
    for name in environment.list_templates(extensions=["html"]):
        _check(environment, name)
    return environment


def _check(environment: Environment, name: str) -> None:
    from jinja2 import TemplateError, TemplateSyntaxError

    try:
        environment.get_template(name)
    except TemplateSyntaxError as error:
        raise ConfigurationError(f"The page template {name}, line {error.lineno}: {error.message}") from None
    except (TemplateError, ValueError) as error:
        raise ConfigurationError(f"The page template {name} cannot be read: {error}") from None
