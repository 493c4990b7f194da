"""Links in names, where they are read by everybody who is shown the name."""

import re

__all__ = ["has_link"]

_LINK = re.compile(
    r"[a-z][a-z0-9+.-]{1,20}://|\bwww\.\w|\bt\.me/|\bwa\.me/|\bbit\.ly/"
    r"|[^\W_][\w-]{1,62}\.[a-z]{2,24}/\S"
    r"|[^\W_][\w-]{1,62}\.(?:com|net|org|info|biz|io|ru|cn|xyz|shop|online|site|club|icu|vip|tk|ml|ga|cf)\b"
    r"|[\w.+-]{1,64}@[\w-]{1,63}\.[a-z]{2,24}\b",
    re.IGNORECASE,
)


def has_link(text: str) -> bool:
    """Tell whether a folded name leads somewhere: an address of the web, of mail or of a messenger."""
    # Without one of these there is none, and names seldom have them.
    return ("." in text or "/" in text) and _LINK.search(text) is not None
