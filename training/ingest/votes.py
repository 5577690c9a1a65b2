"""One label from the answers of several annotators."""

from collections import Counter
from collections.abc import Sequence


def settle(answers: Sequence[str]) -> str:
    """Return the answer given most often; none on a tie, so that nobody's wish decides."""
    ranked = Counter(answer for answer in answers if answer).most_common(2)
    if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
        return ""
    return ranked[0][0]
