"""The rules that a bundle must keep before it may answer."""

from pathlib import Path
from typing import Any

import pytest

from triage.bundle.gate import Breach, Figures, Gate, Sides, judge, load_gate, recorded
from triage.errors import ConfigError, CorruptBundleError

ROWS = "0" * 64
LABELS = {"queue": ("billing", "orders")}


def figures(
    billing: float = 0.9, ece: float = 0.05, rows: str | None = ROWS, **changes: object
) -> Figures:
    """Measure a bundle of one task in one profile."""
    per_label = {
        "billing": {"f1": billing, "support": 40},
        "orders": {"f1": 0.8, "support": 10},
    }
    given: dict[str, Any] = {
        "profiles": {"tiny": {"queue": {"ece": ece, "per_label": per_label}}},
        "latency_ms": {"tiny": {"encode": 1.0, "heads": 0.5}},
        "test_fingerprint": rows,
    }
    return Figures.model_validate({**given, **changes})


def sides(new: Figures, old: Figures | None = None, **changes: Any) -> Sides:  # noqa: ANN401 - any field
    """Compare two bundles that answer the same labels."""
    given: dict[str, Any] = {"labels": LABELS, "answered": LABELS, "unchanged": ()}
    return Sides(new, old, **{**given, **changes})


def rules(found: list[Breach]) -> list[str]:
    """Name the rules that are broken."""
    return [one.rule for one in found]


def test_fall_of_more_than_two_points_is_a_breach() -> None:
    """The label, both figures, the fall and the rows are named."""
    (found,) = judge(Gate(), sides(figures(0.87), figures(0.90)))

    assert found.rule == "f1"
    for part in ("queue=billing (tiny)", "3.0 points", "0.900 to 0.870", "40 rows", "2 are"):
        assert part in found.text


def test_fall_of_two_points_passes() -> None:
    """A small fall, a rise and equal figures are let through."""
    for value in (0.881, 0.90, 0.95):
        assert judge(Gate(), sides(figures(value), figures(0.90))) == []


def test_few_rows_are_judged_only_where_the_gate_says_so() -> None:
    """Labels below the support asked for are noise to whoever raises it."""
    assert judge(Gate(min_support=41), sides(figures(0.1), figures(0.9))) == []
    assert rules(judge(Gate(min_support=40), sides(figures(0.1), figures(0.9)))) == ["f1"]


@pytest.mark.parametrize(
    "old",
    [figures(rows="1" * 64), figures(rows=None), figures(profiles={"tiny": {}}), None],
    ids=["other rows", "unknown rows", "task not measured", "nothing recorded"],
)
def test_what_was_not_measured_on_the_same_rows_is_refused(old: Figures | None) -> None:
    """A fall that cannot be seen is not taken for none; the way out is named."""
    (found,) = judge(Gate(), sides(figures(), old))

    assert found.rule == "f1"
    assert "labelled file" in found.text


def test_rows_unknown_on_both_sides_are_not_the_same() -> None:
    """Two bundles that recorded no rows are not comparable."""
    assert rules(judge(Gate(), sides(figures(rows=None), figures(rows=None)))) == ["f1"]


def test_head_of_the_champion_itself_needs_no_figures() -> None:
    """A task that was carried over cannot have fallen."""
    assert judge(Gate(), sides(figures(), None, unchanged=("queue",))) == []


def test_profile_that_is_new_has_nothing_to_fall_from() -> None:
    """Only profiles that both serve are compared."""
    old = figures(profiles={"twin": {}})

    assert judge(Gate(), sides(figures(0.1), old)) == []


def test_lost_tasks_and_labels_are_named() -> None:
    """Whoever built on them must hear of it first."""
    lost_label = {"queue": ("orders",)}
    lost_task = {"other": ("a", "b")}

    (label,) = judge(Gate(), sides(figures(), figures(), labels=lost_label))
    (task,) = judge(Gate(), sides(figures(), figures(), labels=lost_task))

    assert (label.rule, task.rule) == ("answers", "answers")
    assert "loses the labels billing" in label.text
    assert "task queue is no longer answered" in task.text


@pytest.mark.parametrize("value", [0.11, float("nan")])
def test_uncalibrated_confidence_is_a_breach(value: float) -> None:
    """ECE above the bound is refused, as is one that is no number."""
    assert rules(judge(Gate(), sides(figures(ece=value), figures()))) == ["ece"]


def test_slow_or_unmeasured_bundle_is_a_breach() -> None:
    """The two steps count together."""
    slow = figures(latency_ms={"tiny": {"encode": 50.0, "heads": 0.1}})

    assert "50.1 ms" in judge(Gate(), sides(slow, figures()))[0].text
    assert "not measured" in judge(Gate(), sides(figures(latency_ms={}), figures()))[0].text


def test_all_breaches_are_told_at_once() -> None:
    """Nobody has to come back for each."""
    new = figures(0.1, 0.5, latency_ms={})

    assert rules(judge(Gate(), sides(new, figures()))) == ["f1", "ece", "latency"]


def test_gate_is_read_from_a_file(tmp_path: Path) -> None:
    """Bounds left out are the usual ones."""
    path = tmp_path / "gate.toml"
    path.write_text("[gate]\nmax_ece = 0.04\n", encoding="utf-8")

    assert load_gate(path) == Gate(max_ece=0.04)
    assert load_gate(None) == Gate()


@pytest.mark.parametrize(
    "content",
    ["[gate", "[gate]\nmax_f1 = 1.0", '[gate]\nmax_ece = "x"', "[gate]\nmax_ece = -1.0", "gate=7"],
)
def test_broken_gate_is_refused_by_name(tmp_path: Path, content: str) -> None:
    """A slip in the file never means that no rule holds."""
    path = tmp_path / "gate.toml"
    path.write_text(content, encoding="utf-8")

    with pytest.raises(ConfigError, match=r"gate\.toml"):
        load_gate(path)


def test_missing_gate_is_refused(tmp_path: Path) -> None:
    """A file that was named must be there."""
    with pytest.raises(ConfigError):
        load_gate(tmp_path / "none.toml")


@pytest.mark.parametrize("content", ["{}", '{"profiles": {"tiny": {"queue": {"ece": "x"}}}}', "["])
def test_record_of_another_shape_is_refused(tmp_path: Path, content: str) -> None:
    """Figures that cannot be read are no figures."""
    (tmp_path / "metrics.json").write_text(content, encoding="utf-8")

    with pytest.raises(CorruptBundleError, match=r"metrics\.json"):
        recorded(tmp_path)
