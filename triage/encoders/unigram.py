"""A Unigram tokenizer in a tenth of the library's memory: it cuts, the pieces are chosen here.

The library keeps its vocabulary in a tree with a table at every byte: 118 MB for 64,000 pieces,
which a dictionary holds in 12 MB. The choice is the library's own (``encode_optimized`` of
huggingface/tokenizers, after SentencePiece): the best sum of scores, the first of equal ones, and
neighbouring unknown characters as one piece.
"""

import json
import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

from tokenizers import Tokenizer

UNKNOWN_PENALTY = 10.0
"""How far below the worst piece an unknown character scores (``K_UNK_PENALTY`` there)."""
_TEXT = {"Sequence": {"id": "A", "type_id": 0}}
_NO_ENDS: Mapping[str, Any] = {
    "type": "TemplateProcessing", "single": [_TEXT], "special_tokens": {},
}  # fmt: skip
_FLAGS = ("single_word", "lstrip", "rstrip", "normalized")


class Unigram:
    """Ids of whole texts, those of the library without special tokens, padding and truncation.

    Args:
        content: What ``tokenizer.json`` says.

    Attributes:
        cutter: The library's steps over a vocabulary of one piece.
        before: Ids of the special tokens before a text.
        after: And after it.

    Raises:
        KeyError, TypeError, ValueError: When something in it is missing or wrong.
    """

    def __init__(self, content: Mapping[str, Any]) -> None:
        model = content["model"]
        vocabulary = model["vocab"]
        self._scores = array("d", (score for _, score in vocabulary))
        self._pieces = {piece: place for place, (piece, _) in enumerate(vocabulary)}
        self._unknown = int(model["unk_id"])
        self._unknown_score = min(self._scores) - UNKNOWN_PENALTY
        self._longest: dict[str, int] = {}
        for piece in self._pieces:
            self._longest[piece[:1]] = max(len(piece), self._longest.get(piece[:1], 0))
        self.cutter = _cutter(content)
        self._normalizer = self.cutter.normalizer
        self._pre_tokenizer = self.cutter.pre_tokenizer
        self.before, self.after = _ends(content.get("post_processor"))
        self._added = {str(one["content"]): int(one["id"]) for one in content["added_tokens"]}
        names = sorted(self._added, key=len, reverse=True)
        self._names = re.compile(f"({'|'.join(map(re.escape, names))})") if names else None

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> Self | None:
        """Read a tokenizer; None where it is of a kind that the library alone knows."""
        return cls(content) if _readable_here(content) else None

    @property
    def size(self) -> int:
        """Number of ids."""
        return len(self._pieces.keys() | self._added.keys())

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text."""
        return [list(self._ids(text)) for text in texts]

    def _ids(self, text: str) -> Iterator[int]:
        for part in self._names.split(text) if self._names else (text,):
            if part in self._added:
                yield self._added[part]
            elif part:
                normal = self._normalizer.normalize_str(part)
                for word, _ in self._pre_tokenizer.pre_tokenize_str(normal):
                    yield from self._chosen(word)

    def _chosen(self, word: str) -> list[int]:
        """Choose the pieces of a word: what ends at each place with the best sum so far."""
        whole = self._best(word)
        found: list[int] = []
        end, unknown_end = len(word), 0
        while end > 0:
            start, piece = whole[end]
            if piece == self._unknown:
                unknown_end = unknown_end or end
            else:
                if unknown_end:
                    found.append(self._pieces.get(word[end:unknown_end], self._unknown))
                    unknown_end = 0
                found.append(piece)
            end = start
        if unknown_end:
            found.append(self._pieces.get(word[:unknown_end], self._unknown))
        found.reverse()
        return found

    def _best(self, word: str) -> list[tuple[int, int]]:
        """Tell where the piece that ends at each place starts, and its id."""
        pieces, scores, longest = self._pieces, self._scores, self._longest
        size = len(word)
        sums: list[float | None] = [None] * (size + 1)
        links = [(0, 0)] * (size + 1)
        sums[0] = 0.0
        for start, letter in enumerate(word):
            # Every character is a piece or unknown, so that every place is reached.
            so_far = sums[start] or 0.0
            alone = pieces.get(letter)
            if alone is None:
                alone, score = self._unknown, self._unknown_score
            else:
                score = scores[alone]
            known = sums[start + 1]
            if known is None or so_far + score > known:
                sums[start + 1], links[start + 1] = so_far + score, (start, alone)
            for end in range(start + 2, min(size, start + longest.get(letter, 0)) + 1):
                piece = pieces.get(word[start:end])
                if piece is not None:
                    score, known = so_far + scores[piece], sums[end]
                    if known is None or score > known:
                        sums[end], links[end] = score, (start, piece)
        return links


def _cutter(content: Mapping[str, Any]) -> Tokenizer:
    """Build the library's tokenizer with its steps alone, over a vocabulary of one piece."""
    empty = {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0]], "byte_fallback": False}
    kept: Mapping[str, object] = {"model": empty, "added_tokens": [], "post_processor": None}
    return Tokenizer.from_str(json.dumps({**content, **kept}))


def _readable_here(content: Mapping[str, Any]) -> bool:
    model = content.get("model") or {}
    plain = model.get("type") == "Unigram" and not model.get("byte_fallback")
    steps = content.get("normalizer") and content.get("pre_tokenizer")
    added = content.get("added_tokens", [])
    whole = not any(one.get(flag) for one in added for flag in _FLAGS)
    last = content.get("post_processor") or _NO_ENDS
    framed = last.get("type") == "TemplateProcessing" and _TEXT in last["single"]
    return bool(plain and steps and whole and framed and model.get("unk_id") is not None)


def _ends(last: Mapping[str, Any] | None) -> tuple[list[int], list[int]]:
    """List the ids that a template puts before and after a text."""
    frame = last or _NO_ENDS
    place = frame["single"].index(_TEXT)
    ends = frame["single"][:place], frame["single"][place + 1 :]
    known = frame["special_tokens"]
    before, after = (
        [int(one) for part in end for one in known[part["SpecialToken"]["id"]]["ids"]]
        for end in ends
    )
    return before, after
