"""Intervals, tables, rows and sentences of a report."""

import numpy as np
import pytest

from tests.builders import examples_of, messages
from training.report import plots
from training.report.curves import coverage, reliability
from training.report.intervals import f1_interval, interval, share
from training.report.private import LIMIT, excerpt, named, printable
from training.report.rows import suspects
from training.report.subject import Answers, Json
from training.report.summary import summary
from training.report.tables import WHOLE, confusion, groups, length_bucket, per_label
from triage.labeling.decision import Thresholds
from triage.labeling.evidence import Span


def answers(truth: list[str], given: list[str], labels: list[str]) -> Answers:
    """Build answers that fall in confidence from row to row."""
    count = len(truth)
    confidence = np.linspace(0.99, 0.4, count)
    probabilities = np.zeros((count, len(labels)))
    for i, label in enumerate(given):
        probabilities[i] = (1 - confidence[i]) / max(1, len(labels) - 1)
        probabilities[i, labels.index(label)] = confidence[i]
    kinds = np.asarray(["automate" if one > 0.7 else "suggest" for one in confidence])
    columns = (np.asarray(truth), np.asarray(given), confidence, kinds, probabilities)
    return Answers(np.arange(count), *columns)


def text_of(pieces: list[dict[str, str | float]]) -> str:
    """Put pieces together."""
    return "".join(str(piece["text"]) for piece in pieces)


def test_wilson_interval_is_the_published_one() -> None:
    """8 of 10 give 49.0 to 94.3 per cent; nothing seen gives everything."""
    assert interval(8, 10) == pytest.approx([0.4902, 0.9433], abs=1e-4)
    assert interval(0, 0) == [0.0, 1.0]
    assert share(0, 0)["value"] is None


def test_f1_interval_holds_the_score() -> None:
    """The interval carries over from the Jaccard index, at the ends too."""
    low, high = f1_interval(8, 10, 9)
    assert low < 16 / 19 < high
    assert f1_interval(5, 5, 5)[1] == pytest.approx(1)
    assert f1_interval(0, 5, 5)[0] == 0


def test_identifiers_go_before_the_cut() -> None:
    """An address across the cut leaves no half of itself behind."""
    text = "a" * (LIMIT - 6) + " jane.roe@example.com is mine"

    assert "jane" not in text_of(excerpt(text))
    assert len(text_of(excerpt("word " * 500))) <= LIMIT + 4


def test_marks_move_with_what_is_replaced() -> None:
    """Evidence behind an address marks the same word as before."""
    text = "write jane.roe@example.com about the refund please"
    start = text.index("refund")
    marked = [
        piece["text"] for piece in excerpt(text, [Span(start, start + 6, 0.8)]) if "weight" in piece
    ]

    assert marked == ["refund"]


def test_late_evidence_is_shown() -> None:
    """Where the word that spoke stands late, the excerpt begins near it."""
    text = "filler " * 100 + "refund now"
    start = text.index("refund")

    assert "refund" in text_of(excerpt(text, [Span(start, start + 6, 1.0)]))


def test_control_characters_and_surrogates_are_dropped() -> None:
    """What hides, turns or breaks text goes."""
    assert printable("a\x00b\u202ec\ud800d\ne") == "abcd e"
    assert named("jane.roe@example.com") == "[email]"


def test_many_labels_show_the_most_confused() -> None:
    """Of 40 labels the matrix keeps a dozen, and its rows still add up."""
    labels = [f"l{i:02}" for i in range(40)]
    truth = labels * 5
    given = [labels[(i + 1) % 40] if i % 3 == 0 else label for i, label in enumerate(truth)]
    found = confusion(answers(truth, given, labels), labels)

    assert len(found["labels"]) <= WHOLE
    assert found["all_labels"] == 40
    for row, others in zip(found["counts"], found["others"], strict=True):
        assert sum(row) + others == 5
    assert found["errors"] == sum(a != b for a, b in zip(truth, given, strict=True))


def test_label_unknown_to_the_bundle_is_listed() -> None:
    """Rows of a label that the bundle lacks stand in the table as never found."""
    found = per_label(answers(["a", "c"], ["a", "b"], ["a", "b"]), ["a", "b"], {})

    assert [row["label"] for row in found] == ["a", "b", "c"]
    assert found[2]["known"] is False
    assert found[2]["recall"]["value"] == 0
    assert found[1]["recall"]["value"] is None


