"""The example that shows the library without a framework."""

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(*arguments: str) -> str:
    command = [sys.executable, str(EXAMPLES / "quickstart.py"), *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_it_tells_what_it_does() -> None:
    """Registrations, duplicates, refusals, changes and pages are all there to see."""
    told = run()
    assert told.count("  registered ") == 8
    assert told.count("  taken ") == 2
    assert "refused    'not-an-address': invalid_email" in told
    assert "refused    'margaret@example.com': invalid_name" in told
    assert "7 events told of a registration" in told
    assert "renamed    ada@example.com to Ada King, revision 2" in told
    assert "6 users" in told
    assert "refused    invalid_credentials" in told
    assert "proved by pwd" in told
    assert "refreshed  good for 600 seconds" in told
    assert told.count("told       reuse in session") == 1
    assert "refused    the newest token: unauthenticated" in told
    assert "sessions   0 left" in told
    assert "page 2     Katherine Johnson, Edsger Dijkstra, Barbara Liskov" in told
    assert "tenant acme has 0 users" in told


def test_what_it_stored_is_there_in_the_next_run(tmp_path: Path) -> None:
    """A second run on the same file meets the people of the first."""
    url = f"sqlite:///{tmp_path / 'people.db'}"
    run(url)
    told = run(url)
    assert told.count("  taken ") == 8
    # Who signs in has a new address each time; the other one was deleted by the first run.
    assert told.count("  registered ") == 2
