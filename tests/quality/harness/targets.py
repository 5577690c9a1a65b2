"""The figures asked of the shipped bundle, and which of them are reached."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.quality.harness.bench import ALL
from tests.quality.harness.tables import show
from training.metrics import Report
from training.recipe import TASKS

Rows = Sequence[Mapping[str, Any]]
Pick = Callable[[Report, str], list[float | None]]
"""Report and profile to the figures that must all keep the target."""


@dataclass(frozen=True, slots=True)
class Target:
    """One figure, what it must reach and where it stands in the report.

    Args:
        figure: What is measured.
        limit: What every value must reach.
        values: Takes the values out of a report.
        at_most: Whether the limit is an upper one.
        profiles: Profiles it is asked of.
    """

    figure: str
    limit: float
    values: Pick
    at_most: bool = False
    profiles: tuple[str, ...] = ("twin", "tiny")

    def worst(self, report: Report, profile: str) -> float | None:
        """Return the value farthest on the wrong side, or None where nothing was measured."""
        found = [value for value in self.values(report, profile) if value is not None]
        return (max if self.at_most else min)(found) if found else None

    def reached(self, report: Report, profile: str) -> bool | None:
        """Tell whether all values keep the limit, or None where nothing was measured."""
        worst = self.worst(report, profile)
        if worst is None:
            return None
        return worst <= self.limit if self.at_most else worst >= self.limit


def rows(report: Report, section: str, table: str, **keys: object) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a table whose keys are these; none where the table was not measured."""
    tables = report["sections"].get(section, {"tables": {}})["tables"]
    for row in tables.get(table, {"rows": []})["rows"]:
        if all(row[key] == value for key, value in keys.items()):
            yield row


def each(section: str, table: str, metric: str, **keys: object) -> Pick:
    """Pick a metric from every row with these keys."""

    def pick(report: Report, profile: str) -> list[float | None]:
        found = rows(report, section, table, **keys)
        return [row.get(profile, {}).get(metric) for row in found]

    return pick


def by_language(section: str, table: str, metric: str, **keys: object) -> Pick:
    """Pick a metric from the row of each language, not from that of all."""

    def pick(report: Report, profile: str) -> list[float | None]:
        found = rows(report, section, table, **keys)
        return [row[profile][metric] for row in found if row["language"] != ALL]

    return pick


def _spread(report: Report, profile: str) -> list[float | None]:
    values = by_language("own", "by_language", "macro_f1", task="category")(report, profile)
    known = [value for value in values if value is not None]
    return [max(known) - min(known)] if known else []


def _above_chance(report: Report, profile: str) -> list[float | None]:
    found = rows(report, "calibration", "calibration")
    parts = [row[profile] for row in found if row["language"] != ALL]
    return [sum(part["ece"] > part["ece_limit"] for part in parts)] if parts else []


def _help_centre(*, across: bool) -> Pick:
    """Pick recall@3 of each question language: among its own articles, or others' on average."""

    def pick(report: Report, profile: str) -> list[float | None]:
        groups: dict[str, list[float]] = {}
        for row in rows(report, "retrieval", "own_help_centre"):
            asked, searched = row["languages"].split(" -> ")
            if (asked != searched) == across:
                groups.setdefault(asked, []).append(row[profile]["recall@3"])
        return [sum(values) / len(values) for values in groups.values()]

    return pick


def _foreign(table: str, metric: str) -> Pick:
    def pick(report: Report, profile: str) -> list[float | None]:
        found = rows(report, "retrieval", table)
        return [row[profile][metric] for row in found if row["languages"] != "en -> en"]

    return pick


def _behind_minilm(report: Report, profile: str) -> list[float | None]:
    tables = ("own_help_centre", "xquad")
    return [
        row["MiniLM"]["recall@3"] - row[profile]["recall@3"]
        for table in tables
        for row in rows(report, "retrieval", table, languages="en -> en")
    ]


def _times_minilm(report: Report, profile: str) -> list[float | None]:
    return [
        row[profile]["recall@5"] / max(row["MiniLM"]["recall@5"], 1e-9)
        for row in rows(report, "retrieval", "xquad")
        if row["languages"] != "en -> en"
    ]


def _unchanged(report: Report, profile: str) -> list[float | None]:
    found = rows(report, "robustness", "unchanged", language=ALL)
    return [row[profile][task] for row in found for task in TASKS]


def _unchanged_mean(report: Report, profile: str) -> list[float | None]:
    values = [value for value in _unchanged(report, profile) if value is not None]
    return [sum(values) / len(values)] if values else []


