"""Rendering: every letter, hostile names, and templates of the application's own."""

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader

from userkit.errors import ConfigurationError, MissingExtraError, UsageError
from userkit.features.mail import LETTERS, LetterKind
from userkit.features.mail.rendering import Link, Rendered, Renderer

AT = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
LINK = Link("https://app.example/verify-email#token=abc", timedelta(hours=24))
KINDS = [pytest.param(kind, id=kind.name) for kind in LETTERS]
RENDERER = Renderer(app_name="Engine & Co")


def rendered(kind: LetterKind, renderer: Renderer = RENDERER, **context: str) -> Rendered:
    """Render a letter with everything in it."""
    given = {"user_name": "Ada", **kind.needs, **kind.may, **context}
    return renderer.render(kind, given, at=AT, link=LINK if kind.link else None)


class Reader(HTMLParser):
    """Reads HTML as a mail program does: its elements, links and words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note what is to be read."""
        self.words += data


@pytest.mark.parametrize("kind", KINDS)
def test_every_letter_says_who_writes_and_to_whom(kind: LetterKind) -> None:
    """In one subject, in the text and in the HTML."""
    letter = rendered(kind)
    words = Reader(letter.html).words
    assert "Engine & Co" in letter.subject
    for body in (letter.text, words):
        assert "Hello Ada," in body
        assert body.rstrip().endswith("Engine & Co")
        assert "{{" not in body
        for value in (*kind.needs.values(), *kind.may.values()):
            assert value in body
    assert letter.subject not in letter.text.splitlines()[0]


@pytest.mark.parametrize("kind", KINDS)
def test_text_and_html_say_the_same(kind: LetterKind) -> None:
    """Whichever is shown, every word of the text is in the HTML."""
    letter = rendered(kind)
    words = set(re.findall(r"\w+", Reader(letter.html).words))
    assert set(re.findall(r"\w+", letter.text)) - {"The", "link"} <= words | {"token"}


@pytest.mark.parametrize("kind", [kind for kind in LETTERS if kind.link], ids=lambda kind: kind.name)
def test_a_link_is_shown_whole_and_for_how_long(kind: LetterKind) -> None:
    """On a line of its own in the text, and in the HTML to be pressed or copied."""
    letter = rendered(kind)
    assert LINK.url in letter.text.splitlines()
    assert "1 day" in letter.text
    reader = Reader(letter.html)
    assert [attrs["href"] for tag, attrs in reader.elements if tag == "a"] == [LINK.url] * 2
    assert LINK.url in reader.words


@pytest.mark.parametrize("kind", KINDS)
def test_html_is_for_everybody(kind: LetterKind) -> None:
    """A language and a title for screen readers, both colour schemes, and nothing that is loaded or runs."""
    reader = Reader(rendered(kind).html)
    tags = {tag for tag, _ in reader.elements}
    by_tag = {tag: attrs for tag, attrs in reader.elements if tag in ("html", "div")}
    assert by_tag["html"]["lang"] == "en"
    assert by_tag["div"]["role"] == "article"
    assert ("meta", {"name": "color-scheme", "content": "light dark"}) in reader.elements
    assert {"title", "body", "p"} <= tags
    assert not tags & {"img", "script", "link", "style", "iframe", "object", "form"}
    assert "url(" not in rendered(kind).html


@pytest.mark.parametrize("kind", KINDS)
def test_what_may_be_missing_may_be_missing(kind: LetterKind) -> None:
    """Nobody is greeted as None."""
    letter = RENDERER.render(kind, kind.needs, at=AT, link=LINK if kind.link else None)
    assert "None" not in letter.text + letter.html + letter.subject
    assert "Hello,\n" in letter.text
    assert "  " not in letter.text


