import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.quality.cells import LAST, Bench, Cell, install_lines, order
from tests.benchmarks.quality.figures import Figures, chance_ece, differences, figures
from tests.benchmarks.quality.parts import SETS, drawn, load
from tests.benchmarks.quality.peers import PEERS
from tests.benchmarks.quality.protocol import Fitted, Given, Question, answer
from tests.benchmarks.quality.table import page, summary
from tests.benchmarks.quality.targets import TARGETS, Verdict, calibrated, verdicts
from training.heldout import is_held_out
from triage.rows import write_rows
from triage.settings import Settings

WORDS = {"positive": "thanks great nice", "negative": "broken awful bad", "neutral": "set key file"}
NAMES = (
    *("alpha", "bravo", "delta", "echo", "fox", "golf", "hotel", "india"),
    *("kilo", "lima", "mike", "nova", "oscar", "papa", "rio"),
)


@pytest.fixture
def datasets(tmp_path: Path) -> Path:
    """Write a small set in the place of senti4sd, each message of words of its own."""
    folder = tmp_path / "datasets"
    (folder / "senti4sd").mkdir(parents=True)
    rows = [
        {
            "id": f"s{i}",
            "text": f"{WORDS[label]} {NAMES[i % 15]}{i} {NAMES[i // 15]}{7 * i} {i * i + 1}",
            "sentiment": label,
        }
        for i in range(150)
        for label in [sorted(WORDS)[i % 3]]
    ]
    write_rows(folder / "senti4sd" / "sentiment.csv", rows, ["id", "text", "sentiment"])
    return folder


@pytest.fixture
def bench(tmp_path: Path, datasets: Path, settings: Settings) -> Bench:
    """Keep cells under a folder of the test's own."""
    return Bench(tmp_path / "home", datasets, settings)


