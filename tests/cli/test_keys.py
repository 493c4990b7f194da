"""``userkit keys``: what it makes, lists and rotates."""

import json
import stat
from pathlib import Path

import pytest

from tests.cli.calling import SECRET, Commands
from userkit import SyncUserKit
from userkit.kernel.keys import Keyring
from userkit.ports.tokens import KeySet, SigningAlgorithm, SigningKey, TokenSettings


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    return Commands(tmp_path)


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    file.chmod(0o600)
    return file


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256"])
def test_a_generated_key_signs(commands: Commands, tmp_path: Path, algorithm: SigningAlgorithm) -> None:
    """Only its owner may read it, its public half lies beside it, and what to do is said."""
    file = tmp_path / "2026-01.pem"
    result = commands("keys", "generate", "--algorithm", algorithm, "--out", str(file))
    assert (result.exit_code, result.stdout) == (0, "")
    assert "2026-01" in result.stderr
    assert "BEGIN" not in result.stderr
    assert mode(file) == 0o600
    key = SigningKey(kid="2026-01", algorithm=algorithm, material=file.read_bytes())
    kit = SyncUserKit("memory://", secret=SECRET, relay=False, auth={"jwt": TokenSettings(keys=KeySet(key))})
    public = str(tmp_path / "2026-01.pub.pem")
    listed = json.loads(commands.said("keys", "list", str(file), public, "--json"))
    assert listed == {"keys": list(kit.jwks()["keys"])}
    table = commands.said("keys", "list", str(file), public)
    assert [line.split()[-1] for line in table.splitlines()[1:]] == ["yes", "no"]


def test_a_key_without_a_file_is_printed(commands: Commands) -> None:
    """The key alone is the result; advice goes elsewhere."""
    result = commands("keys", "generate")
    assert result.stdout.startswith("-----BEGIN PRIVATE KEY-----\n")
    assert result.stdout.endswith("-----END PRIVATE KEY-----\n")
    assert "The kid is 20" in result.stderr


def test_a_generated_secret_is_a_secret(commands: Commands, tmp_path: Path) -> None:
    """Thirty-two bytes of chance, as text, which the settings take."""
    file = tmp_path / "secret"
    commands.said("keys", "generate", "--algorithm", "secret", "--out", str(file))
    secret = file.read_text().rstrip("\n")
    assert (len(secret), mode(file)) == (43, 0o600)
    Keyring.of(secret)
    assert len(commands.said("keys", "generate", "--algorithm", "secret")) == 44


@pytest.mark.parametrize("algorithm", ["secret", "ES256"])
def test_nothing_is_overwritten(commands: Commands, secret_file: Path, algorithm: str) -> None:
    """Not the key, and no public half is left of the attempt."""
    told = commands.refused("keys", "generate", "--algorithm", algorithm, "--out", str(secret_file))
    assert "is not overwritten" in told
    assert secret_file.read_text() == f"{SECRET}\n"
    assert [each.name for each in secret_file.parent.iterdir()] == ["secret"]


def test_a_folder_that_is_not_there_is_one_line(commands: Commands, tmp_path: Path) -> None:
    """Nothing is made."""
    told = commands.refused("keys", "generate", "--out", str(tmp_path / "nowhere" / "key.pem"))
    assert "cannot be written" in told


def test_derived_keys_are_listed_by_name(commands: Commands) -> None:
    """Nobody else can verify with them, so the set is empty, as the kit's is."""
    newer = "n" + SECRET
    table = commands.said("keys", "list", USERKIT_SECRET=f"{newer},{SECRET}")
    expected = KeySet.derived_from(Keyring.of([newer, SECRET]))
    assert [line.split()[0] for line in table.splitlines()[1:3]] == [key.kid for key in expected]
    assert json.loads(commands.said("keys", "list", "--json")) == {"keys": []}


