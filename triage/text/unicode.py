"""Unicode clean-up: NFKC, invisible code points, stacked marks. Linear, every code point mapped."""

import re
import unicodedata
from functools import lru_cache

import numpy as np

from triage.text.mapped import Mapped

MAX_MARKS = 8

# All of category Cf but ZWNJ and ZWJ (they join emoji and shape letters), and of Cc but tab and
# line feed. A table, since collecting it from 1.1 million code points would cost each start.
_INVISIBLE = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    "\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000110bd"
    "\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001"
    "\U000e0020-\U000e007f"
)
_BREAKS = "\r\x0b\x0c\x85\u2028\u2029"
# Joiners mean something in emoji and in Arabic or Indic words; between Latin letters or Chinese
# characters they only hide the word.
_JOINED = "[A-Za-z\u00c0-\u024f\u3400-\u9fff]"
_JOINERS = f"(?<={_JOINED})[\u200c\u200d]+(?={_JOINED})"
_ODD = re.compile(f"[{_INVISIBLE}{_BREAKS}]|{_JOINERS}")
_HIDDEN = re.compile(f"[{_INVISIBLE}]|{_JOINERS}")
# Marks are neither word characters nor white space nor ASCII: no such run, no stack too high.
_MAY_STACK = re.compile(rf"[^\w\s\x00-\x7f]{{{MAX_MARKS + 1}}}")
# Two Arabic code points stand for a whole sentence each; a text of them would grow eighteenfold.
_MAX_GROWTH = 6
# Letters that look the same: a selection from Unicode Technical Standard 39, confusables.
_LOOK_ALIKES = str.maketrans(
    "АВЕЅІЈКМНОРСТУХЗаеѕіјкмнорстухһԁԛԝӏгпѵΑΒΕΖΗΙΚΜΝΟΡΤΥΧανορυχικτ",
    "ABESIJKMHOPCTYX3aesijkmhopctyxhdqwlrnvABEZHIKMNOPTYXavopuxikt",
)
_LATIN = "A-Za-z\u00c0-\u024f"
_OTHER_SCRIPT = "\u0370-\u03ff\u0400-\u052f"
_LATIN_LETTER = re.compile(f"[{_LATIN}]")
_OTHER_LETTER = re.compile(f"[{_OTHER_SCRIPT}]")
_WORD = re.compile(f"[{_LATIN}{_OTHER_SCRIPT}]+")
_MOSTLY = 2
_VOWEL_AND_FINAL_JAMO = range(0x1160, 0x1200)


def normalise(mapped: Mapped) -> Mapped:
    """Bring a text to NFKC without invisible code points and with at most eight marks in a row.

    Zero-width and bidirectional controls go, ZWJ and ZWNJ stay; every kind of line break becomes
    a line feed. Source: Unicode Standard Annex 15.
    """
    text = _in_place(mapped.text)
    if text is None:
        return _rebuilt(mapped)
    return Mapped(text, mapped.starts, mapped.ends, mapped.marks)


def normal_line(text: str) -> str | None:
    """Return a text as normalising makes it; None where code points may move or be folded."""
    if text.isascii() and text.isprintable():
        return text
    normal = _in_place(text)
    return None if normal is None or _OTHER_LETTER.search(normal) else normal


def _in_place(text: str) -> str | None:
    """Return the normal form of a text in which each code point stands for itself, as in Chinese.

    None for any other text.
    """
    if _is_normal(text):
        return text
    chars = list(map(_alone, text))
    return "".join(chars) if all(chars) else None


def _is_normal(text: str) -> bool:
    # What prints is neither invisible nor a break nor a joiner.
    if not text.isprintable() and _ODD.search(text):
        return False
    return text.isascii() or (
        not _MAY_STACK.search(text) and unicodedata.is_normalized("NFKC", text)
    )


def fold_look_alikes(mapped: Mapped) -> Mapped:
    """Write Cyrillic and Greek letters inside Latin text as the Latin letters they imitate.

    One code point stays one code point. Folded are words that mix scripts and, where two of three
    letters are Latin, words of look-alikes alone; other words are what they say.
    """
    text = mapped.text
    others = 0 if text.isascii() else len(_OTHER_LETTER.findall(text))
    if not others:
        return mapped
    latin = len(_LATIN_LETTER.findall(text)) >= _MOSTLY * others

    def fold(found: re.Match[str]) -> str:
        word = found.group()
        folded = word.translate(_LOOK_ALIKES)
        whole = latin and not _OTHER_LETTER.search(folded)
        return folded if whole or _LATIN_LETTER.search(word) else word

    return Mapped(_WORD.sub(fold, text), mapped.starts, mapped.ends, mapped.marks)


def _rebuilt(mapped: Mapped) -> Mapped:
    pieces: list[str] = []
    bounds: list[tuple[int, int]] = []
    for piece, start, end in _segments(mapped.text):
        normal = _normal(piece)
        if len(normal) == end - start == len(piece):
            bounds.extend((at, at) for at in range(start, end))
        else:
            bounds.extend([(start, end - 1)] * len(normal))
        pieces.append(normal)
    rows = np.array(bounds, dtype=np.int64).reshape(-1, 2)
    first, last = rows[:, 0], rows[:, 1]
    return Mapped("".join(pieces), mapped.starts[first], mapped.ends[last], mapped.marks[first])


# Texts are made of few different pieces, and hostile ones repeat the dearest.
@lru_cache(maxsize=4_096)
def _normal(piece: str) -> str:
    normal = _capped(unicodedata.normalize("NFKC", piece))
    if len(normal) > len(piece) + _MAX_GROWTH:
        return _capped(unicodedata.normalize("NFC", piece))
    return normal


@lru_cache(maxsize=8_192)
def _alone(char: str) -> str:
    """Return the code point that one becomes; empty where it goes, joins others or grows."""
    if _ODD.match(char) or char in "\u200c\u200d" or not (char < "\u0300" or _opens(char)):
        return ""
    normal = _normal(char)
    return normal if len(normal) == 1 else ""


def _segments(text: str) -> list[tuple[str, int, int]]:
    """Cut where NFKC cannot compose across: (code points to normalise, start, end)."""
    segments: list[tuple[str, int, int]] = []
    current: list[str] = []
    begin = end = marks = 0
    for at, char in enumerate(text):
        if _HIDDEN.match(text, at) or text.startswith("\r\n", at):
            continue
        if char < "\u0300" or _opens(char):
            if current:
                segments.append(("".join(current), begin, end))
            current, begin, marks = ["\n" if char in _BREAKS else char], at, 0
        elif marks < MAX_MARKS:
            current.append(char)
            marks += _is_mark(char)
        end = at + 1
    if current:
        segments.append(("".join(current), begin, end))
    return segments


@lru_cache(maxsize=4_096)
def _opens(char: str) -> bool:
    first = unicodedata.normalize("NFKD", char)[0]
    return not _is_mark(first) and ord(first) not in _VOWEL_AND_FINAL_JAMO


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"


def _capped(text: str) -> str:
    if len(text) <= MAX_MARKS:
        return text
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if _is_mark(char) else 0
        if marks <= MAX_MARKS:
            kept.append(char)
    return "".join(kept)
