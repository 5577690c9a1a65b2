"""The byte classifier of py3langid, for a few languages and in less time.

Its table, its automaton and its arithmetic; left out are the languages that nobody asks about, the
order of the answers, and lists of a hundred thousand numbers, each of which lies elsewhere in
memory.
"""

import math
import unicodedata
from array import array
from collections import Counter
from collections.abc import Collection

import numpy as np
from py3langid.langid import MODEL_FILE, LanguageIdentifier

_STATES = 8
"""A state has 256 ways on, one for each byte."""


class ByteModel:
    """Chances of languages by the runs of bytes that a text holds.

    Args:
        wanted: Codes of languages; those that the model does not know are left out.
    """

    def __init__(self, wanted: Collection[str]) -> None:
        whole = LanguageIdentifier.from_model_file(MODEL_FILE)
        whole.set_languages(sorted(set(wanted) & set(whole.nb_classes)))
        # A text takes a hundred rows of the table, which lies in columns otherwise.
        self._table = np.ascontiguousarray(whole.nb_ptc)
        self._prior = whole.nb_pc
        self._columns: tuple[str, ...] = tuple(whole.nb_classes)
        # A language that is written in two scripts has a column for each.
        first = {name: at for at, name in reversed(list(enumerate(self._columns)))}
        self._twins = [(first[n], at) for at, n in enumerate(self._columns) if at != first[n]]
        self._next = whole.tk_nextmove
        self._rows = array("l", (row << _STATES for row in whole.tk_row))
        self._output = array("l", whole.tk_output)

    @property
    def names(self) -> tuple[str, ...]:
        """Codes of the languages, each once."""
        return tuple(dict.fromkeys(self._columns))

    def chances(self, text: str) -> dict[str, float]:
        """Return the probability of each language; all are equal where nothing is known."""
        raw = _bytes(text)
        counts = self._counts(raw)
        scores = np.zeros(len(self._columns), np.float32)
        if counts:
            rows = np.fromiter(counts.keys(), np.intp, len(counts))
            seen = np.fromiter(counts.values(), np.float32, len(counts))
            scores = np.log1p(seen) @ self._table.take(rows, axis=0) + self._prior
        # Longer texts have scores further apart, and are not that much surer.
        scores *= 1.0 / math.sqrt(len(raw) or 1)
        np.exp(scores - np.maximum.reduce(scores), out=scores)
        scores /= np.add.reduce(scores)
        for first, second in self._twins:
            scores[first] += scores[second]
            scores[second] = 0.0
        found: dict[str, float] = {}
        for name, share in zip(self._columns, scores.tolist(), strict=True):
            found.setdefault(name, share)
        return found

    def _counts(self, raw: bytes) -> Counter[int]:
        """Count what the automaton finds."""
        ways, rows, output = self._next, self._rows, self._output
        state, found = 0, []
        for byte in raw:
            state = ways[rows[state] + byte]
            if (feature := output[state]) >= 0:
                found.append(feature)
        return Counter(found)


def _bytes(text: str) -> bytes:
    lower = text.lower() if text.isupper() else text
    return unicodedata.normalize("NFC", lower).encode("utf-8", errors="surrogatepass")
