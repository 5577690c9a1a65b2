"""Sketches of texts by MinHash: near-equal texts found in linear time, 128 bytes a text.

MinHash is Broder's (1997), in banded buckets as in Leskovec, Rajaraman and Ullman, "Mining of
Massive Datasets", chapter 3; of each minimum eight bits are kept, as Li and König (2010) show to be
enough. The signatures are rensa's.
"""

import re
from array import array

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

SHINGLE = 5
"""Characters that are compared together."""
MIN_CHARACTERS = 20
"""Shorter texts are equal or not; nearly equal says nothing."""
READ = 2_000
"""Characters of a text that are compared."""
BANDS, PER_BAND = 8, 8
"""Texts sharing 0.9 of their shingles meet with a chance of 99 %, 0.8 with 77 %, 0.5 with 3 %."""
SIMILAR = 0.8
"""Share of equal minima from which two texts count as nearly equal."""
BATCH = 512
_PERMUTATIONS = BANDS * PER_BAND
_CHANCE = 1 / 256
_SEED = 7
_ODD = re.compile(r"[\W_]+")
_DIGIT = re.compile(r"\d")
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)


class Sketches:
    """Sketches of the texts of an export, one after the other."""

    def __init__(self) -> None:
        self._waiting: list[str] = []
        self._short = array("b")
        self._bands = bytearray()
        self._bits = bytearray()

    def add(self, text: str) -> None:
        """Sketch the next text; case, punctuation and the value of digits do not count."""
        folded = _DIGIT.sub("0", _ODD.sub(" ", text[:READ].casefold())).strip()
        self._short.append(len(folded) < MIN_CHARACTERS)
        self._waiting.append(folded)
        if len(self._waiting) == BATCH:
            self._flush()

    def clusters(self, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
        """Number the clusters of the chosen texts that are nearly equal, shape ``(chosen,)``."""
        self._flush()
        chosen = chosen[np.frombuffer(self._short, np.int8)[chosen] == 0]
        bands = np.frombuffer(self._bands, np.uint64).reshape(-1, BANDS)
        bits = np.frombuffer(self._bits, np.uint8).reshape(-1, _PERMUTATIONS)
        pairs = [_alike(bands[chosen, band], bits, chosen) for band in range(BANDS)]
        left, right = (np.concatenate([pair[side] for pair in pairs]) for side in (0, 1))
        total = len(bits)
        links = coo_array((np.ones(len(left), np.int8), (left, right)), shape=(total, total))
        return np.asarray(connected_components(links, directed=False)[1], np.int64)

    def _flush(self) -> None:
        if not self._waiting:
            return
        tokens, borders = _shingles(self._waiting)
        self._waiting = []
        matrix = RMinHash.digest_matrix_from_flat_token_hashes(
            tokens, borders, _PERMUTATIONS, _SEED
        )
        minima = np.asarray(matrix.to_rows(), np.uint64)
        self._bits += (minima & np.uint64(0xFF)).astype(np.uint8).tobytes()
        mixed = np.zeros((len(minima), BANDS), np.uint64)
        for column in range(PER_BAND):
            mixed = _mixed(mixed * _FACTOR + minima.reshape(-1, BANDS, PER_BAND)[:, :, column])
        self._bands += mixed.tobytes()


def _shingles(texts: list[str]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Hash all runs of five characters of each text, one flat list and its borders."""
    padded = "".join(f"{text}{chr(0) * SHINGLE}" for text in texts)
    points = np.frombuffer(padded.encode("utf-32-le", "surrogatepass"), np.uint32)
    lengths = np.asarray([len(text) for text in texts], np.int64)
    hashes = np.zeros(len(points) - SHINGLE + 1, np.uint64)
    for at in range(SHINGLE):
        hashes = hashes * _FACTOR + points[at : at + len(hashes)].astype(np.uint64)
    counts = np.maximum(1, lengths - SHINGLE + 1)
    starts = np.cumsum(lengths + SHINGLE) - lengths - SHINGLE
    borders = np.concatenate([[0], np.cumsum(counts)])
    within = np.arange(borders[-1]) - np.repeat(borders[:-1], counts)
    return _mixed(hashes[np.repeat(starts, counts) + within]), borders.astype(np.uint64)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    values = (values ^ (values >> np.uint64(30))) * _MIX
    return values ^ (values >> np.uint64(31))


def _alike(
    band: NDArray[np.uint64], bits: NDArray[np.uint8], rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair each text of a bucket with its first one, where the sketches agree.

    Comparing with the first alone keeps the time linear however full a bucket is.
    """
    order = np.argsort(band, kind="stable")
    values, ranked = band[order], rows[order]
    opens = np.concatenate([[True], values[1:] != values[:-1]])[: len(values)]
    first = ranked[np.maximum.accumulate(np.where(opens, np.arange(len(values)), 0))]
    left, right = first[~opens], ranked[~opens]
    agree = np.empty(len(left))
    for begin in range(0, len(left), 50_000):
        part = slice(begin, begin + 50_000)
        agree[part] = (bits[left[part]] == bits[right[part]]).mean(axis=1)
    good = (agree - _CHANCE) / (1 - _CHANCE) >= SIMILAR
    return left[good], right[good]
