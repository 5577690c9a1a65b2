"""py3langid's byte classifier over arrays that stay on disk, mapped and read as they are needed.

The package unpacks all its languages at every start: half a second and 105 MB at the peak. The
arrays beside this module (``training.byte_languages`` writes them) give the same odds.
"""

import json
import math
import unicodedata
from collections import Counter
from collections.abc import Collection
from operator import itemgetter
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).parent / "languages"
META, NEXT, BLOCKS = "meta.json", "next.npy", "blocks.npy"
FEATURES, WEIGHTS = "features.npy", "weights.npy"
MAX_WALKS = 16_384
"""Words of which it is remembered what they visit, once for each state before: about 7 MB."""
LONGEST = 40
"""Longest word that is remembered, in bytes."""
WIDTH = 16
"""Next states a block: what one half of a byte leads to, after the other chose the block."""
_HIGH = bytes(byte >> 4 for byte in range(256))
_LOW = bytes(byte & 15 for byte in range(256))


class Classifier(Protocol):
    """Tells how likely a text is written in each language it knows."""

    nb_classes: list[str]

    def rank(self, text: str, /) -> list[tuple[str, float]]:
        """List languages with their probability, the likeliest first."""


class ByteModel:
    """Naive Bayes over the byte sequences that an automaton finds in a text.

    Args:
        folder: Of the arrays.
        columns: Those of the languages that may be an answer.
    """

    def __init__(self, folder: Path, columns: list[int]) -> None:
        meta = json.loads((folder / META).read_bytes())
        self.nb_classes: list[str] = [meta["languages"][column] for column in columns]
        names = self.nb_classes
        # A language in two scripts has two columns.
        self._twice = [(names.index(n), i) for i, n in enumerate(names) if names.index(n) < i]
        self._names = tuple(dict.fromkeys(names))
        self._columns = columns
        self._priors = np.array(meta["priors"], np.float32)[columns]
        self._next = _flat(folder / NEXT)
        self._blocks = _flat(folder / BLOCKS)
        self._features = _flat(folder / FEATURES)
        self._walks: dict[tuple[int, bytes], tuple[int, list[int]]] = {}
        # As a plain array: each step over a memmap object runs Python code of its class.
        self._weights = np.asarray(np.load(folder / WEIGHTS, mmap_mode="r", allow_pickle=False))

    @classmethod
    def of(cls, wanted: Collection[str], folder: Path = FOLDER) -> Self | None:
        """Read the columns of some languages; None where one is known to the package alone."""
        meta = json.loads((folder / META).read_bytes())
        chosen = set(wanted) & set(meta["known"])
        if not chosen <= set(meta["languages"]):
            return None
        return cls(folder, [i for i, name in enumerate(meta["languages"]) if name in chosen])

    def rank(self, text: str, /) -> list[tuple[str, float]]:
        """List languages with their probability, the likeliest first; each stands once."""
        found = self._probabilities(_encoded(text))
        for place, other in self._twice:
            found[place] += found[other]
        shares: list[float] = found.tolist()
        for _, other in reversed(self._twice):
            del shares[other]
        return sorted(zip(self._names, shares, strict=True), key=itemgetter(1), reverse=True)

    def _probabilities(self, content: bytes) -> NDArray[np.float32]:
        visits = Counter(self._visited(content))
        scores = np.zeros(len(self.nb_classes), np.float32)
        if visits:
            places = np.fromiter(visits.keys(), np.intp, len(visits))
            counts = np.fromiter(visits.values(), np.float32, len(visits))
            rows = self._weights.take(places, axis=0)
            if len(self._columns) < rows.shape[1]:
                rows = np.ascontiguousarray(rows[:, self._columns])
            scores = np.log1p(counts) @ rows + self._priors
        # The package's temperature, which keeps long texts from being sure of anything.
        scores *= 1.0 / math.sqrt(len(content) or 1)
        np.exp(scores - scores.max(), out=scores)
        scores /= scores.sum()
        return scores

    def _visited(self, content: bytes) -> list[int]:
        """List the feature of every state that has one, in the order of the text.

        The walk goes word by word: what a word visits depends on the state before it alone, and
        most words of a message were seen in that state before.
        """
        walks, state, found = self._walks, 0, list[int]()
        if len(walks) > MAX_WALKS:
            walks.clear()
        *words, last = content.split(b" ")
        for word in words:
            name = state, word
            walk = walks.get(name)
            if walk is None:
                walk = self._walk(state, word + b" ")
                if len(word) <= LONGEST:
                    walks[name] = walk
            state = walk[0]
            found += walk[1]
        return found + self._walk(state, last)[1]

    def _walk(self, state: int, content: bytes) -> tuple[int, list[int]]:
        following, blocks, features = self._next, self._blocks, self._features
        found = []
        for high, low in zip(content.translate(_HIGH), content.translate(_LOW), strict=True):
            state = blocks[(following[state * WIDTH + high] << 4) + low]
            feature = features[state]
            if feature >= 0:
                found.append(feature)
        return state, found


def _encoded(text: str) -> bytes:
    plain = text.lower() if text.isupper() else text
    return unicodedata.normalize("NFC", plain).encode(errors="surrogatepass")


def _flat(path: Path) -> memoryview:
    """Map whole numbers."""
    return memoryview(np.load(path, mmap_mode="r", allow_pickle=False).reshape(-1))
