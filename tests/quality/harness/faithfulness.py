"""Whether the evidence shown carries the label: take it out, and take other words out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from tests.quality.harness.bench import ALL, Bench
from tests.quality.harness.cases import Case
from tests.quality.harness.service import Served
from tests.quality.harness.tables import Figures, Row, Section, Table
from training.recipe import TASKS
from triage.domain import Evidence, Message, TriageResult
from triage.text.clean import clean

DRAWS = 5
MOST = 0.5
"""Share of a message's letters that its evidence may be, for other words to be left to compare."""
_UNIT = re.compile("[\u3040-\u30ff\u3400-\u9fff]|[^\\W_\u3040-\u30ff\u3400-\u9fff]+")
"""A word, or one character of a script without spaces."""
Place = tuple[str, int, int]
"""Field of the request, start and end."""
NOTE = (
    "Our own held-out messages, labels as served and explained. Fall of the label's log-odds when "
    "the spans shown are cut out of the request, against words of the same total length drawn at "
    "random from the whole message (mean of 5 draws). Messages whose evidence is more than half of "
    "their letters have no contrast and are left out (`compared`: share of the explained that "
    "remain). `evidence_more`: share where evidence falls further; evidence is found by leaving "
    "out one stretch at a time, so this is near 1 unless stretches stand in for each other. "
    "`maps_back`: spans whose text is the request's text at their offsets."
)


@dataclass(frozen=True, slots=True)
class Fall:
    """Fall of the log-odds without the evidence and without random words."""

    language: str
    evidence: float
    random: float


def measure(bench: Bench) -> Section:
    """Measure faithfulness of evidence per task and language."""
    messages = [case.message for case in bench.own]
    rows = []
    for task in TASKS:
        parts: dict[str, dict[str, Figures]] = {}
        for way, served in bench.service.profiles.items():
            results = served.answer(messages, explain=True)
            for code, figures in _per_language(served, bench.own, results, task).items():
                parts.setdefault(code, {})[way] = figures
        for code, found in parts.items():
            size = sum(code in {ALL, case.language} for case in bench.own)
            rows.append(Row((task, code), size, found))
    table = Table("falls", NOTE, ("task", "language"), rows)
    return Section("evidence", "Faithfulness of evidence", [table])


def _per_language(
    served: Served, cases: Sequence[Case], results: Sequence[TriageResult], task: str
) -> dict[str, Figures]:
    figures = {}
    explained = [
        (case, result)
        for case, result in zip(cases, results, strict=True)
        if result.labels[task].evidence
    ]
    falls = _falls(served, explained, task)
    for code in (ALL, *sorted({case.language for case in cases})):
        mine = [pair for pair in explained if code in {ALL, pair[0].language}]
        fell = [fall for fall in falls if code in {ALL, fall.language}]
        figures[code] = _figures(mine, fell, task)
    return figures


def _figures(
    explained: Sequence[tuple[Case, TriageResult]], falls: Sequence[Fall], task: str
) -> Figures:
    spans = [
        maps_back(case.message, span)
        for case, result in explained
        for span in result.labels[task].evidence
    ]
    if not falls:
        return {"maps_back": float(np.mean(spans)) if spans else None}
    evidence = np.asarray([fall.evidence for fall in falls])
    random = np.asarray([fall.random for fall in falls])
    return {
        "evidence_fall": float(evidence.mean()),
        "random_fall": float(random.mean()),
        "evidence_more": float((evidence > random).mean()),
        "compared": len(falls) / len(explained),
        "maps_back": float(np.mean(spans)),
    }


def maps_back(message: Message, span: Evidence) -> bool:
    """Tell whether a span's text is what stands at its offsets in the request."""
    source = message.subject if span.field == "subject" else message.text
    return bool(span.text) and source[span.start : span.end] == span.text


def _falls(served: Served, explained: Sequence[tuple[Case, TriageResult]], task: str) -> list[Fall]:
    falls = []
    for case, result in explained:
        spans: list[Place] = [(s.field, s.start, s.end) for s in result.labels[task].evidence]
        others = random_places(case.message, spans, f"{task}:{case.message.id}")
        if not others:
            continue
        versions = [without(case.message, places) for places in [spans, *others]]
        texts = [clean(message).text for message in versions]
        odds = _log_odds(served, [result.cleaned_text, *texts], result, task)
        fell = odds[0] - odds[1:]
        falls.append(Fall(case.language, float(fell[0]), float(fell[1:].mean())))
    return falls


def random_places(message: Message, spans: Sequence[Place], seed: str) -> list[list[Place]]:
    """Draw words of the same total length as the spans, a few times over.

    Returns nothing where the spans hold more than half of the letters.
    """
    units = [
        (field, *match.span())
        for field, text in (("subject", message.subject), ("text", message.text))
        for match in _UNIT.finditer(text)
    ]
    fields = {"subject": message.subject, "text": message.text}
    wanted = sum(len(m.group()) for f, a, b in spans for m in _UNIT.finditer(fields[f][a:b]))
    if not wanted or wanted > MOST * sum(end - start for _, start, end in units):
        return []
    random = Random(seed)  # noqa: S311 - reproducible, guards nothing
    return [_draw(random.sample(units, len(units)), wanted) for _ in range(DRAWS)]


def _draw(units: Sequence[Place], wanted: int) -> list[Place]:
    """Take units in order until they are as long as wanted, skipping those that are too long."""
    drawn: list[Place] = []
    for unit in units:
        size = unit[2] - unit[1]
        if size <= wanted:
            drawn.append(unit)
            wanted -= size
    return drawn


def without(message: Message, places: Sequence[Place]) -> Message:
    """Cut stretches out of the fields of a request, a space in their place."""
    fields = {"subject": message.subject, "text": message.text}
    for field, start, end in sorted(places, key=lambda place: -place[1]):
        fields[field] = fields[field][:start] + " " + fields[field][end:]
    return Message(text=fields["text"], subject=fields["subject"])


def _log_odds(
    served: Served, texts: Sequence[str], result: TriageResult, task: str
) -> NDArray[np.float64]:
    vectors = served.encode(texts, [result.language.code] * len(texts))
    label = served.labeler.labels(task).index(result.labels[task].top_label)
    chance = served.labeler.probabilities(vectors, texts)[task][:, label]
    chance = np.clip(chance, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(chance) - np.log1p(-chance))
