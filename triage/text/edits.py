"""How far a sent text is from what was suggested."""

from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein

MAX_SUGGESTED, MAX_SENT = 1_500, 8_000
"""Characters that are compared: the search takes the product of both."""
DIGITS = 4


def edit_distance(suggested: Sequence[str], sent: str) -> float | None:
    """Return the share of a suggested text that was changed before it was sent: 0 none, 1 all.

    Edits of characters, between the suggestion and the stretch of the sent text that takes the
    fewest, by the suggestion's length: greeting and sign-off cost nothing. White space counts as
    one blank.

    Args:
        suggested: Versions of the suggestion; the nearest counts.
        sent: What was sent.
    """
    words = " ".join(sent[:MAX_SENT].split())
    texts = [" ".join(one[:MAX_SUGGESTED].split()) for one in suggested]
    found = [_distance(one, words) for one in texts if one]
    return round(min(found), DIGITS) if found else None


def _distance(suggested: str, sent: str) -> float:
    if len(sent) <= len(suggested):
        return float(Levenshtein.normalized_distance(suggested, sent))
    return _nearest(suggested, sent) / len(suggested)


def _nearest(suggested: str, sent: str) -> int:
    """Count the edits from a text to the stretch of a longer one that takes the fewest.

    Myers' bit vectors (J. ACM 46(3), 1999) in the form of Hyyroe (2003), each a whole number of as
    many bits as the text has characters: one pass over the longer text whatever it holds.
    """
    places: dict[str, int] = {}
    for place, char in enumerate(suggested):
        places[char] = places.get(char, 0) | 1 << place
    every, last = (1 << len(suggested)) - 1, 1 << (len(suggested) - 1)
    up, down, edits = every, 0, len(suggested)
    fewest = edits
    for char in sent:
        equal = places.get(char, 0)
        zero = (((equal & up) + up) ^ up) | equal | down
        more, less = down | (every & ~(zero | up)), up & zero
        if more & last:
            edits += 1
        elif less & last:
            edits -= 1
            fewest = min(fewest, edits)
        more, less = more << 1 & every, less << 1 & every
        up, down = less | (every & ~(zero | more)), more & zero
    return fewest
