"""A backtest from an export to its report: no leak, no surprise."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.builders import PHRASES, tiny_config, tiny_fit
from training.backtest.config import BacktestConfig
from training.backtest.run import backtest
from training.config import Columns
from triage.errors import BundleError, ExportError, InputError
from triage.rows import Row, write_rows
from triage.settings import Settings

NOW = datetime(2026, 12, 1, tzinfo=UTC)
MONTHS = 4
LETTERS = "abcdefghijklmnopqrstuvwxyz"
TASKS = ("category", "priority")
Change = Callable[[Row], Row]


def silent(_: str) -> None:
    """Drop a line of progress."""


def history(folder: Path, change: Change | None = None, months: int = MONTHS) -> Path:
    """Write 24 messages a month: each pair of a category and a priority, three times."""
    phrases = PHRASES["en"]
    table: list[Row] = []
    for month in range(1, months + 1):
        for number in range(24):
            category = sorted(phrases["category"])[number % 2]
            priority = sorted(phrases["priority"])[number // 2 % 4]
            words = [phrases["category"][category], phrases["priority"][priority]]
            row = {
                "text": f"{', '.join(words)}, {LETTERS[month]}{LETTERS[number]}",
                "created": f"2020-{month:02d}-{number + 1:02d}",
                "category": category,
                "priority": priority,
            }
            table.append(change(row) if change else row)
    path = folder / "history.csv"
    write_rows(path, table, list(table[0]))
    return path


def config(path: Path, **changes: object) -> BacktestConfig:
    """Ask for a quick backtest of an export."""
    columns = Columns("text", {task: task for task in TASKS}, time="created")
    fit = replace(tiny_config(encoder="static", only=True), exports=(path,), columns=columns)
    given: dict[str, object] = {"fit": fit, "first_window": 20, **changes}
    return BacktestConfig(**given)  # type: ignore[arg-type] # fields are checked by mypy where they are named


def replayed(settings: Settings, path: Path, **changes: object) -> dict[str, Any]:
    """Run a backtest on an export."""
    return backtest(config(path, **changes), settings, NOW, silent)


def test_the_future_changes_nothing_before(settings: Settings, tmp_path: Path) -> None:
    """Other labels and other texts from April on leave every figure of the months before as is."""

    def later(row: Row) -> Row:
        if row["created"] < "2020-04":
            return row
        turned = {"technical_support": "service", "service": "technical_support"}
        text = f"entirely different words {row['text'][::-1]}"
        return {**row, "category": turned[row["category"]], "priority": "urgent", "text": text}

    (tmp_path / "b").mkdir()
    real = replayed(settings, history(tmp_path))["tasks"]
    changed = replayed(settings, history(tmp_path / "b", later))["tasks"]

    for task in TASKS:
        old, new = real[task]["periods"], changed[task]["periods"]
        assert [part["period"] for part in old] == ["2020-02", "2020-03", "2020-04"]
        assert json.dumps(old[:-1]) == json.dumps(new[:-1])
        assert json.dumps(old[-1]) != json.dumps(new[-1])


def test_every_period_is_judged_by_its_past(settings: Settings, tmp_path: Path) -> None:
    """Each step is trained on all older rows, and every row is counted once in every task."""
    report = replayed(settings, history(tmp_path))

    assert list(report["tasks"]) == list(TASKS)
    for part in report["tasks"].values():
        assert [period["trained_on"] for period in part["periods"]] == [24, 48, 72]
        for period in [*part["periods"], part["total"]]:
            kinds = (period["automate"], period["suggest"], period["abstain"])
            assert sum(kind["n"] for kind in kinds) == period["n"]
        assert part["total"]["n"] == 72
    assert "saves 2 minutes" in report["assumptions"]["sentence"]
    json.dumps(report, allow_nan=False)


def test_unseen_label_is_learnt_by_the_next_step(settings: Settings, tmp_path: Path) -> None:
    """A label that begins in March cannot be given in March and can be in April."""

    def renamed(row: Row) -> Row:
        fresh = row["priority"] == "urgent" and row["created"] >= "2020-03"
        return {**row, "priority": "drop_everything"} if fresh else row

    part = replayed(settings, history(tmp_path, renamed))["tasks"]["priority"]

    assert [period["unknown_labels"] for period in part["periods"]] == [
        {},
        {"drop_everything": 6},
        {},
    ]
    assert [line for line in part["warnings"] if "new label 'drop_everything'" in line]


def test_late_task_begins_late(settings: Settings, tmp_path: Path) -> None:
    """A task that was labelled from March on is scored once it has its window."""

    def late(row: Row) -> Row:
        return {**row, "priority": row["priority"] if row["created"] >= "2020-03" else ""}

    tasks = replayed(settings, history(tmp_path, late))["tasks"]

    assert [period["period"] for period in tasks["priority"]["periods"]] == ["2020-04"]
    assert len(tasks["category"]["periods"]) == 3


def test_task_without_a_window_is_told(settings: Settings, tmp_path: Path) -> None:
    """A task with too few labels is left out with a warning; the others are scored."""

    def rare(row: Row) -> Row:
        return {**row, "priority": row["priority"] if row["created"] >= "2020-04" else ""}

    report = replayed(settings, history(tmp_path, rare))

    assert list(report["tasks"]) == ["category"]
    assert [line for line in report["warnings"] if line.startswith("task priority")]


def test_too_short_a_history_is_refused(settings: Settings, tmp_path: Path) -> None:
    """One period, or one that is left after the first window, is no history."""
    short = history(tmp_path, months=1)
    with pytest.raises(ExportError, match="make 1 periods"):
        replayed(settings, short)

    with pytest.raises(ExportError, match="make 1 periods after a first window of 60 rows"):
        replayed(settings, history(tmp_path), first_window=60)


def test_unknown_profile_is_refused(settings: Settings, tmp_path: Path) -> None:
    """A profile that the encoders do not serve is named with those they do."""
    with pytest.raises(BundleError, match="They serve: tiny"):
        replayed(settings, history(tmp_path), profile="huge")


def test_wrong_cost_is_refused_before_anything_is_fitted(
    settings: Settings, tmp_path: Path
) -> None:
    """An option that names no label fails at once."""
    with pytest.raises(InputError, match="--cost"):
        replayed(settings, history(tmp_path), costs=("priority:asap=3",))


def test_bundle_is_scored_in_every_period(settings: Settings, tmp_path: Path) -> None:
    """One bundle throughout needs no first window; what it may have learnt from is marked."""
    report = replayed(settings, history(tmp_path), bundle="starter", profile="tiny")

    periods = report["tasks"]["priority"]["periods"]
    assert [period["period"] for period in periods] == [f"2020-0{i}" for i in range(1, 5)]
    assert {period["trained_on"] for period in periods} == {None}
    assert report["bundle"] == "starter"
    assert {period["trained_on_these"] for period in periods} == {"maybe"}


def test_months_that_a_bundle_learnt_from_are_known(settings: Settings, tmp_path: Path) -> None:
    """A bundle that ``fit`` made of the same export is known by its fingerprint."""
    from training.run import fit

    def unlike(row: Row) -> Row:
        # Near-duplicates of older rows would leave no row for calibration.
        return {**row, "text": f"{row['text']} {sha256(row['text'].encode()).hexdigest() * 2}"}

    path = history(tmp_path, unlike)
    asked = config(path)
    made = fit(replace(asked.fit, out=tmp_path / "out"), settings, "tests", silent)

    report = replayed(settings, path, bundle=str(made.path))

    seen = [p["trained_on_these"] for p in report["tasks"]["category"]["periods"]]
    assert seen == ["yes", "yes", "yes", "yes"]
    assert [line for line in report["warnings"] if "it knows the answers of 2020-01" in line]


def test_bundle_without_the_tasks_is_refused(settings: Settings, tmp_path: Path) -> None:
    """A bundle that answers other questions has nothing to be scored on."""
    made = tiny_fit(settings, ["sentiment"], out=tmp_path / "out", only=True)

    with pytest.raises(ExportError, match="None of the tasks"):
        replayed(settings, history(tmp_path), bundle=str(made.path))
