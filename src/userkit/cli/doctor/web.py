"""Checks of what browsers and proxies meet, as far as the environment says it."""

import ipaddress
from collections.abc import Iterator

from userkit.cli.config import unknown_variables
from userkit.cli.doctor.finding import Finding, fail, judged, ok, skipped, warn
from userkit.cli.doctor.patient import Patient
from userkit.errors import ConfigurationError
from userkit.http.cookies import Cookies
from userkit.http.forwarded import TrustedProxies
from userkit.kernel.base_url import check_base_url

__all__ = ["variable_findings", "web_findings"]

_PROXIES = "USERKIT_SERVE_TRUSTED_PROXIES"
_WIDEST = {4: 8, 6: 16}


def variable_findings(patient: Patient) -> Iterator[Finding]:
    """Look for variables that nobody reads."""
    unknown = unknown_variables(patient.environment)
    if not unknown:
        yield ok("variables", "every USERKIT_ variable is a setting")
        return
    told = [f"{name} (did you mean {meant}?)" if meant else name for name, meant in unknown.items()]
    yield warn("variables", f"no setting is {', '.join(told)}", "Correct the names, or take them out.")


def web_findings(patient: Patient) -> Iterator[Finding]:
    """Look at the base URL, the cookies that follow from it, and the proxies that are trusted."""
    yield _base_url(patient.settings.base_url)
    yield _cookies(patient.settings.base_url)
    yield _proxies(patient.environment.get(_PROXIES))


def _base_url(url: str | None) -> Finding:
    if url is None:
        return warn(
            "base URL",
            "USERKIT_BASE_URL is not set",
            "Set it to where people reach the application, unless code gives it: links in mails need it.",
        )
    try:
        checked = check_base_url(url)
    except ConfigurationError as error:
        return fail("base URL", error.detail, "Set USERKIT_BASE_URL to an address like https://app.example.")
    return judged(
        "base URL",
        "it is https" if checked.startswith("https://") else "it is http://, which only this machine reaches",
        well=checked.startswith("https://"),
        advice="In production set USERKIT_BASE_URL to the https:// address.",
    )


def _cookies(url: str | None) -> Finding:
    if url is None:
        return skipped("cookies", "they follow from the base URL, which is not in the environment")
    cookies = Cookies.for_base_url(url)
    return judged(
        "cookies",
        f"the session is in {cookies.session}",
        well=cookies.secure,
        advice="With https:// it is __Host-userkit, which no other host sets and plain http never carries.",
    )


def _proxies(text: str | None) -> Finding:
    if not text:
        return skipped(
            "trusted proxies",
            f"{_PROXIES} is not set; what the application gives in code was not checked",
            "Behind a proxy name it, else every client has its address and they share one limit.",
        )
    given = [part.strip() for part in text.split(",") if part.strip()]
    proxies = TrustedProxies.of(given)
    wide = [str(each) for each in proxies.networks if each.prefixlen < _WIDEST[each.version]]
    public = [str(each) for each in proxies.networks if _is_public(each)]
    if proxies.everybody or wide:
        return fail(
            "trusted proxies",
            f"{'*' if proxies.everybody else ', '.join(wide)} lets anybody say where they come from",
            "Name the addresses of the proxies alone: limits count by address.",
        )
    return judged(
        "trusted proxies",
        f"{', '.join(given)}",
        well=not public,
        advice=f"{', '.join(public)} is a public network: see that nobody else has an address in it.",
    )


def _is_public(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    return network.is_global and network.num_addresses > 1
