"""Words of messages, and those that tell what a group of them is about."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import log

from triage.text.words import WORDS

SHORTEST = 3
LONGEST = 30
MAX_TERMS = 400
"""Different terms of one message."""
TELLING = 4
"""Terms that name a group in one language."""
LIFT = 2.0
"""How much commoner a term must be in the group than elsewhere."""
FEW = 10
"""Others that are made up, so that a language with hardly any of them still has telling terms."""
_PLACEHOLDER = re.compile(r"\[[a-z_]{2,20}\]")
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*|\b\d{3,8}\b")
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]{2,}")
_COMMON = frozenset(
    word for language in ("en", "da", "ro") for word in WORDS[language] if len(word) <= SHORTEST
)
_PIECES = (4, 3, 2)
_FUNCTION = frozenset(
    "的了是我你他她它们这那吗呢吧啊和与就都也不没有在能会要可以请问一个什么怎么为但很"
)


def terms(text: str) -> frozenset[str]:
    """Return the terms of a text: words, numbers of three digits or more, and pieces of Chinese.

    What redaction put in is none. A piece of Chinese has 2 to 4 characters of which none is a
    function word.
    """
    plain = _PLACEHOLDER.sub(" ", text).casefold()
    found: set[str] = set()
    for match in _HAN.finditer(plain):
        found.update(_pieces(match[0]))
    for match in _WORD.finditer(_HAN.sub(" ", plain)):
        word = match[0]
        if SHORTEST <= len(word) <= LONGEST and word not in _COMMON:
            found.add(word)
        if len(found) >= MAX_TERMS:
            break
    return frozenset(sorted(found)[:MAX_TERMS])


def telling(
    inside: Sequence[frozenset[str]], outside: Mapping[str, int], total: int
) -> tuple[str, ...]:
    """List the terms that set some messages apart from others of their language, the best first.

    Args:
        inside: Terms of each message of the group.
        outside: Messages with each term among all others.
        total: How many others there are.
    """
    here = Counter(term for found in inside for term in found)
    least = max(2, round(0.15 * len(inside))) if len(inside) > 1 else 1
    scores: dict[str, float] = {}
    for term, count in here.items():
        share, rest = count / len(inside), (outside.get(term, 0) + 0.5) / (total + FEW)
        if count >= least and share / rest >= LIFT:
            scores[term] = share * log(share / rest)
    ordered = sorted(scores, key=lambda term: (-scores[term], -len(term), term))
    return tuple(_apart(ordered, here))


def _apart(ordered: Iterable[str], here: Mapping[str, int]) -> list[str]:
    """Leave out what is a part of, or holds, a term listed before; the longer one stays."""
    out: list[str] = []
    for term in ordered:
        overlap = [one for one in out if _overlaps(term, one)]
        if not overlap:
            out.append(term)
        elif all(one in term and here[term] >= 0.8 * here[one] for one in overlap):
            out[out.index(overlap[0])] = term
            out = [one for one in out if one == term or one not in overlap]
        if len(out) > TELLING:
            break
    return out[:TELLING]


def _overlaps(one: str, other: str) -> bool:
    if one in other or other in one:
        return True
    if not (_HAN.search(one) and _HAN.search(other)):
        return False
    # Neighbouring pieces of one Chinese word share their edge.
    return any(one[-n:] == other[:n] or other[-n:] == one[:n] for n in (1, 2, 3))


def _pieces(run: str) -> Iterable[str]:
    for size in _PIECES:
        for at in range(len(run) - size + 1):
            piece = run[at : at + size]
            if not _FUNCTION.intersection(piece):
                yield piece
