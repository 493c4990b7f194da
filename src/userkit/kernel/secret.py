"""Values that must not be seen."""

import hmac
from typing import NoReturn

__all__ = ["Secret"]


class Secret:
    """Text or bytes that never show themselves: not in ``repr``, logs, f-strings or pickles.

    Comparison takes the same time wherever the difference is. ``reveal`` is the only way in, so
    that every place that sees the value can be found.
    """

    __slots__ = ("_value",)
    __hash__ = None  # type: ignore[assignment]  # a hash would be compared before the value is

    def __init__(self, value: "str | bytes | Secret") -> None:
        """Take the value; text is kept as UTF-8."""
        if isinstance(value, Secret):
            value = value.reveal()
        if isinstance(value, str):
            # The environment may hold what is not UTF-8, and an error about it would show the text.
            value = value.encode(errors="surrogatepass")
        self._value = bytes(memoryview(value))  # bytes(32) would be no secret but 32 zeros

    def reveal(self) -> bytes:
        """Return the value itself."""
        return self._value

    def __len__(self) -> int:
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value, other._value)

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret cannot be pickled or copied.")
