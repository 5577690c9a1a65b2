"""Messages that stand several times: equal, nearly equal, labelled in different ways."""

from pathlib import Path

import numpy as np

from tests.training.check.rows import found, inspected, rows_of, table, text_of
from training.check.sketch import BATCH, Sketches

STORY = (
    "Hello, my order number {} has not arrived although your page says that it was delivered on "
    "Monday. I was at home all day and nobody rang the bell. Please tell me where it is now."
)


def test_equal_messages_are_told() -> None:
    """Each row that equals an earlier one counts, and empty texts are no twins."""
    rows = table(["same", "other", "same", "", "", "same"], ["a", "b", "a", "a", "b", "a"])

    findings = {one.code: one for one in inspected(rows)}

    assert rows_of(findings["duplicate_text"]) == [3, 6]
    assert "contradictory_twins" not in findings


def test_twins_with_other_labels_stand_together() -> None:
    """Rows of one text follow each other; those that agree or have no label are not told."""
    texts = ["x", "y", "x", "y", "z", "z", "x", "w", "w"]
    labels = ["a", "a", "b", "b", "a", "a", "", "a", ""]

    finding = {one.code: one for one in inspected(table(texts, labels))}["contradictory_twins"]

    assert rows_of(finding) == [1, 3, 2, 4]
    assert "2 texts stand with different labels of task queue (4 rows)" in finding.message


def test_near_twins_are_found_in_groups(tmp_path: Path) -> None:
    """Copies with other numbers, a changed word or other case stand together, strangers do not."""
    texts = [text_of(at) for at in range(30)]
    texts[3], texts[9] = STORY.format(17), STORY.format(4711).upper()
    texts[20] = STORY.format(5).replace("Monday", "Friday")

    finding = found(tmp_path, table(texts))["near_duplicates"]

    assert rows_of(finding) == [4, 10, 21]
    assert "1 group, the largest of 3" in finding.message


def test_near_twins_with_other_labels_are_a_note(tmp_path: Path) -> None:
    """What is nearly equal and labelled apart is worth a look."""
    texts = [STORY.format("seven"), STORY.format("eight"), *(text_of(at) for at in range(20))]

    finding = found(tmp_path, table(texts))["contradictory_near_twins"]

    assert (finding.level, rows_of(finding)) == ("note", [1, 2])


def test_equal_messages_are_no_near_twins(tmp_path: Path) -> None:
    """Whole twins are told once."""
    rows = table([STORY.format(1)] * 3 + [text_of(1), text_of(2)])

    assert "near_duplicates" not in found(tmp_path, rows)


def test_similarity_decides_as_it_says() -> None:
    """Of changed texts those above 0.9 are nearly always found and those below 0.6 never."""
    draw = np.random.default_rng(0)
    letters = np.asarray(list("abcdefghijklmnopqrstuvwxyz"))
    near = far = 0
    sketches, total = Sketches(), 200
    for _ in range(total):
        text = "".join(draw.choice(letters, 400))
        sketches.add(text)
        sketches.add(f"{text[:390]}{''.join(draw.choice(letters, 10))}")
        sketches.add(f"{text[:260]}{''.join(draw.choice(letters, 140))}")
    cluster = sketches.clusters(np.arange(3 * total)).reshape(total, 3)
    near = int((cluster[:, 0] == cluster[:, 1]).sum())
    far = int((cluster[:, 0] == cluster[:, 2]).sum())

    assert near >= 0.97 * total
    assert far == 0
    assert len(np.unique(cluster[:, 0])) == total


def test_sketches_do_not_depend_on_neighbours() -> None:
    """A text has the same sketch first, last and alone in its batch; short and odd ones hold."""
    sketches = Sketches()
    for at in range(BATCH):
        sketches.add(STORY.format("one") if at in {0, BATCH - 1} else text_of(at))
    sketches.add(STORY.format("one"))
    sketches.add("")
    sketches.add("\ud800 \U0001f600 你好" * 10)

    cluster = sketches.clusters(np.arange(BATCH + 3))

    assert cluster[0] == cluster[BATCH - 1] == cluster[BATCH]
    assert len(np.unique(cluster)) == BATCH + 1