def record(labels: str, truth: str, confidence: float = 0.5, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any part of a record
    """Make what a system gave: one letter a label."""
    return {
        "labels": list(labels),
        "truth": list(truth),
        "scores": {"confidence": [confidence] * len(labels)},
        "outside": {},
        "seconds": {"train_cpu": 1.0},
        "predict_ms": {"cpu": 0.5},
        **more,
    }


def test_a_cell_that_is_kept_is_not_measured_again(bench: Bench) -> None:
    """A run goes on where it stood."""
    cell = Cell("senti4sd", None, "tfidf_svc")

    first, again = bench.measure(cell), bench.measure(cell)

    assert again == first
    assert first["rows"]["test"] == len(first["labels"]) == len(first["truth"])
    assert not list(bench.cells.glob("*.new"))


def test_a_cell_of_other_rows_is_measured_anew(bench: Bench) -> None:
    """What was kept of another file of the same name does not count."""
    cell = Cell("senti4sd", 0, "tfidf_lr")
    path = bench.cells / f"{cell.file}.json"
    path.write_text(json.dumps({**bench.measure(cell), "key": "other", "labels": []}))

    assert bench.measure(cell)["labels"]


def test_test_rows_are_those_that_no_training_step_may_see(datasets: Path, tmp_path: Path) -> None:
    """An encoder tuned on training rows is not tested on any of them."""
    part = load("senti4sd", datasets, tmp_path)

    assert all(is_held_out("senti4sd", name) for name in part.prepared.test.ids)
    assert not any(is_held_out("senti4sd", name) for name in part.prepared.train.ids)


def test_a_draw_has_ten_rows_a_label(datasets: Path, tmp_path: Path) -> None:
    """Draws differ from one another and repeat themselves."""
    part = load("senti4sd", datasets, tmp_path)

    first, again, other = (drawn(part, draw).question() for draw in (0, 0, 1))

    assert sorted(first.labels) == sorted([*WORDS] * 10)
    assert first == again
    assert first.texts != other.texts
    assert first.test == other.test


def test_a_peer_that_fails_leaves_nothing(bench: Bench) -> None:
    """A broken environment is told, and no half cell stands."""
    python = bench.home / "peers" / "fasttext" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    python.chmod(0o755)
    cell = Cell("senti4sd", None, "fasttext")

    with pytest.raises(subprocess.CalledProcessError):
        bench.measure(cell)

    assert bench.known(cell) is None


def test_peers_without_an_environment_are_not_ready(bench: Bench) -> None:
    """Only what is installed runs; the others are told how to be."""
    lines = list(install_lines(bench.home))

    assert [name for name in PEERS if not bench.ready(name)] == ["fasttext", "setfit"]
    assert any("torch==2.13.0" in line for line in lines)


def test_the_slowest_system_comes_last() -> None:
    """banking77 in full comes first, SetFit after all others."""
    cells = order(list(SETS), [*PEERS])

    assert {cell.name for cell in cells[:4]} == {"banking77"}
    assert [cell.system for cell in cells].index(LAST) * 5 == len(cells) * 4
    assert len(set(cells)) == len(cells)


def test_an_answer_counts_every_message_and_times_one() -> None:
    """Labels, scores and times come back for each system alike."""
    question = Question(["a", "b"], ["x", "y"], ["a", "b", "a"], ["z"], 0, "")
    fitted = Fitted(lambda texts: Given([*texts], {"logit": [1.0 for _ in texts]}), {"steps": 2})

    found = answer(lambda: fitted, question, ["numpy", "no-such-package"])

    assert found["labels"] == ["a", "b", "a"]
    assert found["outside"] == {"logit": [1.0]}
    assert set(found["versions"]) == {"python", "numpy"}
    assert found["predict_ms"]["cpu"] >= 0


def test_figures_of_draws_are_means() -> None:
    """Accuracy has a spread over draws, and macro-F1 counts labels of the test part alone."""
    found = figures([record("aabb", "aabb", 1.0), record("aaca", "aabb", 1.0)])

    assert found.accuracy == pytest.approx(0.75)
    assert found.spread == pytest.approx(0.25 * 2**0.5)
    assert found.macro_f1 == pytest.approx((1 + 0.4) / 2)
    assert found.ece == pytest.approx(0.25)


def test_a_system_without_probabilities_has_no_calibration() -> None:
    """Margins are not confidences."""
    found = figures([{**record("ab", "ab"), "scores": {"logit": [1.0, 2.0]}}])

    assert found.ece is None
    assert calibrated(found, 5000) == ""


def test_a_clear_difference_is_told_from_noise() -> None:
    """Equal systems are within noise; one that is right where the other never is, is ahead."""
    good, bad = record("ab" * 40, "ab" * 40), record("ba" * 40, "ab" * 40)

    assert [one.verdict for one in differences([good], [bad])] == ["ahead", "ahead"]
    assert [one.verdict for one in differences([bad], [good])] == ["behind", "behind"]
    assert [one.value for one in differences([good], [good])] == [0.0, 0.0]
    assert differences([good], [good])[0].verdict == "within noise"


def test_chance_alone_gives_a_calibration_error() -> None:
    """Fewer rows leave more to chance."""
    few, many = ([0.7] * count for count in (60, 6000))

    assert 0.02 < chance_ece(few) < 0.2
    assert chance_ece(many) < chance_ece(few) / 5


def test_a_target_has_two_readings() -> None:
    """The figure itself, or the margin over the baseline of the same run."""
    target = TARGETS[1]

    assert target.margin == pytest.approx(0.010)
    assert Verdict(target, 0.941, 0.002).reached == "reached, figure"
    assert Verdict(target, 0.930, 0.010).reached == "reached, margin"
    assert Verdict(target, 0.930, 0.009).reached == "**missed**"
    assert Verdict(target).reached == "not measured"


def test_targets_are_judged_by_what_was_measured() -> None:
    """A margin needs the baseline beside our own figure."""
    ours = Figures(0.945, None, 0.9, 0.01, 0.02, 1.0, 1.0, {})
    found = {
        (v.target.key[0], v.target.system): v
        for v in verdicts({("banking77", False): {"minilm": ours}})
    }

    assert found["banking77", "minilm"].over is None
    assert found["banking77", "static"].value is None


def test_the_page_shows_what_there_is(bench: Bench) -> None:
    """Tables, comparisons and footnotes come from the kept cells alone."""
    cells = [Cell("senti4sd", None, name) for name in ("tfidf_svc", "tfidf_lr")]

    known = {cell: bench.measure(cell) for cell in cells}
    text = page(known)

    assert "### senti4sd, all training rows" in text
    assert "TF-IDF + LinearSVC" in text
    assert "SetFit" not in text
    assert "| system | senti4sd, full |" in summary(known)
    assert page({}) == "Nothing is measured yet.\n"
