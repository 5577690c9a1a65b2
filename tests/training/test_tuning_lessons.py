"""What the encoders are tuned on: which messages, with which labels and which answers."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.tiny_lessons import (
    GUARD_KEPT,
    GUARD_TUNED,
    KEPT,
    LANGUAGES,
    TUNED,
    write_lines,
    write_tiny_data,
)
from training.heldout import is_calibration
from training.recipe import TASKS, read_samples
from training.tuning.lessons import (
    PUBLIC_WEIGHT,
    UNKNOWN,
    Answers,
    Lessons,
    read_answers,
    read_lessons,
)
from triage.errors import ExportError
from triage.labeling.taxonomy import load_taxonomy
from triage.text.language import LanguageIdentifier


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Write the miniature messages."""
    return write_tiny_data(tmp_path / "data")


def read(data: Path, languages: Sequence[str] = LANGUAGES) -> Lessons:
    """Read them with the labels of the shipped taxonomy."""
    taxonomy = load_taxonomy(data / "taxonomy.toml")
    return read_lessons(data, languages, {task: taxonomy.labels(task) for task in TASKS})


def answers(folder: Path, *rows: dict[str, str]) -> Path:
    """Write one industry's answers."""
    write_lines(folder / "gym.jsonl", rows)
    return folder


def article(scenario: str, language: str, title: str, text: str = "") -> dict[str, str]:
    """Give one row of a file of answers."""
    return {"scenario_id": scenario, "language": language, "title": title, "text": text}


def test_no_message_of_the_languages_is_an_error(data: Path) -> None:
    """Nothing to tune on is said before anything is tuned."""
    with pytest.raises(ExportError, match="No message to tune on"):
        read(data, ("zh",))


def test_missing_folders_are_named(data: Path, tmp_path: Path) -> None:
    """Without messages or without answers there is no tuning."""
    with pytest.raises(ExportError, match=r"train: no \.jsonl file"):
        read_lessons(tmp_path, LANGUAGES, {})
    (data / "samples" / "answers" / f"{TUNED}.jsonl").unlink()
    with pytest.raises(ExportError, match=r"answers: no \.jsonl file"):
        read(data)


def test_unknown_label_is_refused(data: Path) -> None:
    """A misspelt label is no missing one."""
    path = data / "samples" / "train" / f"{TUNED}.jsonl"
    text = path.read_text(encoding="utf-8").replace('"priority": "high"', '"priority": "hihg"')
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ExportError, match="priority: no label 'hihg'"):
        read(data)


@pytest.mark.parametrize(
    "rows",
    [
        [article("gym-01", "en", " ")],
        [article("gym-01", "da", "Titel")],
        [article("gym-01", "en", "Title"), article("gym-01", "da", "", "text")],
    ],
)
def test_articles_without_titles_are_refused(tmp_path: Path, rows: list[dict[str, str]]) -> None:
    """A message cannot be pulled to nothing, in its own language or in English."""
    with pytest.raises(ExportError, match="no title, or none in English") as caught:
        read_answers(answers(tmp_path / "answers", *rows))

    assert caught.value.row == len(rows)


def test_calibration_industries_are_left_out(data: Path) -> None:
    """Nothing of an industry kept for calibration is tuned on, nor mail kept by its id."""
    path = data / "samples" / "train" / f"{KEPT}.jsonl"
    text = path.read_text(encoding="utf-8").replace("invoice", "elephant")
    path.write_text(text, encoding="utf-8")

    lessons = read(data)

    assert [is_calibration(one) for one in (TUNED, KEPT, GUARD_TUNED, GUARD_KEPT)] == [
        False,
        True,
        False,
        True,
    ]
    assert len(lessons) == 8 + 1
    assert not any("elephant" in one for one in lessons.texts)


def test_about_a_fifth_is_kept_for_calibration() -> None:
    """The hash of the name alone decides, so a new industry moves no other one."""
    kept = sum(is_calibration(f"industry {i}") for i in range(1_000))

    assert 150 < kept < 250


def test_labels_are_columns_of_each_task(data: Path) -> None:
    """A request answers every task and is in scope; other mail answers the guard alone."""
    lessons = read(data, ("en",))

    assert lessons.sizes == (2, 4, 3, 3)
    assert lessons.labels.shape == (len(lessons), 4) == (5, 4)
    assert lessons.labels[:4].tolist() == [[0, 1, 1, 0], [0, 2, 1, 0], [1, 1, 1, 0], [0, 1, 1, 0]]
    assert lessons.labels[4].tolist() == [UNKNOWN, UNKNOWN, UNKNOWN, 2]


def test_messages_find_the_answer_of_their_scenario(data: Path) -> None:
    """An id leads to its scenario, that of a contrast twin too; without an answer it is None."""
    english = Answers(("en title 1", "en text"), "en title 1", ("en title 2",))
    danish = Answers(("da title 1", "da text"), "en title 1", ("da title 2",))

    first, twin, second, unknown, mail = read(data, ("en",)).answers
    in_danish = read(data, ("da",)).answers

    assert (first, twin) == (english, english)
    assert second == Answers(("en title 2",), "en title 2", ("en title 1",))
    assert unknown is None
    assert mail is None
    assert in_danish[:2] == (danish, danish)


def test_industry_may_hold_the_mark_of_a_language(data: Path) -> None:
    """``car-dashboards-01-da-2`` is Danish once, at its end."""
    path = data / "samples" / "train" / f"{TUNED}.jsonl"
    text = path.read_text(encoding="utf-8").replace("gym-0", "car-dashboards-0")
    path.write_text(text, encoding="utf-8")
    row = article("car-dashboards-01", "da", "Titel")
    answers(data / "samples" / "answers", row, {**row, "language": "en", "title": "Title"})

    found = read(data, ("da",)).answers

    assert found == (*[Answers(("Titel",), "Title", ())] * 2, None, None)


def test_public_rows_count_for_less(data: Path) -> None:
    """They answer the tasks of their set, never the guard, and a kept row stays out."""
    public = replace(
        read_samples(data / "samples" / "train", LanguageIdentifier(LANGUAGES), target=False),
        groups=tuple(f"row {i}" for i in range(16)),
    )
    public = replace(public, labels={"category": public.labels["category"]})
    taxonomy = load_taxonomy(data / "taxonomy.toml")
    labels = {task: taxonomy.labels(task) for task in TASKS}

    own = read_lessons(data, ("en",), labels)
    both = read_lessons(data, ("en",), labels, [public])

    kept = sum(
        language == "en" and not is_calibration(group)
        for language, group in zip(public.declared, public.groups, strict=True)
    )
    assert 0 < kept < 8
    assert len(both) == len(own) + kept
    assert both.weights.tolist() == [1.0] * len(own) + [PUBLIC_WEIGHT] * kept
    assert (both.labels[len(own) :, 0] != UNKNOWN).all()
    assert (both.labels[len(own) :, 1:] == UNKNOWN).all()


def test_messages_of_other_languages_stay_out(data: Path) -> None:
    """An encoder is tuned on the languages it reads."""
    both, english, danish = read(data), read(data, ("en",)), read(data, ("da",))

    assert len(both) == len(english) + len(danish)
    assert np.array_equal(danish.labels, english.labels[:4])
