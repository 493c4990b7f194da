"""HTML as a person and a screen reader find it: headings, texts, links, and forms that can be filled in."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

__all__ = ["Field", "Form", "Markup"]

_VOID = frozenset({"meta", "link", "input", "br"})


@dataclass
class Field:
    """Something in a form that has a name or is there to be typed into."""

    tag: str
    attributes: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.attributes.get(name, "")

    @property
    def is_hidden(self) -> bool:
        """Tell whether nobody sees it."""
        return self["type"] == "hidden" or "hidden" in self.attributes


@dataclass
class Form:
    """A form: what it sends unless somebody types, and where."""

    attributes: dict[str, str]
    fields: list[Field] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)

    def values(self) -> dict[str, str]:
        """Return what it would send without a button."""
        sent = {
            each["name"]: each["value"]
            for each in self.fields
            if each["name"] and each.tag == "input" and each["type"] not in ("checkbox", "submit")
        }
        return {**sent, **self.options}


class Markup(HTMLParser):
    """One page, read."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.headings: list[str] = []
        self.title = ""
        self.links: dict[str, str] = {}
        self.forms: list[Form] = []
        self.fields: list[Field] = []
        self.labels: set[str] = set()
        self.ids: list[str] = []
        self.roles: dict[str, list[str]] = {}
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._open: list[tuple[str, dict[str, str], list[str]]] = []
        self._form: Form | None = None
        self._select = ""
        self.feed(html)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.tags.append((tag, attributes))
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "form":
            self._form = Form(attributes)
            self.forms.append(self._form)
        if tag in ("input", "select", "button", "textarea"):
            found = Field(tag, attributes)
            self.fields.append(found)
            if self._form is not None:
                self._form.fields.append(found)
        if tag == "select":
            self._select = attributes["name"]
        if tag == "option" and "selected" in attributes:
            assert self._form is not None
            self._form.options[self._select] = attributes["value"]
        if tag == "label":
            self.labels.add(attributes["for"])
        if tag not in _VOID:
            self._open.append((tag, attributes, []))

    def handle_endtag(self, tag: str) -> None:
        opened, attributes, texts = self._open.pop()
        assert opened == tag, f"{opened} was closed by {tag}"
        text = " ".join("".join(texts).split())
        if tag in ("h1", "h2"):
            self.headings.append(f"{tag} {text}")
        if tag == "title":
            self.title = text
        if tag == "a":
            self.links[text] = attributes["href"]
        if "role" in attributes:
            self.roles.setdefault(attributes["role"], []).append(text)
        if tag == "form":
            self._form = None
        if tag == "body":
            self.text = text

    def handle_data(self, data: str) -> None:
        for _, _, texts in self._open:
            texts.append(data)
