"""Tell at a glance that a text is one plain line in which no step of cleaning finds anything.

Most chat messages are such a line. Each rule here rules out more than the step that it stands for:
what it lets pass that step would leave alone, which a test holds against the steps themselves.
"""

from triage.text.closings import DISCLAIMER_OPENERS, SENT_FROM, SIGN_OFFS, THANKS
from triage.text.headers import MAX_LINE

MAX_PLAIN = 2_000
_FRAMES = frozenset(">|[-–—_=*·~# ,.!;:")
"""What quotes, rules and frames begin with, and what stands around a signature."""
_OPENERS = (*SENT_FROM, *DISCLAIMER_OPENERS, *SIGN_OFFS, *THANKS)
_LONGEST = max(map(len, _OPENERS))


def is_plain_body(text: str) -> bool:
    """Tell whether a normalised text is one tidy line, and neither quote nor signature."""
    if not text:
        return True
    return (
        len(text) <= MAX_PLAIN
        and text[0] not in _FRAMES
        # Attributions and some announcements end so, or do where the line is cut.
        and text[-1] != ":"
        and (len(text) <= MAX_LINE or not text[:MAX_LINE].rstrip().endswith(":"))
        and _is_tidy_line(text)
        # Casefolding never shortens: an opener shows in as many characters.
        and not text[:_LONGEST].casefold().startswith(_OPENERS)
    )


def is_plain_subject(text: str) -> bool:
    """Tell whether a normalised subject is tidy and has no prefix such as "Re:"."""
    return ":" not in text and _is_tidy_line(text)


def _is_tidy_line(text: str) -> bool:
    return " ".join(text.split()) == text
