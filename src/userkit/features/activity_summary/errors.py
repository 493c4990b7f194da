"""What goes wrong with a summary in particular."""

from userkit.errors import ModelReplyError

__all__ = ["SummaryRefusedError"]


class SummaryRefusedError(ModelReplyError):
    """The model wrote what is no summary, such as a sentence that rests on nothing; the rest is dropped."""

    code = "summary_refused"
    summary = "The language model wrote something that does not rest on the trail."
