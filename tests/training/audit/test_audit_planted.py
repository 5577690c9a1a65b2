"""Planted label errors are found, and rows too few to audit are told."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.builders import TASKS, HashingEncoder, examples_of, messages
from training.audit.audit import Audit, audit
from training.audit.lines import Lines
from training.audit.telling import figures, told
from training.datasets import Examples
from training.encoders import Resolved
from triage.encoders.base import EncoderSet, Profile
from triage.errors import ExportError

WORDS = {
    "refund": ("refund", "money", "charged", "paid", "bank"),
    "parcel": ("parcel", "courier", "late", "address", "shipped"),
    "login": ("password", "login", "account", "locked", "code"),
}
FILLER = ("please", "hello", "today", "still", "again", "my", "the", "yesterday", "order", "help")


def resolved() -> Resolved:
    """Give one encoder for every language."""
    return Resolved(EncoderSet({"static": HashingEncoder()}), (Profile("tiny", {"*": "static"}),))


def desk(count: int = 240, seed: int = 0) -> Examples:
    """Draw messages of three queues, each of words of its own among common ones."""
    draw = np.random.default_rng(seed)
    table = []
    for number in range(count):
        queue = sorted(WORDS)[number % 3]
        words = [*draw.choice(WORDS[queue], 3, replace=False), *draw.choice(FILLER, 4)]
        text = " ".join(draw.permutation(words).tolist())
        table.append({"id": f"m{number}", "text": text, "queue": queue})
    return examples_of(table, ["queue"])


def planted(examples: Examples, share: float = 0.05) -> tuple[Examples, set[int]]:
    """Flip a share of the labels."""
    draw = np.random.default_rng(1)
    rows = draw.choice(len(examples), round(share * len(examples)), replace=False)
    names = sorted(WORDS)
    labels = list(examples.labels["queue"])
    for row in rows:
        labels[row] = names[(names.index(labels[row]) + 1) % 3]
    return replace(examples, labels={"queue": tuple(labels)}), set(rows.tolist())


def look(examples: Examples, seed: int = 0) -> Audit:
    """Audit without processes, cache or words."""
    return audit(examples, resolved(), seed=seed, jobs=1, progress=lambda _: None)


def test_planted_errors_are_found() -> None:
    """Nearly all flipped labels are flagged, named rightly, and few others are."""
    examples, wrong = planted(desk())

    item = look(examples).labels["queue"]

    flagged = set(item.rows[item.doubts.suspect].tolist())
    assert len(flagged & wrong) >= 0.9 * len(wrong)
    assert len(flagged & wrong) >= 0.8 * len(flagged)
    truth = desk().labels["queue"]
    assert all(item.labels[item.doubts.suggested[row]] == truth[row] for row in flagged & wrong)


def test_the_same_seed_gives_the_same_audit() -> None:
    """Two runs agree in every line."""
    examples, _ = planted(desk(120))

    first, second = (Lines(look(examples, 3)).listed() for _ in range(2))

    assert first == second


def test_several_tasks_are_audited_apart() -> None:
    """Each task has its own findings; lines name the task."""
    examples = examples_of(messages())
    turned = {"service": "technical_support", "technical_support": "service"}
    labels = dict(examples.labels)
    labels["category"] = (turned[labels["category"][0]], *labels["category"][1:])

    found = look(replace(examples, labels=labels))

    assert set(found.labels) == set(TASKS)
    tasks = {line.task for line in Lines(found).listed() if line.row == 0 and line.rank[0] == 0}
    assert tasks == {"category"}


@pytest.mark.parametrize(
    ("labels", "note"),
    [
        (["a", "b"] * 10, "20 labelled rows are too few; 50 are needed"),
        (["a"] * 20, "one label only"),
        ([""] * 20, "no label only"),
        ([f"l{i}" for i in range(60)], "fewer than two labels have 5 rows"),
    ],
)
def test_too_few_rows_are_told(labels: list[str], note: str) -> None:
    """A task that cannot be audited says why; nothing is guessed."""
    draw = desk(len(labels))
    found = look(replace(draw, labels={"queue": tuple(labels)}))

    assert found.labels == {}
    assert any(note in line for line in found.notes)
    assert any(note in line for line in told(Lines(found), []))


def test_one_group_is_told() -> None:
    """Rows of one requester cannot be held out, which is said and no error."""
    found = look(replace(desk(60), groups=("r1",) * 60))

    assert found.labels == {}
    assert "form one group" in found.notes[0]


def test_rare_labels_are_named_as_not_audited() -> None:
    """A label with two rows is left alone, and told."""
    examples = desk(120)
    labels = ("odd", "odd", *examples.labels["queue"][2:])

    found = look(replace(examples, labels={"queue": labels}))

    assert found.labels["queue"].unaudited == ("odd",)
    assert any("fewer than 5 rows: odd" in line for line in told(Lines(found), []))


def test_fewer_than_two_texts_are_refused() -> None:
    """Nothing to compare is an error with a reason."""
    with pytest.raises(ExportError, match="nothing to audit"):
        look(desk(1))


def test_seventy_labels_are_audited(tmp_path: Path) -> None:
    """Many labels of few rows pass without a warning."""
    draw = np.random.default_rng(0)
    rows = []
    for number in range(420):
        words = [f"word{number % 70}", *draw.choice(FILLER, 4)]
        rows.append({"id": str(number), "text": " ".join(words), "queue": f"q{number % 70}"})

    found = audit(
        examples_of(rows, ["queue"]), resolved(), jobs=1, cache=tmp_path, progress=lambda _: None
    )

    told_of = figures(Lines(found), [])
    assert told_of["tasks"]["queue"]["labels"] == 70
    assert told_of["rows"] == 420
