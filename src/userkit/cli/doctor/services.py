"""Checks of what a kit uses beside its store. Nothing is sent, save a question to a model with ``--ask``."""

import secrets
from collections.abc import Iterator
from typing import Any

from userkit.cli.doctor.finding import Finding, judged, ok, skipped, warn
from userkit.cli.doctor.patient import Patient
from userkit.kernel.clock import utc_now
from userkit.kit import SyncUserKit
from userkit.plugins.backends import check_auth, open_cache, open_language_model, open_limiter, open_mailer
from userkit.ports.language_model import Message
from userkit.sync import run

__all__ = [
    "auth_findings",
    "cache_findings",
    "kit_findings",
    "language_model_findings",
    "limiter_findings",
    "mailer_findings",
]

_UNDELIVERED = ("directory", "memory")
_PATIENCE = 20.0


def mailer_findings(patient: Patient) -> Iterator[Finding]:
    """Make the mailer; no mail is sent."""
    url = _url(patient, "mailer")
    if url is None:
        yield warn(
            "mailer",
            "USERKIT_MAILER is not set, so nobody gets mail unless the application gives a mailer",
            "Set it to a URL such as smtp://user:password@host.",
        )
        return
    run(open_mailer(url, blocking=True).close())
    scheme = url.partition(":")[0].lower()
    yield judged(
        "mailer",
        f"{scheme} can be used; no mail was sent",
        well=scheme not in _UNDELIVERED,
        advice="It delivers nothing to anybody: in production set USERKIT_MAILER to a mail server.",
    )


def limiter_findings(patient: Patient) -> Iterator[Finding]:
    """Make what counts attempts."""
    url = _url(patient, "limiter")
    if url is None:
        yield ok("limiter", "attempts are counted in the store")
        return
    run(open_limiter(url, blocking=True, now=utc_now).close())
    yield judged(
        "limiter",
        f"{_scheme(url)} can be used; it was not connected to",
        well=_scheme(url) != "memory",
        advice="Each process counts for itself: with several, leave USERKIT_LIMITER out, or use redis://.",
    )


def cache_findings(patient: Patient) -> Iterator[Finding]:
    """Make the cache."""
    url = _url(patient, "cache")
    if url is None:
        yield ok("cache", "there is none, and none is needed")
        return
    run(open_cache(url, blocking=True).close())
    yield ok("cache", f"{_scheme(url)} can be used; it was not connected to")


def auth_findings(patient: Patient) -> Iterator[Finding]:
    """Load the auth backends that are named."""
    names = patient.settings.arguments(given=("store", "secret")).get("auth", ())
    if not names:
        yield ok("auth backends", "those that every kit has")
        return
    check_auth(dict.fromkeys(names))
    yield ok("auth backends", ", ".join(names))


def kit_findings(patient: Patient) -> Iterator[Finding]:
    """Make a kit of the settings, over nothing; the store and the secret are looked at by themselves."""
    stand_in = {"store": "memory://", "routes": {}, "secret": secrets.token_bytes(32)}
    SyncUserKit.from_settings(patient.settings, relay=False, **stand_in)
    yield ok("kit", "one can be made of these settings")


def language_model_findings(patient: Patient) -> Iterator[Finding]:
    """Make the language model, and with ``--ask`` ask it for a word."""
    url = _url(patient, "language_model")
    if url is None:
        yield skipped("language model", "USERKIT_LANGUAGE_MODEL is not set")
        return
    model = open_language_model(url, blocking=True)
    try:
        if not patient.ask:
            yield ok("language model", f"{_scheme(url)} can be used; it was not asked (--ask does)")
            return
        answer = run(model.complete([Message(text="Say yes.")], max_tokens=16, time_limit=_PATIENCE))
        yield judged(
            "language model",
            f"{model.name} answered with {len(answer.text)} characters",
            well=bool(answer.text.strip()),
            advice="It said nothing: see that the model takes part in conversations.",
        )
    finally:
        run(model.close())


def _url(patient: Patient, name: str) -> str | None:
    value: Any = getattr(patient.settings, name)
    return None if value is None else str(value.get_secret_value())


def _scheme(url: str) -> str:
    return url.partition(":")[0].lower()
