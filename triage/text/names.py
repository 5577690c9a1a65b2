"""Take the name of a requester out of a text that is kept."""

import re
import unicodedata

NAME = "[name]"
SHORTEST_PART = 3
"""Letters of the shortest part of a name that is replaced without the others."""

_WORDS = re.compile(r"[^\W\d_]+")
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_EDGE = r"(?<![^\W\d_])"
_END = r"(?![^\W\d_])"
_ENDING = r"[^\W\d_]{0,2}"
"""A short ending, as a genitive has, belongs to the name; a longer one makes another word."""
_GAP = r"[\W_]{0,3}"
GREETED_LINES, GREETED_CHARS = 3, 120
"""Where a greeting is looked for: lines, and characters of each."""
_HONORIFICS = "mrs|mr|ms|miss|dr|herr|fru|domnule|domnul|doamnă|doamna|dl|dna"
_OPENINGS = (
    "hello|hi|hey|dear|good morning|good afternoon|good evening|hej|kære|goddag|hallo|"
    "bună ziua|buna ziua|bună seara|buna seara|bună dimineața|buna dimineata|bună|buna|salut|"
    "dragă|draga|stimate|stimată|stimata|您好|你好|尊敬的|亲爱的"
)
_NAMED = r"[^\W\d_][^\d\n,，!！:：;。]{0,80}?"
_GREETING = re.compile(
    rf"(?:(?:{_OPENINGS})[\s,，]{{0,3}}(?:(?:{_HONORIFICS})\b\.?\s{{1,3}})?"
    rf"(?P<after>{_NAMED})\s{{0,3}}(?:[,，!！:：;。]|$)"
    rf"|(?P<before>{_NAMED})[，,]\s{{0,3}}(?:您好|你好))",
    re.IGNORECASE,
)


def hide_name(text: str, name: str | None) -> str:
    """Replace a name and each of its parts of 3 letters or more, whatever their case.

    A name in a script without spaces is found anywhere; others begin where a word does, so that
    Tom leaves customers alone.
    """
    if not name:
        return text
    words = _WORDS.findall(unicodedata.normalize("NFC", name))
    patterns = [_pattern(words)] if words else []
    parts = {word for word in words if len(word) >= SHORTEST_PART}
    patterns += [_pattern([part]) for part in sorted(parts, key=lambda part: (-len(part), part))]
    found = "|".join(filter(None, patterns))
    return re.sub(found, NAME, text, flags=re.IGNORECASE) if found else text


def _pattern(words: list[str]) -> str:
    """Match words in their order; empty for a single initial, which is in every text."""
    whole = _GAP.join(re.escape(word) for word in words)
    if _UNSPACED.search(whole):
        return whole
    if len(words) > 1:
        return _EDGE + whole
    ending = _ENDING if len(words[0]) >= SHORTEST_PART else "s?"
    return f"{_EDGE}{whole}{ending}{_END}" if len(words[0]) > 1 else ""


def greeted_name(text: str) -> str | None:
    """Return the name that a reply greets in one of its first lines, if it greets one."""
    for line in text.strip().splitlines()[:GREETED_LINES]:
        found = _GREETING.match(unicodedata.normalize("NFC", line.strip()[:GREETED_CHARS]))
        if found:
            return found["after"] or found["before"]
    return None
