"""Our own messages in miniature: two industries, one kept for calibration, and their answers."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training.encoder_files import Space
from training.tuning.lessons import Answers, Lessons
from triage.settings import CHECKOUT

TUNED, KEPT = "gym", "zoo"
GUARD_TUNED, GUARD_KEPT = "guard-en-2", "guard-en-3"
LANGUAGES = ("en", "da")
SIDES = (("my invoice is wrong", "my invoice is late"), ("my login does not work", "login late"))
WIDTH, DIM = 16, 8


def write_tiny_data(folder: Path) -> Path:
    """Write taxonomy, messages, guard and answers as ``data/`` has them."""
    folder.mkdir(parents=True)
    shutil.copy(CHECKOUT / "data" / "taxonomy.toml", folder)
    for industry in (TUNED, KEPT):
        write_lines(folder / "samples" / "train" / f"{industry}.jsonl", _messages(industry))
    guard = [
        {"id": name, "text": "late order", "subject": "", "language": "en", "kind": "out_of_scope"}
        for name in (GUARD_TUNED, GUARD_KEPT)
    ]
    write_lines(folder / "samples" / "guard" / "en.jsonl", guard)
    write_lines(folder / "samples" / "answers" / f"{TUNED}.jsonl", _articles(TUNED))
    return folder


def write_lines(path: Path, rows: Sequence[dict[str, str]]) -> None:
    """Write one JSON object a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _messages(industry: str) -> list[dict[str, str]]:
    """Give two scenarios with an answer, one without, and a contrast twin in each language."""
    found = []
    for language in LANGUAGES:
        for number, twin in ((1, ""), (1, "-2"), (2, ""), (3, "")):
            scenario = f"{industry}-0{number}"
            found.append(
                {
                    "id": f"{scenario}-{language}{twin}",
                    "scenario_id": scenario,
                    "industry": industry,
                    "language": language,
                    "subject": "",
                    "text": SIDES[number % 2][0],
                    "category": "service" if number % 2 else "technical_support",
                    "priority": "high" if twin else "normal",
                    "sentiment": "neutral",
                }
            )
    return found


def _articles(industry: str) -> list[dict[str, str]]:
    return [
        {
            "scenario_id": f"{industry}-0{number}",
            "language": language,
            "title": f"{language} title {number}",
            "text": f"{language} text" if number == 1 else "",
        }
        for number in (1, 2)
        for language in LANGUAGES
    ]


def tiny_lessons(copies: int = 6) -> Lessons:
    """Give messages of two labels, each with its article; one of them has none."""
    texts = [text for side in SIDES for text in side] * copies
    labels = [[column, -1] for column, side in enumerate(SIDES) for _ in side] * copies
    own = (("invoice",), ("login", "login does not work"))
    answers = [Answers(own[column], own[column][0], ("order",)) for column, _ in labels]
    return Lessons(
        languages=("en",) * len(texts),
        texts=tuple(texts),
        labels=np.array(labels, np.int64),
        sizes=(2, 3),
        answers=(None, *answers[1:]),
        weights=np.ones(len(texts), np.float32),
    )


def tiny_space(teacher_sha256: str = "f" * 64) -> Space:
    """Make a space as wide as the tiny transformer."""
    square = np.linalg.qr(np.random.default_rng(0).normal(size=(WIDTH, WIDTH)))[0]
    return Space("teacher", teacher_sha256, square[:, :DIM].astype(np.float32))