@pytest.mark.parametrize("content", ["no key\n", "-----BEGIN PRIVATE KEY-----\nhidden\n", "\N{SNOWMAN}"])
def test_a_file_that_is_no_key_is_one_line(commands: Commands, tmp_path: Path, content: str) -> None:
    """Nothing of it is repeated."""
    file = tmp_path / "key.pem"
    file.write_text(content, encoding="utf-8")
    told = commands.refused("keys", "list", str(file))
    assert "key.pem" in told
    assert "hidden" not in told


def test_a_rotation_puts_a_new_secret_first(commands: Commands, secret_file: Path) -> None:
    """The old one goes on verifying, the rights stay, and nothing secret is printed."""
    secret_file.chmod(0o640)
    environment = {"USERKIT_SECRET": None, "USERKIT_SECRET_FILE": str(secret_file)}
    told = commands.said("keys", "rotate", **environment)
    new, old = secret_file.read_text().splitlines()
    assert (old, mode(secret_file)) == (SECRET, 0o640)
    assert Keyring.of(new).fingerprint() in told
    assert not any(each in told for each in (new, old))
    assert [each.name for each in secret_file.parent.iterdir()] == ["secret"]


def test_keep_says_how_many_old_ones_stay(commands: Commands, secret_file: Path) -> None:
    """With none kept, what was signed is refused at once."""
    commands.said("keys", "rotate", str(secret_file))
    second = secret_file.read_text().splitlines()[0]
    commands.said("keys", "rotate", str(secret_file), "--keep", "1")
    assert secret_file.read_text().splitlines()[1:] == [second]
    assert "1 old one was taken out" in commands.said("keys", "rotate", str(secret_file), "--keep", "1")
    commands.said("keys", "rotate", str(secret_file), "--keep", "0")
    assert len(secret_file.read_text().splitlines()) == 1


def test_a_dry_rotation_changes_nothing(commands: Commands, secret_file: Path) -> None:
    """It says what would be done."""
    told = commands.said("keys", "rotate", str(secret_file), "--keep", "0", "--dry-run")
    assert "would have a new secret" in told
    assert secret_file.read_text() == f"{SECRET}\n"


def test_a_link_stays_a_link(commands: Commands, secret_file: Path) -> None:
    """What it leads to is replaced."""
    link = secret_file.with_name("link")
    link.symlink_to(secret_file)
    commands.said("keys", "rotate", str(link))
    assert link.is_symlink()
    assert len(secret_file.read_text().splitlines()) == 2


def test_of_two_rotations_at_once_one_is_refused(commands: Commands, secret_file: Path) -> None:
    """Neither loses the secret of the other."""
    secret_file.with_name(".secret.rotating").touch()
    assert "just now" in commands.refused("keys", "rotate", str(secret_file))
    assert secret_file.read_text() == f"{SECRET}\n"


@pytest.mark.parametrize(("content", "told"), [("", "is empty"), (None, "cannot be read")])
def test_a_file_without_a_secret_is_not_rotated(
    commands: Commands, tmp_path: Path, content: str | None, told: str
) -> None:
    """It says how to make one."""
    file = tmp_path / "secret"
    if content is not None:
        file.write_text(content)
    assert told in commands.refused("keys", "rotate", str(file))


def test_without_a_file_it_says_what_to_give(commands: Commands) -> None:
    """A secret in a variable is not its to change."""
    assert "USERKIT_SECRET_FILE" in commands.refused("keys", "rotate")


def test_sessions_outlive_a_rotation(commands: Commands, secret_file: Path) -> None:
    """Who is signed in stays so."""
    environment = {"USERKIT_SECRET": None, "USERKIT_SECRET_FILE": str(secret_file)}
    with SyncUserKit(commands.url, secret=secret_file.read_text().split(), relay=False) as kit:
        kit.users.register(email="ada@example.com", name="Ada")
        user = kit.users.get_by_email("ada@example.com")
        kit.passwords.set(user.id, password="four unlikely words in a row")
        signed_in = kit.sessions.sign_in(email="ada@example.com", password="four unlikely words in a row")
    commands.said("keys", "rotate", **environment)
    with SyncUserKit(commands.url, secret=secret_file.read_text().split(), relay=False) as kit:
        assert kit.sessions.refresh(signed_in.refresh_token).refresh_token is not None
