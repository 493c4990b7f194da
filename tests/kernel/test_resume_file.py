"""The file that says how far something is."""

import stat
from pathlib import Path

import pytest

from userkit.errors import ConfigurationError
from userkit.kernel.resume_file import read_resume_file, write_resume_file


def read(path: Path) -> dict[str, object]:
    """Read a file as the command would that wrote it."""
    return read_resume_file(path, form="userkit_dig", version=2, command="userkit dig")


def test_what_was_written_last_is_read(tmp_path: Path) -> None:
    """It is one file, for its owner alone."""
    path = tmp_path / "dig.resume"
    for depth in (1, 2):
        write_resume_file(path, {"userkit_dig": 2, "depth": depth})
    assert read(path) == {"userkit_dig": 2, "depth": 2}
    assert [each.name for each in tmp_path.iterdir()] == ["dig.resume"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cannot be read"),
        ("\xff", "cannot be read"),
        ("[]", "not one of this version of `userkit dig`"),
        ('{"userkit_dig": 1}', "not one of this version"),
        ('{"userkit_bury": 2}', "not one of this version"),
    ],
    ids=["empty", "not json", "no object", "old", "of another"],
)
def test_another_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """And it is left as it is."""
    path = tmp_path / "dig.resume"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(ConfigurationError, match=said):
        read(path)
    assert path.read_text(encoding="latin-1") == text


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    """Nothing is made up."""
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read(tmp_path / "no" / "dig.resume")
    with pytest.raises(ConfigurationError, match="cannot be written: No such file"):
        write_resume_file(tmp_path / "no" / "dig.resume", {})


def test_what_others_have_put_beside_it_is_not_written_to(tmp_path: Path) -> None:
    """Neither what a link leads to, nor a file that others may read."""
    path, draft, theirs = tmp_path / "dig.resume", tmp_path / "dig.resume.new", tmp_path / "theirs"
    theirs.write_text("theirs")
    draft.symlink_to(theirs)
    write_resume_file(path, {"userkit_dig": 2})
    assert (read(path), theirs.read_text()) == ({"userkit_dig": 2}, "theirs")
    draft.write_text("from a process that was killed")
    draft.chmod(0o644)
    write_resume_file(path, {"userkit_dig": 2})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
