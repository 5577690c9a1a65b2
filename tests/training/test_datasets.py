"""Examples in memory."""

import numpy as np

from tests.builders import examples_of
from training.datasets import join

TABLE = [
    {"text": "a", "kind": "x", "mood": "", "language": "en"},
    {"text": "b", "kind": "y", "mood": "bad", "language": "da"},
    {"text": "c", "kind": "x", "mood": "good", "language": "ro"},
]


def test_take_by_number_and_by_mask() -> None:
    """Numbers pick in their order, a mask in the rows' own."""
    examples = examples_of(TABLE, ["kind", "mood"])

    assert examples.take(np.array([2, 0])).texts == ("c", "a")
    assert examples.take(np.array([False, True, True])).labels["mood"] == ("bad", "good")
    assert len(examples.take(np.zeros(3, bool))) == 0


def test_join_leaves_absent_tasks_unanswered() -> None:
    """A task that one part lacks is empty there; order and tasks are kept."""
    left, right = examples_of(TABLE[:1], ["kind"]), examples_of(TABLE[1:], ["mood"])

    both = join([left, right])

    assert both.tasks == ("kind", "mood")
    assert both.labels == {"kind": ("x", "", ""), "mood": ("", "bad", "good")}
    assert both.texts == ("a", "b", "c")
    assert len(both.weights) == len(both.target) == 3


def test_fingerprint_follows_text_language_and_label() -> None:
    """Any change of what is learned from changes the fingerprint; ids do not."""
    base = examples_of(TABLE, ["kind"]).fingerprint()

    assert base == examples_of([{**row, "id": "z"} for row in TABLE], ["kind"]).fingerprint()
    for change in ({"text": "z"}, {"kind": "z"}, {"language": "zh"}):
        changed = [{**TABLE[0], **change}, *TABLE[1:]]
        assert base != examples_of(changed, ["kind"]).fingerprint()
    assert base != examples_of(TABLE[::-1], ["kind"]).fingerprint()


def test_fingerprint_takes_lone_surrogates() -> None:
    """Half a character does not stop a run."""
    assert len(examples_of([{"text": "\ud800", "kind": "x"}], ["kind"]).fingerprint()) == 64
