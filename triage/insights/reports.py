"""What somebody looks at, and what they are told."""

from dataclasses import dataclass

from triage.domain import Article
from triage.insights.frame import Decisions, Period, Uses
from triage.insights.gaps import Gap
from triage.insights.topics import Spike


@dataclass(frozen=True, slots=True)
class View:
    """What somebody looks at.

    Args:
        brand: Only its messages; None shows those of every brand and of none.
        days: How far back.
        language: Only messages in it.
        channel: Only messages from it.
    """

    brand: str | None = None
    days: int = 28
    language: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """The rows of a view."""

    period: Period
    decisions: Decisions
    uses: Uses


@dataclass(frozen=True, slots=True)
class SpikeReport:
    """Spikes, and what the search for them stood on.

    Args:
        spikes: The surest first.
        tested: Topics that were tested.
        enough: Whether there is history enough to call anything usual.
        without_text: Newest messages whose text was not kept: only their labels were looked at.
        read: Messages that were read.
    """

    spikes: tuple[Spike, ...]
    tested: int
    enough: bool
    without_text: int
    read: int


@dataclass(frozen=True, slots=True)
class GapReport:
    """Gaps, the articles that come near them, and how much no text is known of.

    Args:
        gaps: The largest first; ``nearest`` is a place in ``articles``.
        articles: Those that the viewer may see.
        unanswered: Messages without a good answer.
        without_text: Of them, those whose text was not kept.
    """

    gaps: tuple[Gap, ...]
    articles: tuple[Article, ...]
    unanswered: int
    without_text: int
