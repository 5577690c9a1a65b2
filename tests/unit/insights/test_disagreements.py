"""What champion and challenger label differently, in the order of what it teaches."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from triage.domain import LabelResult, Message, Options
from triage.insights.disagreements import Contests
from triage.insights.texts import Kept

if TYPE_CHECKING:
    from triage.pipeline import Pipeline

NOW = datetime(2026, 11, 20, tzinfo=UTC)


@dataclass
class Named:
    """A bundle, or a labeler."""

    id: str = ""
    tasks: tuple[str, ...] = ()


@dataclass
class Opinion:
    """A pipeline that labels by the words it is given, and counts what it reads."""

    name: str
    says: dict[str, tuple[str, float]]
    tasks: tuple[str, ...] = ("category",)
    read: list[str] = field(default_factory=list)

    @property
    def bundle(self) -> Named:
        """Whose name the labels are kept under."""
        return Named(self.name)

    @property
    def labeler(self) -> Named:
        """What it labels."""
        return Named(tasks=self.tasks)

    def run(self, messages: Sequence[Message], options: Options) -> list[Any]:
        """Label messages."""
        self.read += [one.text for one in messages]
        return [Answer(dict.fromkeys(options.tasks or (), self._of(one.text))) for one in messages]

    def _of(self, text: str) -> LabelResult:
        label, confidence = self.says[text]
        return LabelResult(label, confidence, "suggest", None, (), (), label)


@dataclass
class Answer:
    """The labels of an answer."""

    labels: dict[str, LabelResult]


def kept(*texts: str) -> list[Kept]:
    """Number texts as the journal does."""
    return [Kept(at, f"m{at}", NOW, "en", None, text) for at, text in enumerate(texts, start=1)]


def hold(contests: Contests, one: Opinion, other: Opinion, *texts: str) -> Any:  # noqa: ANN401 - for brevity
    """Let two opinions meet."""
    sides = [cast("Pipeline", side) for side in (one, other)]
    return contests.hold(sides[0], sides[1], kept(*texts))


def test_where_both_are_sure_stands_first() -> None:
    """Agreement is counted, and of the rest the one that is surely somebody's mistake leads."""
    champion = Opinion("a", {"x": ("p", 0.9), "y": ("p", 0.55), "z": ("p", 0.95)})
    challenger = Opinion("b", {"x": ("p", 0.8), "y": ("q", 0.9), "z": ("q", 0.9)})
    found = hold(Contests(), champion, challenger, "x", "y", "z")

    assert (found.read, found.agreed) == (3, {"category": 1})
    assert [(one.number, one.champion, one.challenger) for one in found.queue] == [
        (3, "p", "q"),
        (2, "p", "q"),
    ]


def test_nothing_is_read_twice_and_what_is_gone_is_forgotten() -> None:
    """A second look reads what is new alone; labels of rows that went do not stay."""
    contests, says = Contests(), {"x": ("p", 0.9), "y": ("p", 0.9)}
    champion, challenger = Opinion("a", says), Opinion("b", says)
    hold(contests, champion, challenger, "x")
    hold(contests, champion, challenger, "x", "y")
    hold(contests, champion, challenger, "x")

    assert champion.read == challenger.read == ["x", "y"]
    assert len(contests._labels) == 2


def test_tasks_of_one_side_alone_are_left_out() -> None:
    """Only what both label can be compared."""
    says = {"x": ("p", 0.9)}
    found = hold(Contests(), Opinion("a", says, ("category", "queue")), Opinion("b", says), "x")

    assert found.agreed == {"category": 1}
