"""Measure a table on what training never saw, and refuse one that is too weak."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from training.distill.corpus import DOCUMENTATION, LANGUAGES, ArticleText, Corpus, Pair
from triage.encoders.base import Encoder, Vectors
from triage.errors import GateError

Figures = dict[str, float]
SLICE = 3_000
"""Sentences searched among in the slice gates."""

FLOORS: Mapping[str, float] = {
    "alchemy_titles_da": 0.95,
    "alchemy_titles_ro": 0.94,
    "alchemy_titles_zh": 0.95,
    "documentation_da": 0.97,
    "documentation_ro": 0.96,
    "documentation_zh": 0.97,
    "strings_da": 0.93,
    "strings_ro": 0.94,
    "strings_zh": 0.91,
    "tatoeba_da": 0.88,
    "tatoeba_zh": 0.86,
}
"""Recall at 1 that the shipped table must reach: two to four points below the first one's."""


@dataclass(frozen=True, slots=True)
class Task:
    """A search: which of the English texts is each query's own."""

    queries: tuple[str, ...]
    answers: tuple[str, ...]
    among: tuple[str, ...]


def tasks(corpus: Corpus) -> dict[str, Task]:
    """Build the searches: left-out article titles, and the slices by kind of source."""
    found: dict[str, Task] = {}
    for language in LANGUAGES:
        found[f"alchemy_titles_{language}"] = _titles(corpus, language)
        documentation = [pair for pair in corpus.held if pair.source in DOCUMENTATION]
        found[f"documentation_{language}"] = _sentences(documentation, language)
        everyday = [pair for pair in corpus.held if pair.source == "tatoeba"]
        found[f"tatoeba_{language}"] = _sentences(everyday, language)
        others = [p for p in corpus.held if p.source not in {*DOCUMENTATION, "tatoeba"}]
        found[f"strings_{language}"] = _sentences(others, language)
    return {name: task for name, task in found.items() if task.queries}


def measure(queries: Encoder, english: Encoder, corpus: Corpus) -> Figures:
    """Measure recall at 1 of every search, for example ``alchemy_titles_da``.

    Args:
        queries: Encodes the foreign queries.
        english: Encodes the English texts searched among.
        corpus: Holds the left-out articles and the slice.
    """
    figures: Figures = {}
    rows: dict[tuple[str, ...], Vectors] = {}
    for name, task in tasks(corpus).items():
        if task.among not in rows:
            rows[task.among] = english.encode(task.among)
        best = recall_at_1(queries.encode(task.queries), rows[task.among], task)
        figures[name] = round(best, 4)
    return figures


def recall_at_1(queries: Vectors, among: Vectors, task: Task) -> float:
    """Share of queries whose nearest English text is their own; equal texts count as one."""
    nearest = (queries @ among.T).argmax(axis=1)
    hits = [task.among[place] == task.answers[row] for row, place in enumerate(nearest)]
    return float(np.mean(hits))


def check_gates(figures: Mapping[str, float], floors: Mapping[str, float]) -> None:
    """Refuse a table below a floor.

    Raises:
        GateError: Naming every figure that is missing or too low.
    """
    low = [
        f"{name} {figures.get(name, 0.0):.3f} < {floor:.3f}"
        for name, floor in floors.items()
        if figures.get(name, 0.0) < floor
    ]
    if low:
        raise GateError(
            "The table is too weak: " + ", ".join(low) + ".",
            fix="Train longer or with more texts; nothing was replaced.",
        )


def _titles(corpus: Corpus, language: str) -> Task:
    every = [a for a in (*corpus.articles, *corpus.left_out) if a.language == "en"]
    english = {article.id: article.title for article in every}
    mine: Sequence[ArticleText] = [
        a for a in corpus.left_out if a.language == language and a.id in english
    ]
    return Task(
        queries=tuple(article.title for article in mine),
        answers=tuple(english[article.id] for article in mine),
        among=tuple(dict.fromkeys(english.values())),
    )


def _sentences(pairs: Sequence[Pair], language: str) -> Task:
    mine = [pair for pair in pairs if pair.language == language][:SLICE]
    english = dict.fromkeys(pair.english for pair in mine)
    # Other languages' English sides fill the slice up, so that a small one is not an easy one.
    for pair in pairs:
        if len(english) >= SLICE:
            break
        english.setdefault(pair.english)
    return Task(
        queries=tuple(pair.foreign for pair in mine),
        answers=tuple(pair.english for pair in mine),
        among=tuple(english),
    )
