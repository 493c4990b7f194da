"""The folder of mails, the list in memory, and a blocking mailer in an event loop."""

import asyncio
import resource
import stat
import threading
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.mail.sides import Send, message, opened
from userkit.backends.mail import DirectoryMailer, MemoryMailer, ThreadedMailer
from userkit.errors import MailRefusedError, MailUnavailableError, UsageError
from userkit.ports.mail import Message
from userkit.sync import run
from userkit.testing import FrozenClock


def test_each_mail_is_a_file_that_only_its_owner_reads(folder: Path, send: Send) -> None:
    """The folder is made; what is in it are mails, and nothing half-written."""
    send(f"directory://{quote(str(folder))}", message(subject="One"), message(subject="Two"))
    files = sorted(folder.iterdir())
    assert [file.suffix for file in files] == [".eml", ".eml"]
    subjects = [message_from_bytes(file.read_bytes(), policy=default)["Subject"] for file in files]
    assert subjects == ["One", "Two"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_names_are_sorted_by_time_and_never_the_same(folder: Path) -> None:
    """Also within one millisecond, and for a message that is sent again."""
    clock = FrozenClock()
    mailer = DirectoryMailer(folder, now=clock)
    for number in range(20):
        run(mailer.send(message(subject=str(number))))
    clock.advance(seconds=1)
    run(mailer.send(message(subject="20")))
    files = sorted(folder.iterdir())
    found = [message_from_bytes(file.read_bytes(), policy=default)["Subject"] for file in files]
    assert found == [str(number) for number in range(21)]
    assert files[0].name.startswith("20260101T000000.000Z-")
    assert files[-1].name.startswith("20260101T000001.000Z-")


def test_a_relative_folder_is_below_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, send: Send
) -> None:
    """Two slashes are relative, three are absolute."""
    monkeypatch.chdir(tmp_path)
    send("directory://out/box", message())
    assert len(list((tmp_path / "out" / "box").iterdir())) == 1


def test_a_folder_that_cannot_be_written(tmp_path: Path, send: Send) -> None:
    """It may be mended, so the mail is kept; the error names no path."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MailUnavailableError, match="cannot be written") as caught:
        send(f"directory://{tmp_path}/file/mail", message())
    assert str(tmp_path) not in str(caught.value)


def test_nothing_half_written_is_left_behind(folder: Path) -> None:
    """When the disk is full there is no file, not even a hidden one."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, usual[1]))
    try:
        with pytest.raises(MailUnavailableError, match="File too large"):
            run(DirectoryMailer(folder).send(message()))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert list(folder.iterdir()) == []


def test_memory_keeps_what_was_sent() -> None:
    """The newest is the last; it refuses what a real mailer refuses, and forgets on demand."""
    mailer = MemoryMailer()
    run(mailer.send(message(subject="One")))
    with pytest.raises(MailRefusedError):
        run(mailer.send(message(subject="Two\nBcc: eve@example.com")))
    run(mailer.send(message(subject="Three")))
    run(mailer.close())
    assert [each.subject for each in mailer.sent] == ["One", "Three"]
    mailer.sent.clear()
    assert len(mailer.sent) == 2
    mailer.clear()
    assert mailer.sent == []


def test_memory_loses_nothing_between_threads() -> None:
    """Everybody may send at once."""
    mailer = MemoryMailer()

    def work() -> None:
        for _ in range(50):
            run(mailer.send(message()))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mailer.sent) == 400


@pytest.mark.parametrize("blocking", [True, False])
def test_memory_serves_both_kits(blocking: bool) -> None:
    """It never waits, and nobody waits for it."""
    mailer = opened("memory://", blocking=blocking)
    assert isinstance(mailer, MemoryMailer)
    run(mailer.send(message()))
    assert len(mailer.sent) == 1


class Blocking:
    """A mailer that notes the thread it works in, and refuses what it is told to."""

    blocking = True
    sender = "me@example.org"

    def __init__(self) -> None:
        self.threads: list[str] = []
        self.closed = 0

    async def send(self, message: Message) -> None:
        self.threads.append(threading.current_thread().name)
        if message.subject == "no":
            raise MailRefusedError
        if message.subject == "wait":
            await asyncio.sleep(0)

    async def close(self) -> None:
        self.closed += 1


def test_a_blocking_mailer_works_in_a_thread_of_its_own() -> None:
    """The event loop goes on; errors arrive where the mail was sent; closing twice is fine."""

    async def main() -> None:
        inner = Blocking()
        mailer = ThreadedMailer(inner)
        assert mailer.sender == "me@example.org"
        assert not mailer.blocking
        await mailer.send(message())
        with pytest.raises(MailRefusedError):
            await mailer.send(message(subject="no"))
        with pytest.raises(UsageError, match="waited for an event loop"):
            await mailer.send(message(subject="wait"))
        await mailer.close()
        await mailer.close()
        assert inner.closed == 1
        assert all(name.startswith("userkit-mail") for name in inner.threads)

    asyncio.run(main(), debug=True)


def test_a_mailer_that_does_not_block_needs_no_thread() -> None:
    """Wrapping it would only make it worse."""
    with pytest.raises(UsageError, match="use it as it is"):
        ThreadedMailer(ThreadedMailer(Blocking()))
