"""Which words spoke for a label: occlusion, the drop of its score when they are left out.

Occlusion (Zeiler and Fergus 2014, section 4.2) asks the served model itself, so it is faithful for
every encoder and head, lexical features included.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from triage.labeling.calibration import softmax
from triage.labeling.heads import Floats

MAX_SEGMENTS = 48
"""Most stretches that one explanation leaves out in turn; longer texts get wider stretches."""
MAX_SPANS = 5
_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff]{1,2}"  # scripts without spaces, by pairs
    r"|[^\W_\u3040-\u30ff\u3400-\u9fff]+(?:['\u2019-][^\W_\u3040-\u30ff\u3400-\u9fff]+)*"
    r"|[!?\uff01\uff1f]+"
    r"|[\u2190-\u2bff\U0001f000-\U0001faff]+"  # arrows, signs and emoji carry tone; full stops none
)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the cleaned text and its share of the label's score."""

    start: int
    end: int
    weight: float


def segments(text: str) -> list[tuple[int, int]]:
    """Cut a text into words, or into runs of words when there are too many."""
    words = [match.span() for match in _WORD.finditer(text)]
    size = -(-len(words) // MAX_SEGMENTS) if words else 1
    groups = [words[i : i + size] for i in range(0, len(words), size)]
    return [(group[0][0], group[-1][1]) for group in groups]


def versions(text: str, parts: Sequence[tuple[int, int]]) -> list[str]:
    """Return the text itself, then the text without each part in turn."""
    return [text, *(text[:start] + " " + text[end:] for start, end in parts)]


def explain(text: str, parts: Sequence[tuple[int, int]], scores: Floats, label: int) -> list[Span]:
    """Find the stretches whose absence lowers the log-odds of a label most.

    Args:
        text: The cleaned text that was scored.
        parts: Its segments.
        scores: Served scores of its versions, shape ``(1 + parts, labels)``.
        label: Column of the label to explain.

    Returns:
        At most ``MAX_SPANS`` stretches in reading order; neighbours are joined.
    """
    if len(parts) < 2:  # noqa: PLR2004 - leaving out the only word leaves nothing to compare
        return [Span(*parts[0], 1.0)] if parts else []
    drops = _drops(scores, label)
    total = float(drops.sum())
    if total <= 0:
        return []
    chosen = sorted(int(i) for i in np.argsort(-drops)[:MAX_SPANS] if drops[i] > 0)
    spans: list[Span] = []
    for i in chosen:
        start, end = parts[i]
        weight = float(drops[i]) / total
        if spans and not text[spans[-1].end : start].strip():
            spans[-1] = Span(spans[-1].start, end, spans[-1].weight + weight)
        else:
            spans.append(Span(start, end, weight))
    return spans


def _drops(scores: Floats, label: int) -> Floats:
    probabilities = np.clip(softmax(scores)[:, label], 1e-9, 1 - 1e-9)
    odds = np.log(probabilities) - np.log1p(-probabilities)
    return np.asarray(np.maximum(odds[0] - odds[1:], 0), np.float32)
