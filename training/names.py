"""The words of a label's name as one more row to learn it from, where rows are few."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from training.design import Design
from triage.encoders.base import EncoderSet
from triage.labeling.heads import Floats

FEW = 30
"""Rows of the middle label up to which names are tried."""
TELLING = 0.5
"""Share of the labels whose names must hold words; codes such as ``P1`` say nothing."""
_JOINTS = re.compile(r"[_\-/.:]+|(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[^\W\d_]{3,}|[\u3400-\u9fff]{2,}")


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """Rows made of label names, ``k`` of them: one a label and encoder.

    Args:
        dense: Shape ``(k, dim)``.
        sparse: N-grams, shape ``(k, columns)``.
        target: Column of the label, shape ``(k,)``.
        shares: One over the number of encoders, shape ``(k,)``.
    """

    dense: Floats
    sparse: sparse.csr_matrix
    target: NDArray[np.int64]
    shares: NDArray[np.float64]


def words_of(label: str) -> str:
    """Write a label as words: ``card_arrival`` as ``card arrival``; empty where there are none."""
    spaced = " ".join(_JOINTS.sub(" ", label).split())
    return spaced if _WORD.search(spaced) else ""


def name_rows(
    labels: Sequence[str], counts: NDArray[np.int64], matrices: Design, encoders: EncoderSet
) -> Named | None:
    """Turn the names of labels into rows.

    Args:
        labels: The labels of a task.
        counts: Rows of each, shape ``(labels,)``.
        matrices: The run's matrices.
        encoders: Its encoders; a head shared by several gets a row from each.

    Returns:
        The rows; None where rows are many, or too few names hold words.
    """
    carried = counts[counts > 0]
    texts = [words_of(label) for label in labels]
    told = np.flatnonzero([bool(text) for text in texts])
    if not len(carried) or np.median(carried) > FEW or len(told) < TELLING * len(labels):
        return None
    named = [texts[i] for i in told]
    each = list(encoders.encoders.values())
    dense = np.concatenate([encoder.encode(named) for encoder in each])
    beside = sparse.vstack([matrices.lexical(named)] * len(each)).tocsr()
    shares = np.full(len(dense), 1.0 / len(each))
    return Named(dense, beside, np.tile(told, len(each)).astype(np.int64), shares)
