"""What pages say of what was done, of time, and of programs."""

from datetime import timedelta

from userkit.features.mail.words import in_words

__all__ = ["DONE", "named_agent", "wait_in_words"]

DONE = {
    "welcome": "Welcome. Your account is open.",
    "look-into-your-mail": "Nearly done: follow the link in the mail that we have sent to you.",
    "sign-in-first": "Sign in to go on.",
    "signed-out": "You are signed out.",
    "signed-out-everywhere": "You are signed out everywhere.",
    "session-ended": "That session is over.",
    "others-ended": "All other sessions are over.",
    "saved": "Your profile is saved.",
    "password-changed": "Your password is changed, and all other sessions are over.",
    "password-reset": "Your password is changed. Sign in with the new one.",
    "reset-sent": "If there is an account with this address, a link to choose a new password is on its way.",
    "verification-sent": "A new link is on its way to your address. Older ones do not work any more.",
    "verified": "Your address is confirmed.",
    "taken-over": "Your address is confirmed, the old password is gone. Ask for a link to a new one.",
    "change-sent": "A link is on its way to the new address. Follow it to make the change.",
    "email-changed": "Your address is changed.",
    "key-revoked": "The key is revoked.",
    "deleted": "Your account is deleted.",
}
"""What can be said at the top of a page, by the code in its query string; nothing else ever is."""

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi", "Vivaldi"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "a Mac"),
    ("Linux", "Linux"),
)
_SHOWN = 60


def named_agent(user_agent: str | None) -> str:
    """Return what people call the program that a user agent names: ``Firefox on Linux``."""
    if not user_agent:
        return "An unknown program"
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), None)
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), None)
    if browser is None:
        return user_agent if len(user_agent) <= _SHOWN else f"{user_agent[:_SHOWN]}…"
    return browser if system is None else f"{browser} on {system}"


def wait_in_words(seconds: float) -> str:
    """Return when to try again: ``in 2 minutes``, rounded up."""
    if seconds <= 60:
        return "in a minute"
    return f"in {in_words(timedelta(seconds=seconds + 59))}"
