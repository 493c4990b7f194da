"""Plugins of others: the example and what the template makes, each installed as a distribution of its own."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.servers.availability import missing

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "userkit-auth-proxy"
TEMPLATE = ROOT / "templates" / "plugin"
PATIENCE = 100

FINDS_A_STORE = """
import secrets
from userkit import SyncUserKit
from userkit.testing import InstantHasher

with SyncUserKit("{name}://main", secret=secrets.token_urlsafe(32), hasher=InstantHasher()) as kit:
    user = kit.users.register(email="ada@example.com", name="Ada Lovelace")
    assert kit.users.get(user.id) == user
"""

FINDS_AN_AUTH_BACKEND = """
import secrets
from datetime import UTC, datetime
from userkit import SyncUserKit
from userkit.testing import InstantHasher
from {module} import issue

SECRET = secrets.token_urlsafe(32)

with SyncUserKit("memory://", secret=SECRET, auth=["{name}"], hasher=InstantHasher()) as kit:
    user = kit.users.register(email="ada@example.com", name="Ada Lovelace")
    ticket = issue(user.id, epoch=user.session_epoch, secret=SECRET, at=datetime.now(UTC))
    identity = kit.authenticate(ticket)
    assert (identity.user_id, identity.backend) == (user.id, "{name}")
"""

USES_THE_PROXY = """
with kit:
    client = app.test_client()
    said = {"X-Forwarded-User": "ada@example.com", "X-Proxy-Secret": PROXY_SECRET}
    assert client.get("/api/v1/users/me", headers=said).json["email"] == "ada@example.com"
    guessed = {**said, "X-Proxy-Secret": secrets.token_urlsafe(32)}
    assert client.get("/api/v1/users/me", headers=guessed).status_code == 401
    assert client.get("/api/v1/auth/sessions", headers=said).json["code"] == "forbidden"
"""


@dataclass(frozen=True)
class Place:
    """A virtual environment that sees what this one sees, and what is installed in it."""

    folder: Path

    @property
    def python(self) -> Path:
        """Return its interpreter."""
        return self.folder / ("Scripts" if os.name == "nt" else "bin") / "python"

    def install(self, project: Path) -> None:
        """Install a distribution as people do, but for what it requires, which is there."""
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "--disable-pip-version-check"]
        run([*pip, "install", "--no-deps", "--no-build-isolation", "--no-index", "--quiet", str(project)])

    def own_tests(self, project: Path) -> str:
        """Run the tests of a distribution where it stands, and return what was said at the end."""
        said = run([str(self.python), "-m", "pytest", "-q", "-p", "no:cacheprovider"], folder=project)
        return said.strip().splitlines()[-1]

    def does(self, program: str, folder: Path) -> None:
        """Run a program of an application."""
        run([str(self.python), "-c", program], folder=folder)


def run(command: list[str], *, folder: Path | None = None) -> str:
    """Run a command, and return what it said; its failure is that of the test."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def environment() -> Mapping[str, str]:
    """Return an environment in which nothing of this run is told, and that leaves no files behind."""
    told = ("PYTEST", "COV", "USERKIT", "PYTHONPATH")
    bare = {name: value for name, value in os.environ.items() if not name.startswith(told)}
    return bare | {"PYTHONDONTWRITEBYTECODE": "1"}


def snippets(page: Path) -> str:
    """Return the Python of a page, as a reader types it from top to bottom."""
    blocks = re.findall(r"^```python$(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert blocks, page
    return "".join(blocks)


def need(module: str, distribution: str) -> None:
    """Say so where something is not installed that only these tests need."""
    if importlib.util.find_spec(module) is None:
        missing(distribution, install=f"pip install {distribution}")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Make a virtual environment; what is on this path is on its path, too."""
    need("hatchling", "hatchling")
    place = Place(tmp_path / "venv")
    run([sys.executable, "-m", "venv", "--without-pip", str(place.folder)])
    (packages,) = place.folder.glob("[Ll]ib/**/site-packages")
    seen = [each for each in sys.path if each and Path(each).exists() and Path(each) != ROOT]
    # This folder may be imported from a source tree, which is on nobody's path by itself.
    seen.append(str(ROOT / "src"))
    (packages / "what-is-there.pth").write_text("\n".join(dict.fromkeys(seen)), encoding="utf-8")
    return place


def generated(tmp_path: Path, *, kind: str, name: str) -> Path:
    """Return a distribution that the template has made."""
    need("copier", "copier")
    project = tmp_path / "generated"
    copier = [sys.executable, "-m", "copier", "copy", "--defaults", "--quiet"]
    run([*copier, "--data", f"kind={kind}", "--data", f"name={name}", str(TEMPLATE), str(project)])
    return project


def test_the_example_is_found_used_and_tested(place: Place, tmp_path: Path) -> None:
    """It knows nothing of userkit but what everybody may know."""
    project = shutil.copytree(EXAMPLE, tmp_path / "example")
    place.install(project)
    place.does(snippets(project / "README.md") + USES_THE_PROXY, tmp_path)
    assert " passed" in place.own_tests(project)


@pytest.mark.parametrize(
    ("kind", "name", "module", "program"),
    [
        ("store", "shelf", "userkit_store_shelf", FINDS_A_STORE),
        ("auth-backend", "acme.ticket-2", "userkit_auth_acme_ticket_2", FINDS_AN_AUTH_BACKEND),
    ],
    ids=["store", "auth-backend"],
)
def test_a_generated_plugin_is_green_from_the_start(
    place: Place, tmp_path: Path, kind: str, name: str, module: str, program: str
) -> None:
    """It has everything that a distribution needs, and the conformance kit passes where there is one."""
    project = generated(tmp_path, kind=kind, name=name)
    kept = {".github/workflows/tests.yml", "README.md", "docs/index.md", "pyproject.toml"}
    files = {str(each.relative_to(project)) for each in project.rglob("*") if each.is_file()}
    assert kept <= files
    assert not any("{" in each for each in files)
    place.install(project)
    place.does(program.format(name=name, module=module), tmp_path)
    place.does(snippets(project / "docs" / "index.md"), tmp_path)
    assert " passed" in place.own_tests(project)
    assert _asks_for_mail(project) == any(
        "userkit.backends.mail" in each.read_text(encoding="utf-8") for each in project.glob("tests/*.py")
    )


def _asks_for_mail(project: Path) -> bool:
    """Tell whether the tests of a distribution bring what letters are written with; here it always is."""
    declared = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = declared["optional-dependencies"]["testing"]
    return any("mail" in Requirement(each).extras for each in wanted)


@pytest.mark.parametrize("name", ["Acme", "", "acme_db", "1st", "acme-"])
def test_a_name_that_no_plugin_can_have_is_refused(tmp_path: Path, name: str) -> None:
    """Before anything is written."""
    with pytest.raises(AssertionError, match="lower-case letters, digits"):
        generated(tmp_path, kind="store", name=name)
    assert not (tmp_path / "generated").exists()
