"""Write a message as a hurried person would: slips of the keyboard, no accents, no capitals."""

import unicodedata
from random import Random

SLIPS = (0.01, 0.06)
"""Least and most share of letters that are mistyped in one message."""
PLAIN_SHARE = 0.5
"""Share of messages that lose what a foreign keyboard lacks."""
LOWER_SHARE = 0.3
_DANISH = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "Æ": "Ae", "Ø": "Oe", "Å": "Aa"})
_NEIGHBOURS = {
    here: "".join(row[max(0, at - 1) : at] + row[at + 1 : at + 2])
    for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    for at, here in enumerate(row)
}


def roughen(text: str, language: str, random: Random) -> str:
    """Return the text with slips; the same text, language and random state give the same."""
    if language == "da" and random.random() < PLAIN_SHARE:
        text = text.translate(_DANISH)
    if language == "ro" and random.random() < PLAIN_SHARE:
        marked = unicodedata.normalize("NFD", text)
        text = "".join(char for char in marked if not unicodedata.combining(char))
    if random.random() < LOWER_SHARE:
        text = text.lower()
    return _slip(text, random.uniform(*SLIPS), random)


def _slip(text: str, share: float, random: Random) -> str:
    """Drop, double, swap or replace a share of the letters."""
    out: list[str] = []
    for char in text:
        if not char.isalpha() or random.random() >= share:
            out.append(char)
            continue
        way = random.randrange(4)
        beside = _NEIGHBOURS.get(char.lower())
        if way == 0:
            continue
        if way == 1:
            out += [char, char]
        elif way == 2 and out and out[-1].isalpha():  # noqa: PLR2004 - the third of four slips
            out.insert(-1, char)
        else:
            out.append(random.choice(beside) if beside else char)
    return "".join(out)
