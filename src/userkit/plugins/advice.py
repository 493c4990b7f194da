"""What to do about a name that is not there: did-you-mean, and what to install."""

import re
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, version

__all__ = [
    "AUTH_REQUIREMENTS",
    "CACHE_REQUIREMENTS",
    "DISTRIBUTION",
    "HASHER_REQUIREMENTS",
    "LANGUAGE_MODEL_REQUIREMENTS",
    "LIMITER_REQUIREMENTS",
    "MAILER_REQUIREMENTS",
    "STORE_REQUIREMENTS",
    "did_you_mean",
    "extra_with",
    "pip_install",
    "same_name",
    "userkit_version",
]

DISTRIBUTION = "userkit-sdk"
"""The distribution that userkit itself comes in."""

STORE_REQUIREMENTS = {
    "memory": DISTRIBUTION,
    "sqlite": f"{DISTRIBUTION}[sqlite]",
    "postgresql": f"{DISTRIBUTION}[postgresql]",
    "mysql": f"{DISTRIBUTION}[mysql]",
    "mariadb": f"{DISTRIBUTION}[mariadb]",
    "dynamodb": f"{DISTRIBUTION}[dynamodb]",
    "mongodb": f"{DISTRIBUTION}[mongodb]",
    "redis": f"{DISTRIBUTION}[redis]",
    "rediss": f"{DISTRIBUTION}[redis]",
}
"""Stores that we know of, and the requirement that brings each."""

HASHER_REQUIREMENTS = {"argon2": DISTRIBUTION}
"""Password hashers that we know of, and the requirement that brings each."""

MAILER_REQUIREMENTS = {
    "smtp": f"{DISTRIBUTION}[mail]",
    "smtps": f"{DISTRIBUTION}[mail]",
    "directory": f"{DISTRIBUTION}[mail]",
    "memory": f"{DISTRIBUTION}[mail]",
}
"""Mailers that we know of, and the requirement that brings each."""

LIMITER_REQUIREMENTS = {
    "memory": DISTRIBUTION,
    "redis": f"{DISTRIBUTION}[redis]",
    "rediss": f"{DISTRIBUTION}[redis]",
}
"""Rate limiters that we know of, and the requirement that brings each."""

CACHE_REQUIREMENTS = {"redis": f"{DISTRIBUTION}[redis]", "rediss": f"{DISTRIBUTION}[redis]"}
"""Caches that we know of, and the requirement that brings each."""

LANGUAGE_MODEL_REQUIREMENTS = {"bedrock": f"{DISTRIBUTION}[bedrock]"}
"""Language models that we know of, and the requirement that brings each."""

AUTH_REQUIREMENTS = {"jwt": DISTRIBUTION, "session": DISTRIBUTION, "api-key": DISTRIBUTION}
"""Auth backends that we know of, and the requirement that brings each."""

_REQUIREMENT = re.compile(r"""\s*(?P<name>[\w.-]+).*;.*\bextra\s*==\s*["'](?P<extra>[\w.-]+)["']""", re.ASCII)


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return a question that ends with a blank, or nothing when no name is close."""
    from difflib import get_close_matches

    close = get_close_matches(name, list(names), n=1)
    return f"Did you mean {close[0]!r}? " if close else ""


def pip_install(requirement: str) -> str:
    """Return the command that installs a requirement, ready for a shell."""
    return f"pip install '{requirement}'" if "[" in requirement else f"pip install {requirement}"


def same_name(distribution: str) -> str:
    """Return the form in which names of distributions are compared.

    Source: Python packaging specifications, name normalization (PEP 503).
    """
    return re.sub(r"[-_.]+", "-", distribution).lower()


def extra_with(distribution: Distribution, module: str, *, favourite: str) -> str | None:
    """Return the extra of a distribution that brings a module, or None.

    Among several the ``favourite`` wins. It is also the answer when no extra requires something
    named like the module: what is installed and what is imported may have different names.
    """
    matches = [match for line in distribution.requires or () if (match := _REQUIREMENT.match(line))]
    wanted = same_name(module.partition(".")[0])
    bringing = [match["extra"] for match in matches if same_name(match["name"]) == wanted]
    candidates = bringing or [match["extra"] for match in matches if match["extra"] == favourite]
    return favourite if favourite in candidates else next(iter(candidates), None)


def userkit_version() -> str:
    """Return the version of userkit as installed."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "(not installed)"