def test_groups_have_counts_and_intervals() -> None:
    """Each group tells its rows; empty names are told as such."""
    found = groups(answers(["a"] * 4, ["a", "a", "b", "a"], ["a", "b"]), ["x", "x", "", "x"])

    assert [(row["group"], row["n"]) for row in found] == [("x", 3), ("not told", 1)]
    assert found[0]["accuracy"]["value"] == 1
    assert length_bucket("a" * 49) == "under 50"
    assert length_bucket("a" * 50) == "50 to 149"
    assert length_bucket("a" * 5000) == "1,500 and more"


def test_flipped_labels_are_the_most_doubtful() -> None:
    """Rows that carry another label than all else says come first."""
    rows = examples_of(messages()[:20], ("category",))
    truth = np.zeros(20, np.int64)
    truth[10:] = 1
    given = np.full((20, 2), 0.1)
    given[np.arange(20), truth] = 0.9
    truth[3] = 1
    found = suspects(rows, ["a", "b"], np.arange(20), truth, given)

    assert found["likely"] == 1
    assert found["suspects"][0]["row"] == 4
    assert (found["suspects"][0]["label"], found["suspects"][0]["other"]) == ("b", "a")


def test_plots_of_one_row_can_be_drawn() -> None:
    """The smallest test part still gives whole plots without fixed colours."""
    one = answers(["a"], ["a"], ["a", "b"])
    curve = coverage(one, Thresholds(0.8, None))
    drawn = [plots.coverage(curve, 0.95, "c0"), plots.reliability(reliability(one), "r0")]

    for svg in drawn:
        assert svg.startswith("<svg")
        assert "http" not in svg
        assert "var(--accent)" in svg


def judged(verdict: str | None, rows: int = 500, precision: float = 0.97) -> Json:
    """Build what the summary reads of a task."""
    right = round(precision * rows)
    champion = {"missing": "There is no champion yet."}
    if verdict:
        change = {"champion": 0.8, "challenger": 0.9, "difference": 0.1, "interval": [0.05, 0.15]}
        test = {"fixed": 9, "broken": 1, "p": 0.01}
        champion = {"verdict": verdict, "accuracy": change, "mcnemar": test}  # type: ignore[dict-item] # JSON
    return {
        "task": "queue",
        "labels": 3,
        "n": rows,
        "accuracy": share(right, rows),
        "per_label": [
            {"label": "a", "support": rows - 9, "recall": share(rows - 9, rows - 9)},
            {"label": "b", "support": 9, "recall": share(2, 9)},
        ],
        "decisions": {
            "automate": share(rows, rows),
            "suggest": share(0, rows),
            "abstain": share(0, rows),
            "automate_precision": share(right, rows),
        },
        "cuts": {"automate_at": 0.8, "suggest_at": 0.5, "asked": 0.95, "more_labels": None},
        "reliability": {"ece": 0.01, "ece_of_chance": 0.02},
        "champion": champion,
    }


@pytest.mark.parametrize(
    ("task", "verdict", "words"),
    [
        (judged("better"), "go", "Promote: queue gets clearly better"),
        (judged("worse"), "stop", "Do not promote"),
        (judged("no clear difference"), "wait", "another reason than quality"),
        (judged(None), "go", "nothing to compare with"),
        (judged("better", rows=50), "wait", "Gather more test rows"),
        (judged("better", precision=0.8), "wait", "suggestions only"),
    ],
)
def test_recommendation_follows_the_figures(task: Json, verdict: str, words: str) -> None:
    """Worse beats all, then too few rows, then a broken promise, then gains."""
    found = summary([task], ["en"], "old" if "verdict" in task["champion"] else None)

    assert found["verdict"] == verdict
    assert words in found["recommendation"]


def test_summary_names_the_weak_labels_and_the_baseline() -> None:
    """Many right labels of one kind do not hide those that are missed."""
    told = summary([judged(None)], ["en", "da"], None)["tasks"][0]

    assert "Always answering a would be right for 98.2\N{NO-BREAK SPACE}%." in told["baseline"]
    assert "b (22.2\N{NO-BREAK SPACE}%)" in told["weak"]
