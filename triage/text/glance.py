"""Tell at a glance that a text is one plain line in which no step of cleaning finds anything.

Most chat messages are such a line. Each rule here rules out more than the step that it stands for:
what it lets pass that step would leave alone, which a test holds against the steps themselves.
"""

from triage.text.closings import DISCLAIMER_OPENERS, SENT_FROM, SIGN_OFFS, THANKS
from triage.text.headers import MAX_LINE

_OPENERS = (*SENT_FROM, *DISCLAIMER_OPENERS, *SIGN_OFFS, *THANKS)
_LONGEST = max(map(len, _OPENERS))


def is_plain_body(text: str) -> bool:
    """Tell whether a normalised text is one tidy line, and neither quote nor signature."""
    if not text:
        return True
    return (
        len(text) <= MAX_LINE
        # Marks of quotes, rules and frames around announcements stand first.
        and text[0].isalnum()
        # Attributions and some announcements end so.
        and text[-1] != ":"
        and _is_tidy_line(text)
        # Casefolding never shortens: an opener shows in as many characters.
        and not text[:_LONGEST].casefold().startswith(_OPENERS)
    )


def is_plain_subject(text: str) -> bool:
    """Tell whether a normalised subject is tidy and has no prefix such as "Re:"."""
    return ":" not in text and _is_tidy_line(text)


def _is_tidy_line(text: str) -> bool:
    return " ".join(text.split()) == text
