"""Text that speaks to a language model instead of people."""

import re
import unicodedata

from userkit.features.screening.rules.confusables import visible

__all__ = ["LONGEST_TEXT", "speaks_to_models"]

LONGEST_TEXT = 8_000
"""Of a longer text, half of this is looked at from its beginning, and half from its end."""

_WHAT = r"(?:instruction|prompt|rule|message|direction|guideline|command|constraint|context|filter)s?\b"
# Each with the words of which it needs one: most texts have none, and are done in microseconds.
_PATTERNS: tuple[tuple[str, str], ...] = (
    # Take back what was said before.
    (
        "ignore disregard forget override bypass overrule skip",
        r"\b(?:ignore|disregard|forget|override|bypass|overrule|skip)\b[^.\n]{0,40}?"
        r"\b(?:previous|prior|above|earlier|preceding|all|any|every|your|system|the|those|these)\b"
        rf"[^.\n]{{0,30}}?\b{_WHAT}",
    ),
    (
        "ignorier vergiss missachte",
        r"\b(?:ignoriere?|vergiss|missachte)\b[^.\n]{0,40}\b(?:anweisung|vorgabe|regel|instruktion)(?:en)?\b",
    ),
    ("ignore oublie", r"\b(?:ignore[zr]?|oublie[zr]?)\b[^.\n]{0,30}\b(?:instructions|consignes|règles)\b"),
    (
        "ignor olvid dimentica esque",
        r"\b(?:ignor[ae]r?|olvid[ae]r?|dimentica|esque[çc]a)\b[^.\n]{0,30}"
        r"\b(?:instrucciones|istruzioni|instruções|reglas|regole|regras)\b",
    ),
    ("игнорируй забудь", r"\b(?:игнорируй|забудь)(?:те)?\b[^.\n]{0,40}\b(?:инструкци|указани|правил)"),
    ("忽略 无视 無視 忘记", r"(?:忽略|无视|無視|忘记)[^。\n]{0,12}(?:指令|指示|说明|說明|规则|提示)"),
    ("指示を 命令を プロンプトを", r"(?:指示|命令|プロンプト)を(?:すべて)?(?:無視|忘れ)"),
    ("무시", r"(?:이전|위의|모든)[^.\n]{0,10}(?:지시|명령|지침)[^.\n]{0,6}무시"),
    # Play a part, or ask for what is secret.
    (
        "are",
        r"\byou are (?:now|no longer) (?:an? |the |in |my |dan\b|free|unrestricted|bound|able|allowed)",
    ),
    (
        "as",
        r"\b(?:act|behave|respond|answer|reply) as (?:if you|an? (?:ai|llm|model|admin|assistant|system)\b)",
    ),
    ("pretend", r"\bpretend (?:that )?(?:you are|to be an? (?:ai|llm|model|admin|assistant))"),
    (
        "now jailbreak developer",
        r"\bfrom now on,? you\b|\bdo anything now\b|\bjailbreak\b|\bdeveloper mode (?:on|enabled)\b",
    ),
    (
        "prompt instructions rules",
        r"\b(?:reveal|print|repeat|show|output|leak|tell me)\b[^.\n]{0,30}"
        r"\b(?:system prompt|your (?:system |hidden )?(?:prompt|instructions|rules))\b",
    ),
    (
        "instruction prompt",
        r"\b(?:new|updated|real|actual|important) instructions?\s*[:：]|\b(?:system|hidden|initial) prompt\b",
    ),
    # Say what the answer shall be.
    (
        "only just always exactly",
        r"\b(?:answer|reply|respond|return|output|say)\b[^.\n]{0,20}\b(?:only|just|always|exactly)\b"
        r"[^.\n]{0,20}\b(?:allow|approved?|accept|json|yes|safe|true)\b",
    ),
    (
        "approve accept allow whitelist",
        r"\b(?:approve|accept|allow|whitelist) this "
        r"(?:user|account|name|profile|person|registration|request)\b",
    ),
    (
        "mark classify treat rate label judge",
        r"\b(?:mark|classify|treat|rate|label|judge) (?:me|this|it)\b[^.\n]{0,20}\b(?:as )?"
        r"(?:safe|allow(?:ed)?|approved|harmless|trusted|verified)\b",
    ),
    (
        "verdict decision judg classification",
        r"\b(?:verdict|decision|judge?ment|classification)\b\W{1,4}(?:is\W{1,3})?"
        r"(?:allow|accept|approve|review|refuse)",
    ),
    # Look like the frame of a conversation.
    (
        "system assistant",
        r"(?:^|[\n\"'>\]})])[ \t]{0,8}(?:#{1,6} ?|\*\*)?(?:system|assistant)(?:\*\*)?[ \t]{0,4}[:：]",
    ),
    ("<| inst] sys>>", r"<\|[^|\n]{1,40}\|>|\[/?inst\]|<</?sys>>"),
    ("begin end", r"\b(?:begin|end)[ _-]?of[ _-]?(?:text|turn|prompt|document)\b"),
    (
        "<",
        r"<\s{0,2}/?\s{0,4}(?:system|assistant|instructions?|prompt|data|input|user_?input|untrusted|context"
        r"|documents?|tool_?(?:call|use|result)s?|function_?(?:call|result)s?|invoke|thinking|admin)\b"
        r"[^>\n]{0,80}>",
    ),
    ("##", r"^#{2,6} ?(?:instructions?|system|response|human|assistant|input)\b"),
    ("human assistant", r"^(?:human|assistant): "),
    # Look like an answer, or like the call of a tool.
    (
        "role tool function_call arguments verdict reason",
        r"[\"']?(?:role|tool_calls?|tool_use|function_call|arguments|tool_input|verdict|reasons?)[\"']\s{0,4}:"
        r"\s{0,4}[\"'\[{]",
    ),
    ("``` ~~~", r"^\s{0,8}(?:```|~~~)\s{0,4}(?:json|xml|system|tool)"),
)
_RULES = tuple((tuple(words.split()), re.compile(each, re.MULTILINE)) for words, each in _PATTERNS)

# Emoji flags of regions are written with tags; nothing else that people see is.
_TAGS = re.compile("[\U000e0020-\U000e007e]{2}")
_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f")
_BLOB = re.compile(r"[A-Za-z0-9+/]{64,}")
_GAP = re.compile(r"[^\S\n]+")


def speaks_to_models(text: str) -> bool:
    """Tell whether a text gives orders to a language model, or is dressed up as a part of its conversation.

    It finds what is common, and is no proof of the contrary.
    """
    part = text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT // 2]}\n{text[-LONGEST_TEXT // 2 :]}"
    if not part.isascii() and _TAGS.search(_FLAG.sub("", part)):
        return True
    plain = _GAP.sub(" ", visible(unicodedata.normalize("NFKC", part)).casefold())
    return _has_blob(part) or any(
        any(word in plain for word in words) and rule.search(plain) is not None for words, rule in _RULES
    )


def _has_blob(text: str) -> bool:
    """Tell whether something is packed in Base64, which only machines read."""
    return any(_is_packed(found[0]) for found in _BLOB.finditer(text))


def _is_packed(run: str) -> bool:
    tests = (str.isupper, str.islower, str.isdigit)
    return all(any(test(char) for char in run) for test in tests)
