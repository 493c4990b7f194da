"""The secret that is made beside a database: once, for its owner only."""

import stat
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.serving.served import served
from userkit import ConfigurationError
from userkit.kernel.keys import Keyring
from userkit.serving.secret_file import ensure_secret, secret_beside

CALLERS = 8


def test_a_secret_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    """It is strong enough, and what is there stays."""
    path = secret_beside(tmp_path / "app.db")
    assert ensure_secret(path)
    secret = path.read_text()
    Keyring.of(secret.split())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not ensure_secret(path)
    assert path.read_text() == secret
    assert [*tmp_path.iterdir()] == [tmp_path / "app.db.secret"]


def found(path: Path) -> tuple[bool, str]:
    """Begin, and return what a process finds."""
    return ensure_secret(path), path.read_text()


def test_processes_that_begin_at_once_agree(tmp_path: Path) -> None:
    """One makes it, and nobody reads half of it."""
    path = tmp_path / "app.db.secret"
    with ProcessPoolExecutor(CALLERS, mp_context=get_context("spawn")) as processes:
        told = [*processes.map(found, [path] * CALLERS)]
    assert len({secret for _, secret in told}) == 1
    assert [made for made, _ in told].count(True) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620])
def test_a_secret_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    """The sentence says what to do, and not the secret."""
    path = tmp_path / "app.db.secret"
    ensure_secret(path)
    path.chmod(mode)
    with pytest.raises(ConfigurationError, match="Others may read") as refusal:
        ensure_secret(path)
    assert path.read_text().strip() not in str(refusal.value)


def test_a_link_or_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    """Somebody else may have put it there."""
    (tmp_path / "elsewhere").write_text("x" * 40)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder").mkdir()
    for name in ("link", "dangling", "folder"):
        with pytest.raises(ConfigurationError, match="is no file"):
            ensure_secret(tmp_path / name)
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    """Together with another way."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="--secret-file"):
        ensure_secret(tmp_path / "file" / "app.db.secret")


@pytest.mark.timeout(300)
def test_the_second_start_has_the_secret_of_the_first(tmp_path: Path) -> None:
    """So that who was signed in still is."""
    with served(tmp_path, "--no-pages") as server:
        assert "was made" in server.said["Secret"]
        server.register().raise_for_status()
        tokens = server.sign_in().json()
    with served(tmp_path, "--no-pages") as server:
        assert "Secret" not in server.said
        assert server.me(tokens["access_token"]).status_code == 200
