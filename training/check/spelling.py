"""Labels that are one label written twice: other case or spaces, or a slip of the keyboard."""

import re
from collections.abc import Iterator, Mapping

COMMONER = 10
"""A slip is at most a tenth as common as what was meant."""
MIN_LENGTH, TWO_SLIPS_LENGTH = 4, 9
"""Shortest label where one slip, and where two slips, still show what was meant."""
MAX_LENGTH = 100
_SEPARATORS = re.compile(r"[\W_]+")
_DIGITS = re.compile("[0-9]+")
_SEVERAL = "|"


def variants(counts: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Yield (label, commoner label) that differ by case, spaces and punctuation alone."""
    first: dict[str, str] = {}
    for label in _commonest_first(counts):
        folded = _SEPARATORS.sub("", label.casefold())
        meant = first.setdefault(folded, label) if folded else label
        if meant != label:
            yield label, meant


def slips(counts: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Yield (label, far commoner label) that one or two slips of the keyboard lie between.

    Labels that differ in digits, such as P1 and P2, are two labels.
    """
    labels = [label for label in _commonest_first(counts) if _may_slip(label)]
    for at, label in enumerate(labels):
        allowed = 2 if len(label) >= TWO_SLIPS_LENGTH else 1
        for meant in labels[:at]:
            if counts[meant] < COMMONER * counts[label]:
                break
            if _DIGITS.findall(meant) == _DIGITS.findall(label) and (
                0 < distance(label.casefold(), meant.casefold(), allowed) <= allowed
            ):
                yield label, meant
                break


def distance(one: str, other: str, most: int) -> int:
    """Count the insertions, deletions, replacements and swaps between two words.

    Optimal string alignment (Damerau 1964; restricted form). Returns ``most + 1`` as soon as there
    are more than ``most``.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, char in enumerate(one, start=1):
        above, row = row, [i]
        for j, beside in enumerate(other, start=1):
            best = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (char != beside))
            if i > 1 and j > 1 and char == other[j - 2] and one[i - 2] == beside:
                best = min(best, before[j - 2] + 1)
            row.append(best)
        if min(row) > most:
            return most + 1
        before = above
    return row[-1]


def _may_slip(label: str) -> bool:
    return MIN_LENGTH <= len(label) <= MAX_LENGTH and _SEVERAL not in label


def _commonest_first(counts: Mapping[str, int]) -> list[str]:
    return sorted(counts, key=lambda label: (-counts[label], label))
