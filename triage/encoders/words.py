"""Token ids word by word: most words of a message were seen before, and their ids are known.

A Unigram tokenizer that cuts at spaces, scripts, punctuation and digits never looks across a space,
with one exception: where the script changes at a space, the space is one or two tokens of its own.
So the ids of a text are those of its words, with such tokens between some of them.
"""

import json
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from tokenizers import Tokenizer

from triage.encoders.unigram import Unigram

MAX_WORDS = 16_384
"""Words whose ids are remembered; together with their ids about 4 MB."""
LONGEST = 40
"""Longest word that is remembered, in characters."""
MOST_BETWEEN = 2
"""Most tokens of a space: one before a sign is cut off from both sides."""
_SPACE = "▁"
_MARKS_AND_CONTROLS = "MC"
_CUTTERS = (
    {"type": "UnicodeScripts"},
    {"type": "Metaspace", "replacement": _SPACE, "prepend_scheme": "always", "split": True},
    {"type": "Punctuation", "behavior": "Isolated"},
    {"type": "Digits", "individual_digits": False},
)
_LETTER_BY_LETTER = frozenset({"NFKC", "NFD", "NFC", "Lowercase", "StripAccents", "Replace"})


class WordTokenizer:
    """Ids of whole texts, equal to those of the tokenizer it is built over.

    Args:
        tokenizer: Asked for every word once; for whole texts where it may look across spaces.
    """

    def __init__(self, tokenizer: Tokenizer | Unigram) -> None:
        self._tokenizer = tokenizer
        steps = tokenizer.cutter if isinstance(tokenizer, Unigram) else tokenizer
        self._by_words = _cuts_at_spaces(steps)
        self._words: dict[str, list[int]] = {}
        self._joints: dict[str, list[int] | None] = {}

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text."""
        found = [self._joined(text) if self._by_words else None for text in texts]
        left = [text for text, ids in zip(texts, found, strict=True) if ids is None]
        whole = iter(self._asked(left))
        return [next(whole) if ids is None else ids for ids in found]

    def _joined(self, text: str) -> list[int] | None:
        """Join the ids of the words of a text; None where that might not give those of the text."""
        words = text.split(" ")
        if "" in words:
            return None
        known = self._lookup(words)
        joints = self._joints
        ids = list(known[0])
        for (left, right), more in zip(pairwise(words), known[1:], strict=True):
            ends = left[-1] + right[0]
            if ends not in joints:
                self._learn_joint(ends)
            between = joints[ends]
            if between is None:
                return None
            ids += between
            ids += more
        return ids

    def _lookup(self, words: Sequence[str]) -> list[list[int]]:
        known = self._words
        try:
            return [known[word] for word in words]
        except KeyError:
            pass
        found = {word: known[word] for word in words if word in known}
        new = [word for word in dict.fromkeys(words) if word not in found]
        found |= zip(new, self._asked(new), strict=True)
        if len(known) + len(new) > MAX_WORDS:
            known.clear()
        known.update((word, found[word]) for word in new[:MAX_WORDS] if len(word) <= LONGEST)
        return [found[word] for word in words]

    def _learn_joint(self, ends: str) -> None:
        """Find out what stands between two words, from the characters beside the space."""
        left, right, both = self._asked([ends[0], ends[1], f"{ends[0]} {ends[1]}"])
        extra = len(both) - len(left) - len(right)
        between = both[len(left) : len(left) + extra]
        fits = (
            bool(left and right)
            and 0 <= extra <= MOST_BETWEEN
            and both == [*left, *between, *right]
        )
        if len(self._joints) >= MAX_WORDS:
            self._joints.clear()
        self._joints[ends] = between if fits and extra <= MOST_BETWEEN and _is_plain(ends) else None

    def _asked(self, texts: Sequence[str]) -> list[list[int]]:
        if isinstance(self._tokenizer, Unigram):
            return self._tokenizer.ids(texts)
        encoded = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [one.ids for one in encoded]


def _is_plain(ends: str) -> bool:
    """Tell whether both characters stay what they are when a text is normalised."""
    return all(map(_is_itself, ends))


def _is_itself(char: str) -> bool:
    if char.isascii() or (char.isalpha() and char == char.casefold()):
        return True
    stays = char == unicodedata.normalize("NFKD", char.casefold())
    return stays and unicodedata.category(char)[0] not in _MARKS_AND_CONTROLS


def _cuts_at_spaces(tokenizer: Tokenizer) -> bool:
    """Tell whether a tokenizer is of the kind that this module knows."""
    if type(tokenizer.model).__name__ != "Unigram" or tokenizer.pre_tokenizer is None:
        return False
    cutters = json.loads(tokenizer.pre_tokenizer.__getstate__()).get("pretokenizers", [])
    state = json.loads(tokenizer.normalizer.__getstate__()) if tokenizer.normalizer else {}
    steps = state.get("normalizers", [state] if state else [])
    spaces = any(step.get("pattern", {}).get("String") == " " for step in steps)
    letters = all(step.get("type") in _LETTER_BY_LETTER for step in steps)
    return tuple(cutters) == _CUTTERS and letters and not spaces
