"""Checks of the secret: strong, for this application alone, and in a file of its own."""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence

from userkit.cli.doctor.finding import Finding, fail, judged, ok, skipped, warn
from userkit.cli.doctor.patient import Patient
from userkit.errors import ConfigurationError, WeakSecretError
from userkit.kernel.keys import Keyring
from userkit.settings import UserKitSettings

__all__ = ["secret_findings"]

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OURS = ("USERKIT_SECRET",)
# Shorter text is found anywhere; it is weak in any case.
_TELLING = 8
_NEW = "Make a secret of its own: `userkit keys generate --algorithm secret --out FILE`."


def secret_findings(patient: Patient) -> Iterator[Finding]:
    """Look at the secret that the settings give."""
    settings = patient.settings
    if settings.secret is None and settings.secret_file is None:
        yield skipped(
            "secret", "it is not in the environment, so the application gives it; it was not checked"
        )
        return
    try:
        given: Sequence[str] = settings.arguments(given=("store",))["secret"]
    except ConfigurationError as error:
        yield fail("secret", error.detail, _NEW)
        return
    yield _strength(given)
    yield _order(given)
    yield _sharing(given, patient.environment)
    yield from _file(settings)


def _strength(given: Sequence[str]) -> Finding:
    try:
        Keyring.of(list(given))
    except WeakSecretError as error:
        return fail("secret: strength", error.detail, _NEW)
    return ok("secret: strength", "it is long, and none that is known from documentation")


def _order(given: Sequence[str]) -> Finding:
    if len(given) < 2:
        return ok("secret: rotation", "there is one")
    if len(set(given)) < len(given):
        return warn("secret: rotation", "the same secret is there twice", "Take one of them out.")
    names = ", ".join(map(_name, given))
    return ok(
        "secret: rotation",
        f"{len(given)} verify, and the first signs: {names}; see that the newest is the first",
    )


def _sharing(given: Sequence[str], environment: Mapping[str, str]) -> Finding:
    holders = [
        name
        for name, value in sorted(environment.items())
        if name.upper() not in _OURS and any(len(secret) >= _TELLING and secret in value for secret in given)
    ]
    if holders:
        return fail(
            "secret: shared",
            f"the variable {', '.join(holders)} holds it as well",
            f"{_NEW} Whoever reads one of them could sign in as anybody.",
        )
    names = " and ".join(map(_name, given))
    return ok(
        "secret: shared",
        f"no other variable holds it; its fingerprint is {names}, which no other environment (staging, a "
        "developer's machine) may have: that cannot be checked from here",
    )


def _name(secret: str) -> str:
    try:
        return Keyring.of(secret).fingerprint()
    except WeakSecretError:
        return "not told, for it is weak"


def _file(settings: UserKitSettings) -> Iterator[Finding]:
    if settings.secret_file is None or os.name != "posix":
        return
    mode = stat.S_IMODE(settings.secret_file.stat().st_mode)
    yield judged(
        "secret: file",
        f"its rights are {mode:04o}",
        well=not mode & _OTHERS,
        advice="Others may read it: close it with `chmod 600`, and rotate it if anybody has.",
    )
