"""How far a sent text is from what was suggested."""

from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein
from rapidfuzz.fuzz import partial_ratio_alignment

MAX_SUGGESTED, MAX_SENT = 1_500, 8_000
"""Characters that are compared: the search for the stretch takes more than quadratic time."""
DIGITS = 4


def edit_distance(suggested: Sequence[str], sent: str) -> float | None:
    """Return the share of a suggested text that was changed before it was sent: 0 none, 1 all.

    The normalised Levenshtein distance between the suggestion and the stretch of the sent text that
    is most like it, so that greeting and sign-off cost nothing. White space counts as one blank.

    Args:
        suggested: Versions of the suggestion; the nearest counts.
        sent: What was sent.
    """
    words = " ".join(sent[:MAX_SENT].split())
    texts = [" ".join(one[:MAX_SUGGESTED].split()) for one in suggested]
    found = [_distance(one, words) for one in texts if one]
    return round(min(found), DIGITS) if found else None


def _distance(suggested: str, sent: str) -> float:
    stretch = sent
    if len(sent) > len(suggested):
        best = partial_ratio_alignment(suggested, sent)
        if best is not None:
            stretch = sent[best.dest_start : best.dest_end]
    return float(Levenshtein.normalized_distance(suggested, stretch))
