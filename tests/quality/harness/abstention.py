"""Whether the service declines what it should, and answers what it should."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.quality.harness.bench import ALL, NO_PUBLIC_SETS, Bench
from tests.quality.harness.cases import (
    WRITTEN,
    Case,
    measured_sets,
    public_cases,
    written_cases,
)
from tests.quality.harness.figures import auroc
from tests.quality.harness.service import Served
from tests.quality.harness.tables import Figures, Row, Section, Table
from triage.domain import TriageResult

TASK = "category"
LANGUAGES = Path(__file__).parents[2] / "fixtures" / "language.jsonl"
UNDETERMINED = "und"
AUROC_NOTE = (
    "How often one of our own held-out messages (in scope) scores above one that is not, pairs of "
    "the same language where both sides have it. `served`: nought if the service refuses, else the "
    "confidence of category; `scope`: refusals other than out_of_scope lowest, then the cosine to "
    "the nearest centroid of training; `confidence`: that of category alone."
)
RATES_NOTE = (
    "In scope: our own held-out messages, where every abstention of category is false. Others: "
    "clinc150's out-of-scope questions, automatic replies and spam written for this table (15 a "
    "language), sentences in languages that are not supported; there a category given is a missed "
    "abstention. `refused` counts all reasons but low confidence."
)


@dataclass(frozen=True, slots=True)
class Group:
    """Messages of one kind that have no category."""

    kind: str
    cases: Sequence[Case]


def measure(bench: Bench) -> Section:
    """Measure AUROC of in scope against out of scope, and both kinds of wrong abstention."""
    groups = outside(bench)
    rates = [
        *_rates(bench, Group("in scope", bench.own)),
        *(row for group in groups for row in _rates(bench, group)),
    ]
    areas = [row for group in groups for row in _areas(bench, group)]
    tables = [
        Table("auroc", AUROC_NOTE, ("against", "language"), areas),
        Table("rates", RATES_NOTE, ("messages", "language"), rates),
    ]
    skipped = [] if bench.datasets else [f"clinc150: {NO_PUBLIC_SETS}"]
    return Section("abstention", "Abstention", tables, skipped)


def outside(bench: Bench) -> list[Group]:
    """Gather the messages that no category fits."""
    supported = frozenset(bench.service.bundle.manifest.languages)
    foreign = [
        case
        for case in written_cases(LANGUAGES)
        if case.language not in supported and case.language != UNDETERMINED
    ]
    groups = [
        Group("automatic replies", written_cases(WRITTEN / "auto_replies.jsonl")),
        Group("spam", written_cases(WRITTEN / "spam.jsonl")),
        Group("unsupported language", foreign),
    ]
    if bench.datasets is None:
        return groups
    clinc = next(part for part in measured_sets() if "scope" in part.tasks)
    return [Group("out of scope", public_cases(clinc, bench.datasets, supported).cases), *groups]


def _by_language(bench: Bench, group: Group) -> dict[str, list[Case]]:
    """Split by language; languages that the service does not support stay together."""
    codes = sorted({case.language for case in group.cases} & set(bench.languages))
    parts = {code: [case for case in group.cases if case.language == code] for code in codes}
    return parts if len(parts) == 1 else {ALL: list(group.cases), **parts}


def _rates(bench: Bench, group: Group) -> list[Row]:
    return [
        Row(
            (group.kind, code),
            len(cases),
            {way: _shares(_results(one, cases)) for way, one in bench.service.profiles.items()},
        )
        for code, cases in _by_language(bench, group).items()
    ]


def _results(served: Served, cases: Sequence[Case]) -> list[TriageResult]:
    return served.answer([case.message for case in cases])


def _shares(results: Sequence[TriageResult]) -> Figures:
    answers = [result.labels[TASK] for result in results]
    refused = [answer.reason not in {None, "low_confidence"} for answer in answers]
    return {
        "refused": float(np.mean(refused)),
        "abstained": float(np.mean([answer.decision == "abstain" for answer in answers])),
        "automated": float(np.mean([answer.decision == "automate" for answer in answers])),
    }


def _areas(bench: Bench, group: Group) -> list[Row]:
    rows = []
    for code, cases in _by_language(bench, group).items():
        mine = [case for case in bench.own if code in {ALL, case.language}]
        figures: dict[str, Figures] = {}
        for way, served in bench.service.profiles.items():
            inside, others = _scores(served, mine), _scores(served, cases)
            figures[way] = {key: auroc(inside[key], others[key]) for key in inside}
        rows.append(Row((group.kind, code), len(cases), figures))
    return rows


def _scores(served: Served, cases: Sequence[Case]) -> Mapping[str, list[float]]:
    results = _results(served, cases)
    texts = [result.cleaned_text for result in results]
    vectors = served.encode(texts, [result.language.code for result in results])
    nearest = (vectors @ served.labeler.scope.centroids.T).max(axis=1)
    scores: dict[str, list[float]] = {"served": [], "scope": [], "confidence": []}
    for result, cosine in zip(results, nearest, strict=True):
        answer = result.labels[TASK]
        refused = answer.reason not in {None, "low_confidence"}
        by_rule = refused and answer.reason != "out_of_scope"
        scores["served"].append(0.0 if refused else answer.confidence)
        scores["scope"].append(-1.0 if by_rule else float(cosine))
        scores["confidence"].append(answer.confidence)
    return scores