def _evidence_lead(report: Report, profile: str) -> list[float | None]:
    found = rows(report, "evidence", "falls")
    parts = [row[profile] for row in found if "random_fall" in row[profile]]
    return [part["evidence_fall"] - part["random_fall"] for part in parts]


TARGETS = (
    Target(
        "category macro-F1, own held-out, worst language",
        0.95,
        by_language("own", "by_language", "macro_f1", task="category"),
    ),
    Target("category macro-F1, best less worst language", 0.03, _spread, at_most=True),
    Target(
        "category macro-F1, multidogo dev split, words not trained on",
        0.93,
        each("public", "sets", "macro_f1", set="multidogo"),
    ),
    Target(
        "category macro-F1, multidogo dev split, whole",
        0.93,
        each("public", "sets", "with_repeats", set="multidogo"),
    ),
    Target(
        "category recall, worst public set with one label",
        0.90,
        each("public", "sets", "recall", task="category"),
    ),
    Target(
        "sentiment macro-F1, own held-out, worst language",
        0.80,
        by_language("own", "by_language", "macro_f1", task="sentiment"),
    ),
    Target(
        "priority macro-F1, own held-out", 0.70, each("own", "priority", "macro_f1", language=ALL)
    ),
    Target(
        "priority quadratic kappa, own held-out",
        0.75,
        each("own", "priority", "quadratic_kappa", language=ALL),
    ),
    Target(
        "urgent recall, own held-out",
        0.85,
        each("own", "priority", "urgent_recall", language=ALL),
    ),
    Target(
        "ECE, worst task, languages together",
        0.04,
        each("calibration", "calibration", "ece", language=ALL),
        at_most=True,
    ),
    Target(
        "ECE above its simulated 95th percentile, tasks x languages",
        0,
        _above_chance,
        at_most=True,
    ),
    Target(
        "precision of automate decisions, worst task and language",
        0.95,
        by_language("calibration", "decisions", "automate_precision"),
    ),
    *(
        Target(
            f"AUROC in scope against {kind}", 0.90, each("abstention", "auroc", "served", **keys)
        )
        for kind, keys in (
            ("clinc150 out of scope", {"against": "out of scope"}),
            ("automatic replies", {"against": "automatic replies", "language": ALL}),
        )
    ),
    Target("help centre recall@3, same language, worst", 0.90, _help_centre(across=False)),
    Target("help centre recall@3, across languages, worst", 0.85, _help_centre(across=True)),
    Target(
        "kb-alchemy titles recall@5, da/ro/zh to English, worst",
        0.95,
        _foreign("alchemy_titles", "recall@5"),
    ),
    Target(
        "English recall@3 behind MiniLM fp32 alone, worst set",
        0.02,
        _behind_minilm,
        at_most=True,
        profiles=("twin",),
    ),
    Target("XQuAD ro/zh recall@5, times MiniLM's own, worst", 2.0, _times_minilm),
    Target("labels unchanged, mean of perturbations and tasks", 0.95, _unchanged_mean),
    Target("labels unchanged, worst perturbation and task", 0.95, _unchanged),
    Target("evidence: log-odds fall beyond random words', worst", 0, _evidence_lead),
    Target("evidence: spans that map back, worst", 1.0, each("evidence", "falls", "maps_back")),
)


def to_json(report: Report) -> list[dict[str, Any]]:
    """Judge every target for every profile that it is asked of."""
    return [
        {
            "figure": target.figure,
            "limit": target.limit,
            "at_most": target.at_most,
            "profiles": {
                profile: {
                    "value": target.worst(report, profile),
                    "reached": target.reached(report, profile),
                }
                for profile in target.profiles
            },
        }
        for target in TARGETS
    ]


def markdown(judged: Sequence[Mapping[str, Any]], profiles: Sequence[str]) -> str:
    """Lay out the judged targets, a column for each profile."""
    lines = ["## Targets", "", f"| figure | reach | {' | '.join(profiles)} |"]
    lines.append("|---" * (2 + len(profiles)) + "|")
    for one in judged:
        sign = "<=" if one["at_most"] else ">="
        cells = [_verdict(one["profiles"].get(profile)) for profile in profiles]
        lines.append(f"| {one['figure']} | {sign} {one['limit']:g} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _verdict(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "-"
    if found["reached"] is None:
        return "not measured"
    return f"{show(found['value'])} {'reached' if found['reached'] else '**missed**'}"
