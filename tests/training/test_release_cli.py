"""The commands ``triage-train compare`` and ``promote`` from end to end."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.builders import (
    TASKS,
    copied_bundle,
    examples_of,
    flip,
    messages,
    tiny_config,
    tiny_export,
    tiny_settings,
)
from training.cli import main
from training.run import Prepared, fit_examples
from training.taxonomies import taxonomy_of
from triage.bundle.manifest import METRICS
from triage.bundle.registry import Registry
from triage.rows import write_rows

Run = Callable[..., tuple[int, str]]
READ = ("--text", "text", "--language", "language")
TURNED = {"service": "technical_support", "technical_support": "service"}
ALL = (*READ, *(part for task in TASKS for part in ("--label", f"{task}={task}")))


def rename(metrics: dict[str, Any]) -> None:
    """Record other test rows."""
    metrics["test_fingerprint"] = "0" * 64


@pytest.fixture(scope="module")
def poor(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fit a bundle of one task, learned from labels turned round."""
    folder = tmp_path_factory.mktemp("poor")
    settings = tiny_settings(folder, bundle_folder.parent)
    table = [{**row, "category": TURNED[row["category"]]} for row in messages()]
    train, test = (examples_of(part, ("category",)) for part in (table, table[::4]))
    prepared = Prepared(train, test, taxonomy_of(train, None))
    config = tiny_config(out=folder, only=True)
    return fit_examples(prepared, config, settings, "tests", lambda _: None, name="poor").path


@pytest.fixture
def home(tmp_path: Path, bundle_folder: Path, poor: Path) -> Path:
    """Build a home with a twin of the champion and a bundle that is worse in every way."""
    home = tmp_path / "home"
    copied_bundle(bundle_folder, home / "bundles" / "second")
    copied_bundle(poor, home / "bundles" / "poor")
    (tmp_path / "gate.toml").write_text("[gate]\nmax_ece = 1.0\n", encoding="utf-8")
    return home


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    home: Path,
    bundle_folder: Path,
) -> Run:
    """Run the command line in this process; return the exit code and all that was printed."""
    monkeypatch.setenv("TRIAGE_HOME", str(home))
    monkeypatch.setenv("TRIAGE_MODELS", str(bundle_folder.parent))
    monkeypatch.setenv("TRIAGE_GATE", str(home.parent / "gate.toml"))
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["triage-train", *(str(a) for a in arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        shown = capsys.readouterr()
        return int(caught.value.code or 0), " ".join((shown.out + shown.err).split())

    return call


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Write all messages as one export."""
    return tiny_export(tmp_path / "tickets.csv")


def champion(home: Path, bundle_folder: Path) -> str:
    """Name the champion."""
    return Registry(home, bundle_folder.parent).aliases()["champion"]


def test_wrong_use_exits_with_two(run: Run, export: Path) -> None:
    """Unknown bundles, half-given columns, broken gates and waivers without a reason."""
    assert run("compare", "champion", "nobody")[0] == 2
    assert run("compare", "champion", "second", export)[0] == 2
    assert run("compare", "champion", "second", "--text", "text")[0] == 2
    assert run("promote", "nobody", export, *ALL)[0] == 2
    assert run("promote", "second", "--gate", export)[0] == 2
    assert run("promote", "second", "--waive", "f1")[0] == 2


def test_comparison_on_a_file_tells_flips_by_id_only(run: Run, tmp_path: Path) -> None:
    """Every figure has its interval, and no word of a message is repeated."""
    table = [{**row, "sentiment": "negative"} for row in messages()]
    write_rows(tmp_path / "a.csv", table, list(table[0]))
    out = tmp_path / "figures.json"
    given = (*READ, "--label", "category=category", "--label", "priority=priority")

    code, shown = run("compare", "champion", "poor", tmp_path / "a.csv", *given, "--json", out)

    report = json.loads(out.read_text(encoding="utf-8"))
    assert code == 0
    assert "the bundle has no task priority" in shown
    assert set(report["tasks"]) == {"category"}
    found = report["tasks"]["category"]
    assert len(found["accuracy"]["interval"]) == 2
    assert found["mcnemar"]["fixed"] == len(found["flipped"]["fixed"])
    assert report["same_rows"]
    assert "exact McNemar p =" in shown
    assert not any(row["text"] in shown + out.read_text(encoding="utf-8") for row in table)


def test_recorded_figures_are_compared_with_a_warning_where_rows_differ(
    run: Run, home: Path, bundle_folder: Path
) -> None:
    """Without a file the test figures of the two trainings stand beside each other."""
    copied_bundle(bundle_folder, home / "bundles" / "third", rename)

    same = run("compare", "champion", "second", "--json", "-")
    other = run("compare", "champion", "third")

    assert same[0] == other[0] == 0
    assert '"same_rows": true' in same[1]
    assert "warning" not in same[1]
    assert "warning: the two recorded other test rows" in other[1]


def test_recorded_figures_of_another_shape_are_refused(
    run: Run, home: Path, bundle_folder: Path
) -> None:
    """A record that cannot be read is named, without a stack."""
    folder = copied_bundle(bundle_folder, home / "bundles" / "third", lambda one: one.clear())
    assert (folder / METRICS).read_text(encoding="utf-8") == "{}"

    code, shown = run("compare", "champion", "third")

    assert code == 2
    assert "corrupt_bundle: The recorded figures" in shown


def test_refused_promotion_exits_with_one_and_every_reason(
    run: Run, home: Path, bundle_folder: Path, export: Path
) -> None:
    """Lost tasks, labels that fall and slowness are told together; the champion stays."""
    gate = home.parent / "strict.toml"
    gate.write_text("[gate]\nmax_ece = 1.0\nmax_latency_ms = 0.000001\n", encoding="utf-8")

    code, shown = run("promote", "poor", export, *ALL, "--gate", gate)

    assert code == 1
    assert "gate_failed: 8 reasons against poor" in shown
    for part in (
        "priority is no longer",
        "sentiment is no longer",
        "[f1] category=service (twin): F1 falls by",
        "[f1] category=technical_support (tiny): F1 falls by",
        "[latency] latency (tiny)",
    ):
        assert part in shown
    assert champion(home, bundle_folder) == "starter"


def test_tampered_bundle_is_refused(
    run: Run, home: Path, bundle_folder: Path, export: Path
) -> None:
    """Nothing is measured with a bundle whose seal is broken."""
    flip(home / "bundles" / "second" / "heads.safetensors")

    code, shown = run("promote", "second", export, *ALL)

    assert code == 1
    assert "[seal]" in shown
    assert champion(home, bundle_folder) == "starter"


def test_promotion_on_a_file_moves_the_alias_with_its_reason(
    run: Run, home: Path, bundle_folder: Path, export: Path
) -> None:
    """What passes on the file is live, whatever else was recorded."""
    code, shown = run("promote", "second", export, *ALL, "--who", "a17", "--why", "as good")

    assert code == 0
    assert "promote champion starter -> second by a17 (command): as good" in shown
    assert champion(home, bundle_folder) == "second"
    assert run("promote", "second", export, *ALL)[1] == "second is the champion already"


@pytest.mark.parametrize("command", ["compare", "promote"])
def test_help_shows_an_example(run: Run, command: str) -> None:
    """Every command explains itself with an example."""
    code, shown = run(command, "--help")

    assert code == 0
    assert f"Example: triage-train {command}" in shown