HOSTILE = [
    "Ada\r\nBcc: eve@example.com",
    "Ada\n\nYour account is closed",
    "Ada\u2028Subject: hello",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<b>Ada</b>",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "Ada\u202egnp.exe",
    "https://evil.example/#token=1",
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("kind", KINDS)
def test_rg_4_a_hostile_name_stays_a_name(kind: LetterKind, name: str) -> None:
    """It adds no line, no element and no header to any letter, and is no template."""
    letter = rendered(kind, user_name=name)
    usual = rendered(kind)
    assert letter.subject == usual.subject
    assert len(letter.text.splitlines()) == len(usual.text.splitlines())
    assert [tag for tag, _ in Reader(letter.html).elements] == [tag for tag, _ in Reader(usual.html).elements]
    for body in (letter.text, letter.html):
        assert "evil" not in body
        assert "49" not in body
        assert "\u202e" not in body


@given(st.text(max_size=200), st.text(max_size=200))
def test_rg_4_nothing_that_is_filled_in_changes_the_shape(name: str, key_name: str) -> None:
    """Whatever people call themselves and their keys."""
    kind = RENDERER.kind("api_key_created")
    letter, usual = rendered(kind, user_name=name, key_name=key_name), rendered(kind)
    assert letter.subject == usual.subject
    assert len(letter.text.splitlines()) == len(usual.text.splitlines())
    assert [tag for tag, _ in Reader(letter.html).elements] == [tag for tag, _ in Reader(usual.html).elements]


def test_rg_4_a_subject_is_one_line() -> None:
    """Also where a template puts into it what somebody else has written."""
    templates = DictLoader({"api_key_created.txt": "Subject: Key {{ key_name }}\n\nHello"})
    renderer = Renderer(app_name="Engine\r\nBcc: eve@example.com", templates=templates)
    letter = rendered(renderer.kind("api_key_created"), renderer, key_name="a\r\nBcc: eve@example.com")
    assert letter.subject == "Key a Bcc: eve@example.com"
    assert rendered(renderer.kind("verify_email"), renderer).subject.endswith("Engine Bcc: eve@example.com")


def test_an_application_replaces_single_templates(tmp_path: Path) -> None:
    """A file of the same name wins; the others stay, and may be built on."""
    (tmp_path / "verify_email.txt").write_text("Subject: Hi {{ user_name }}\n\nGo to {{ link }}\n")
    (tmp_path / "layout.html").write_text("<main>{% block body %}{% endblock %}</main>")
    renderer = Renderer(app_name="Engine", templates=tmp_path)
    letter = rendered(renderer.kind("verify_email"), renderer)
    assert (letter.subject, letter.text) == ("Hi Ada", f"Go to {LINK.url}\n")
    assert letter.html.startswith("<main><p>Please confirm")
    assert "Hello Ada" in rendered(renderer.kind("reset_password"), renderer).text


@pytest.mark.parametrize(
    ("name", "template", "problem"),
    [
        ("verify_email.txt", "Subject: a\n\n{{ lnik }}", r"verify_email\.txt, line 3: 'lnik' is undefined"),
        ("verify_email.html", "a\n{% if %}", r"verify_email\.html, line 2: Expected an expression"),
        (
            "verify_email.html",
            "\n{{ user_name|bold }}",
            r"verify_email\.html, line 2: No filter named 'bold'",
        ),
        ("verify_email.html", "{% include 'a.html' %}", r"verify_email\.html asks for a\.html, which is not"),
        ("verify_email.html", "\n\n{{ at + 1 }}", r"verify_email\.html, line 3: TypeError\."),
        ("verify_email.html", "{{ at.__class__.__mro__ }}", r"verify_email\.html, line 1: .*unsafe"),
        ("layout.html", "\n{{ nothing }}", r"\.html, line 2: 'nothing' is undefined"),
        ("verify_email.txt", "Hello\n\nHello", r"verify_email\.txt, line 1: it begins with 'Subject: …'"),
        ("verify_email.txt", "Subject:\n\nHello", r"verify_email\.txt, line 1"),
        ("verify_email.txt", "Subject: a\nHello", r"verify_email\.txt, line 1"),
        ("verify_email.txt", "", r"verify_email\.txt, line 1"),
        ("password_changed.txt", "Subject: a\n\n{{ address.upper() }}", r"line 3: 'None' has no attribute"),
        ("password_changed.txt", "Subject: a\n\n{{ link }}", r"It may use: address, app_name, at, subject"),
    ],
)
@pytest.mark.parametrize("from_folder", [True, False])
def test_a_broken_template_is_refused_at_the_start(
    tmp_path: Path, name: str, template: str, problem: str, from_folder: bool
) -> None:
    """With its name and the line, before the first letter."""
    (tmp_path / name).write_text(template)
    with pytest.raises(ConfigurationError, match=problem) as caught:
        Renderer(app_name="Engine", templates=tmp_path if from_folder else DictLoader({name: template}))
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_a_template_that_is_no_text(tmp_path: Path) -> None:
    """It is named, whatever is wrong with it."""
    (tmp_path / "verify_email.txt").write_bytes(b"Subject: \xff\n\nHello")
    with pytest.raises(ConfigurationError, match=r"verify_email\.txt, line 1: UnicodeDecodeError"):
        Renderer(app_name="Engine", templates=tmp_path)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """A typing error would otherwise go unnoticed."""
    with pytest.raises(ConfigurationError, match="The folder of mail templates is not there"):
        Renderer(app_name="Engine", templates=tmp_path / "templates")


def test_a_feature_brings_letters_of_its_own(tmp_path: Path) -> None:
    """With a folder of templates, which are tried at once and may use ours; the application's still win."""
    (tmp_path / "welcome.txt").write_text("Subject: Welcome\n\n{{ gift }} {{ colour }}\n")
    (tmp_path / "welcome.html").write_text(
        '{% extends "layout.html" %}{% block body %}{{ gift }}{% endblock %}'
    )
    own = DictLoader({"welcome.txt": "Subject: Ahoy\n\n{{ gift }}\n"})
    kind = LetterKind(name="welcome", needs={"gift": "a pony"}, may={"colour": "red"}, folder=tmp_path)
    for templates, subject in ((None, "Welcome"), (own, "Ahoy")):
        renderer = Renderer(app_name="Engine", templates=templates)
        renderer.add(kind)
        renderer.add(
            LetterKind(name="welcome", needs={"gift": "a pony"}, may={"colour": "red"}, folder=tmp_path)
        )
        letter = rendered(renderer.kind("welcome"), renderer)
        assert letter.subject == subject
        assert "a pony" in letter.text
        assert "a pony" in letter.html


def test_letters_are_known_by_one_name(tmp_path: Path) -> None:
    """Two of one name are a mistake, and so is a name that nobody knows, or templates that are not there."""
    renderer = Renderer(app_name="Engine")
    with pytest.raises(UsageError, match="another kind of letter called verify_email"):
        renderer.add(LetterKind(name="verify_email"))
    with pytest.raises(UsageError, match="no kind of letter called welcome: verify_email, "):
        renderer.kind("welcome")
    with pytest.raises(ConfigurationError, match=r"welcome\.txt asks for welcome\.txt, which is not there"):
        renderer.add(LetterKind(name="welcome", folder=tmp_path))


def test_st_4_nothing_of_a_letter_is_shown() -> None:
    """It may hold a link that opens an account."""
    assert "token" not in repr(LINK)
    assert "Ada" not in repr(rendered(RENDERER.kind("verify_email")))


def test_what_the_extra_brings_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mail needs Jinja2, and says how to get it."""
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingExtraError, match=r"jinja2 is not installed: .*userkit-sdk\[mail\]"):
        Renderer(app_name="Engine")


def test_importing_the_feature_imports_no_templates() -> None:
    """Who sends no mail needs no Jinja2, and does not wait for it."""
    program = "import sys, userkit.features.mail; print('jinja2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert done.stdout == "False\n"
