"""Examples to the matrices that heads are fitted on: one row per message and encoder."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from training.datasets import Examples, Rows
from triage.encoders.base import Encoder, EncoderSet, Profile, Vectors
from triage.encoders.lexical import HashedNgrams, SparseRows

MIN_DOCUMENTS = 2
"""An n-gram in fewer messages than this gets no weight: it cannot be told from noise."""


@dataclass(frozen=True, slots=True, eq=False)
class Copies:
    """Messages, each once per encoder that some profile routes it to.

    Args:
        vectors: Shape ``(copies, dim)``.
        rows: The example behind each copy, shape ``(copies,)``.
        routed: Profile to the copy that it would see of each example, each of shape ``(n,)``.
        shares: One over the number of copies of the example, shape ``(copies,)``.
    """

    vectors: Vectors
    rows: Rows
    routed: Mapping[str, Rows]
    shares: NDArray[np.float64]


def embed(
    examples: Examples, encoders: EncoderSet, profiles: Sequence[Profile], cache: Path | None
) -> Copies:
    """Encode each text with every encoder that a profile would choose for its language.

    Args:
        examples: The rows.
        encoders: Encoders of one space.
        profiles: Profiles that the bundle shall serve.
        cache: Folder where joblib keeps embeddings between runs, or None.
    """
    names = {
        profile.name: np.asarray([profile.route(code) for code in examples.languages])
        for profile in profiles
    }
    vectors: list[Vectors] = []
    rows: list[Rows] = []
    place: dict[str, Rows] = {}
    count = 0
    for name, encoder in sorted(encoders.encoders.items()):
        wanted = np.any([chosen == name for chosen in names.values()], axis=0)
        index = np.flatnonzero(wanted)
        place[name] = np.full(len(examples), -1, np.int64)
        place[name][index] = count + np.arange(len(index))
        count += len(index)
        rows.append(index)
        vectors.append(cached_encode([examples.texts[i] for i in index], encoder, cache))
    routed = {
        profile: np.asarray([place[name][i] for i, name in enumerate(chosen)], np.int64)
        for profile, chosen in names.items()
    }
    owners = np.concatenate(rows)
    copies = np.bincount(owners, minlength=len(examples))
    return Copies(np.concatenate(vectors), owners, routed, 1.0 / copies[owners])


def cached_encode(texts: list[str], encoder: Encoder, cache: Path | None) -> Vectors:
    """Encode texts, keeping the result on disk under the encoder's fingerprint.

    A cache that cannot be written costs time alone: the texts are then encoded without it.
    """
    if not texts:
        return np.zeros((0, encoder.dim), np.float32)
    if cache is None:
        return encoder.encode(texts)
    try:
        remembered = joblib.Memory(cache, verbose=0).cache(_encode, ignore=["encoder"])
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Unable to cache to disk")
            vectors: Vectors = remembered(texts, encoder.fingerprint, encoder)
    except OSError:
        return encoder.encode(texts)
    return vectors


def _encode(texts: list[str], fingerprint: str, encoder: Encoder) -> Vectors:  # noqa: ARG001 - the fingerprint is the cache's key
    return encoder.encode(texts)


def inverse_frequencies(counts: SparseRows, buckets: int) -> NDArray[np.float32]:
    """Compute smoothed inverse document frequencies ``(buckets,)``, zero for the rarest.

    The formula is scikit-learn's ``TfidfTransformer`` with ``smooth_idf``.
    """
    documents = np.bincount(counts.indices, minlength=buckets)
    idf = np.log((1 + len(counts)) / (1 + documents)) + 1
    return np.where(documents >= MIN_DOCUMENTS, idf, 0).astype(np.float32)


def to_matrix(rows: SparseRows, ngrams: HashedNgrams) -> sparse.csr_matrix:
    """Wrap sparse rows as a SciPy matrix of shape ``(n, buckets)``."""
    shape = (len(rows), ngrams.buckets)
    return sparse.csr_matrix((rows.values, rows.indices, rows.indptr), shape=shape)
