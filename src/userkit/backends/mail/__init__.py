"""Mailers: SMTP, a folder of files, and memory."""

from userkit.backends.mail.directory import DirectoryMailer
from userkit.backends.mail.memory import MemoryMailer
from userkit.backends.mail.threaded import ThreadedMailer

__all__ = ["DirectoryMailer", "MemoryMailer", "ThreadedMailer"]
