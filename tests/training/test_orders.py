"""Labels with an order from the command line: what is refused, and what they come to."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.builders import messages, tiny_config, tiny_export
from training.cli import app
from training.contracts import agreed, load_contracts
from training.orders import parse_orders, with_orders
from triage.bundle.manifest import read_manifest
from triage.errors import ConfigError, InputError
from triage.labeling.decision import choose
from triage.labeling.taxonomy import CostSpec, LabelSpec, TaskSpec, Taxonomy, load_taxonomy
from triage.settings import CHECKOUT

STEPS = ("low", "normal", "high", "urgent")
TAXONOMY = CHECKOUT / "data" / "taxonomy.toml"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (["priority"], "each label once"),
        (["priority=low"], "each label once"),
        (["priority=low,,high"], "each label once"),
        (["priority=low,high,low"], "each label once"),
        (["mood=low,high"], "no --label gives 'mood'"),
        (["priority=low,high", "priority=high,low"], "given twice"),
    ],
)
def test_order_that_means_nothing_is_refused(values: list[str], told: str) -> None:
    """Each label stands once in the order of a task that is trained."""
    with pytest.raises(InputError, match=told):
        parse_orders(values, ["priority"])


def test_order_of_other_labels_than_the_taxonomy_has_is_refused() -> None:
    """A taxonomy decides which labels there are; the option only orders them."""
    fixed = load_taxonomy(TAXONOMY)

    with pytest.raises(ConfigError, match="has the labels low, normal, high, urgent"):
        with_orders(fixed, {"priority": ("low", "high")})


def test_order_fixes_the_labels_of_a_task() -> None:
    """Without a taxonomy the labels come from the option; with one its words stay."""
    fixed = load_taxonomy(TAXONOMY)

    alone = with_orders(None, parse_orders(["urgency=later, today ,now"], ["urgency"]))
    turned = with_orders(fixed, {"sentiment": ("positive", "neutral", "negative")})

    assert alone is not None
    assert turned is not None
    assert alone.labels("urgency") == ("later", "today", "now")
    assert alone.tasks["urgency"].ordinal
    assert turned.labels("sentiment") == ("positive", "neutral", "negative")
    assert turned.tasks["sentiment"].ordinal
    assert turned.tasks["sentiment"].labels["neutral"].description
    assert with_orders(fixed, {}) is fixed


def ordered(*labels: str, costs: CostSpec | None = None, ordinal: bool = True) -> Taxonomy:
    """Define one task."""
    spec = {label: LabelSpec() for label in labels}
    return Taxonomy(tasks={"priority": TaskSpec(ordinal=ordinal, labels=spec, costs=costs)})


def test_steps_without_an_order_are_refused(tmp_path: Path) -> None:
    """A price a step needs an order, few labels, and no second price for the same mistakes."""
    asked = tiny_config(costs={"priority": CostSpec(per_step=1.0)})
    path = tmp_path / "decide.toml"
    path.write_text("[costs.priority]\nper_step = 1\nmissed = { low = 2 }", encoding="utf-8")

    with pytest.raises(ConfigError, match="--ordinal priority=LABEL"):
        agreed(asked, ordered(*STEPS, ordinal=False))
    with pytest.raises(ConfigError, match="at most 100 labels, not 101"):
        agreed(asked, ordered(*map(str, range(101))))
    with pytest.raises(ConfigError, match="leave out wrong and missed"):
        load_contracts(path)
    with pytest.raises(ValueError, match="labels that have an order"):
        ordered("a", "b", costs=CostSpec(per_step=1.0), ordinal=False)


def test_steps_price_every_pair_by_distance() -> None:
    """A named pair keeps its own price; a taxonomy and a config file come to the same matrix."""
    costs = CostSpec(by_hand=0.5, per_step=2.0, when={"urgent": {"low": 50.0}})
    spelt = agreed(tiny_config(costs={"priority": costs}), ordered(*STEPS))

    matrix = spelt.costs("priority")
    every = np.repeat(np.arange(4), 4), np.tile(np.arange(4), 4)
    expected = 2.0 * np.abs(every[0] - every[1])
    expected[12] = 50.0

    assert matrix.paid(*every).tolist() == expected.tolist()
    assert matrix.by_hand == 0.5
    assert spelt == ordered(*STEPS, costs=costs)
    assert "per_step" not in spelt.model_dump_json()
    assert Taxonomy.model_validate_json(spelt.model_dump_json()) == spelt


def test_steps_choose_the_median_label() -> None:
    """Where every step costs the same, the median of the probabilities costs least (Koenker)."""
    matrix = ordered(*STEPS, costs=CostSpec(per_step=1.0)).costs("priority")
    probabilities = np.random.default_rng(3).dirichlet(np.ones(4), 500)

    columns, _ = choose(probabilities, matrix)

    median = (np.cumsum(probabilities, axis=1) < 0.5).sum(axis=1)
    assert columns.tolist() == median.tolist()
    assert (columns != probabilities.argmax(axis=1)).any()


def test_order_reaches_the_bundle_and_its_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bundle_folder: Path
) -> None:
    """A desk's own ordered task is fitted, priced by steps, measured in steps and told."""
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TRIAGE_MODELS", str(bundle_folder.parent))
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    monkeypatch.setattr(sys, "argv", ["triage-train", "fit"])
    export = tiny_export(tmp_path / "tickets.csv")
    config = tmp_path / "decide.toml"
    config.write_text("[costs.urgency]\nper_step = 1.0", encoding="utf-8")
    present = {row["priority"] for row in messages()}
    order = ",".join(label for label in reversed(STEPS) if label in present)

    result = CliRunner().invoke(
        app,
        [
            *("fit", str(export), "--text", "text", "--label", "urgency=priority", "--only"),
            *("--language", "language", "--ordinal", f"urgency={order}", "--config", str(config)),
            *("--out", str(tmp_path / "out"), "--json", str(tmp_path / "m.json")),
        ],
        catch_exceptions=False,
    )

    assert result.exit_code == 0, result.output
    metrics = json.loads((tmp_path / "m.json").read_text(encoding="utf-8"))
    figures, folder = metrics["tasks"]["urgency"], Path(metrics["bundle_path"])
    manifest = read_manifest(folder)
    assert manifest.taxonomy.tasks["urgency"].ordinal
    assert manifest.taxonomy.labels("urgency") == tuple(order.split(","))
    assert manifest.taxonomy.tasks["urgency"].costs is not None
    assert figures["mean_absolute_error"] == pytest.approx(figures["cost"]["automatic"])
    assert figures["quadratic_kappa"] is not None
    assert "mean error in steps" in (folder / "card.md").read_text(encoding="utf-8")
    assert "steps between true and given label" in (folder / "report.html").read_text("utf-8")


def test_value_outside_the_order_is_a_blocker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Check names the value that the order leaves out."""
    export = tiny_export(tmp_path / "tickets.csv")
    monkeypatch.setenv("COLUMNS", "200")

    result = CliRunner().invoke(
        app,
        [
            *("check", str(export), "--text", "text", "--label", "priority=priority"),
            *("--ordinal", "priority=low,urgent"),
        ],
    )

    assert result.exit_code == 1
    assert "its labels are low, urgent" in " ".join(result.output.split())
