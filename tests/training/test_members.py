"""Messages with several labels: one question with yes and no for each, from export to answer."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score
from typer.testing import CliRunner

from tests.builders import messages, tiny_config
from training.cli import app
from training.config import AUTOMATE_BOUND, Columns, Precision
from training.cuts import NEVER, fit_thresholds, threshold
from training.ingest.table import read_export
from training.members import MOST, parts_of, spread
from training.options import with_contracts
from triage.cli import app as serving
from triage.errors import ConfigError, GateError, InputError
from triage.rows import read_rows, write_rows
from triage.text.language import LanguageIdentifier

ASKED = "topics=Topics|service|low"
READ = ("--text", "text", "--language", "language", "--label", ASKED)


@pytest.mark.parametrize(
    "value",
    [
        "topics=Topics|refund|",
        "topics=Topics|refund|refund",
        "topics=Topics|a/b",
        "topics=Topics|a=b",
        "topics=|a|b",
        "=Topics|a|b",
        "a/b=Topics|c",
        f"topics=Topics|{'|'.join(map(str, range(MOST + 1)))}",
    ],
)
def test_list_that_means_nothing_is_refused(value: str) -> None:
    """Each label stands once, can be part of a task's name, and there are not too many."""
    with pytest.raises(InputError, match="--label"):
        spread([value])


def test_list_becomes_one_task_a_label() -> None:
    """A plain column stays as it is."""
    assert spread(["queue=Queue", "topics=Topics| refund |log in"]) == [
        "queue=Queue",
        "topics/refund=Topics|refund",
        "topics/log in=Topics|log in",
    ]
    assert spread(None) is None
    assert parts_of(" b|a||b | ") == ["b", "a"]


def test_renaming_a_part_of_a_cell_is_refused() -> None:
    """Whole cells are renamed; in a list that would silently do nothing."""
    with pytest.raises(InputError, match="a whole cell"):
        Columns("text", {"t/a": "T|a"}, renames={"t/a": {"A": "a"}})


def test_cells_answer_yes_no_or_nothing(tmp_path: Path) -> None:
    """An empty cell does not tell; any other that lacks the label says no."""
    cells = ["a|b", " b ", "(none)", "", "null", "ab", "b|a"]
    rows = [{"text": f"message {i}", "T": cell} for i, cell in enumerate(cells)]
    write_rows(tmp_path / "t.csv", rows, ["text", "T"])
    columns = Columns("text", {"t/a": "T|a", "t/b": "T|b"})

    read = read_export(tmp_path / "t.csv", columns, LanguageIdentifier(("en",)))

    assert columns.required == ("text", "T")
    assert read.labels["t/a"] == ("yes", "no", "no", "", "", "no", "yes")
    assert read.labels["t/b"] == ("yes", "yes", "no", "", "", "no", "yes")


RNG = np.random.default_rng(8)
COUNT = 4000
YES = np.arange(COUNT) % 10 == 0
CONFIDENCE = RNG.uniform(0.5, 1, COUNT)
RIGHT = np.where(YES, RNG.random(COUNT) < CONFIDENCE - 0.2, RNG.random(COUNT) < 0.999)
GIVEN = np.where(YES, "yes", "no").tolist()


def test_rare_yes_does_not_hide_behind_no() -> None:
    """With one cut for both a doubtful yes would be automated; apart, each keeps the precision."""
    common = fit_thresholds("t/a", CONFIDENCE, RIGHT, Precision(), given=GIVEN)
    apart = fit_thresholds(
        "t/a", CONFIDENCE, RIGHT, Precision(apart=frozenset({"t/a"})), given=GIVEN
    )

    assert common.decide("yes", 0.7) == "automate"
    assert apart.decide("yes", 0.7) == "abstain"
    assert apart.decide("no", 0.7) == "automate"
    assert apart.per_label["no"].automate_at == threshold(
        CONFIDENCE[~YES], RIGHT[~YES], 0.95, AUTOMATE_BOUND
    )
    assert apart.automate_at == apart.per_label["no"].automate_at


def test_answer_never_seen_is_never_given() -> None:
    """Without a calibration row that was given yes, nothing is promised of it."""
    cuts = fit_thresholds(
        "t/a",
        CONFIDENCE[~YES],
        RIGHT[~YES],
        Precision(apart=frozenset({"t/a"})),
        given=["no"] * int((~YES).sum()),
    )

    assert cuts.per_label["yes"].suggest_at == NEVER
    assert cuts.decide("yes", 1.0) == "abstain"


def test_contract_holds_for_both_answers() -> None:
    """What is asked of a task is asked of its yes; a language has no say beside that."""
    asked = Precision(automate_of={"t/a": 0.95}, apart=frozenset({"t/a"}))
    columns = Columns("text", {"t/a": "T|a"})

    with pytest.raises(GateError, match="label yes: no threshold keeps"):
        fit_thresholds("t/a", CONFIDENCE, RIGHT, asked, given=GIVEN)
    assert with_contracts(tiny_config(columns=columns), None, None, []).precision.apart == {"t/a"}


def test_contract_by_language_is_refused(tmp_path: Path) -> None:
    """Cuts stand by answer already."""
    config = tmp_path / "c.toml"
    config.write_text('[precision."t/a".languages]\nda = 0.9', encoding="utf-8")
    asked = tiny_config(columns=Columns("text", {"t/a": "T|a"}))

    with pytest.raises(ConfigError, match="Ask by label"):
        with_contracts(asked, config, None, ["t/a=T|a"])


def table() -> list[dict[str, str]]:
    """List category and priority of each message as its topics; some do not tell."""
    rows = []
    for at, row in enumerate(messages()):
        held = [row["category"], row["priority"]]
        cell = "|".join(name for name in held if name in {"service", "low", "high"}) or "(none)"
        rows.append({**row, "Topics": "" if at % 17 == 3 else cell})
    return rows


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the messages with their topics."""
    path = tmp_path_factory.mktemp("several") / "tickets.csv"
    rows = table()
    write_rows(path, rows, list(rows[0]))
    return path


def call(*arguments: object) -> tuple[int, str]:
    """Run a command of ``triage-train``."""
    result = CliRunner().invoke(app, [str(part) for part in arguments], catch_exceptions=False)
    return result.exit_code, " ".join(result.output.split())


def test_check_suggests_the_list_and_names_what_is_left_out(
    export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cells with bars are told with the option that reads them; then what no option asks for."""
    monkeypatch.setenv("COLUMNS", "300")

    _, plain = call("check", export, "--text", "text", "--label", "topics=Topics")
    code, asked = call("check", export, *READ)

    assert "several_labels" in plain or "hold '|'" in plain
    assert "--label 'topics=Topics|" in plain
    assert code == 0
    assert "also hold 'high'" in asked
    assert "hold '|'" not in asked


def test_several_labels_from_export_to_answer(
    export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bundle_folder: Path
) -> None:
    """Fit, evaluate and classify agree on the sets of labels; the bundle is one like any other."""
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TRIAGE_MODELS", str(bundle_folder.parent))
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    monkeypatch.setattr(sys, "argv", ["triage-train", "fit"])
    out, figures, scored = tmp_path / "out", tmp_path / "m.json", tmp_path / "p.csv"

    code, told = call("fit", export, *READ, "--only", "--out", out, "--json", figures)

    assert code == 0, told
    fitted = json.loads(figures.read_text(encoding="utf-8"))
    bundle = Path(fitted["bundle_path"])
    assert set(fitted["tasks"]) == {"topics/service", "topics/low"}
    assert 0 < fitted["together"]["topics"]["accuracy"] <= 1
    assert "labels together" in told
    assert "Labels of topics together" in (bundle / "card.md").read_text(encoding="utf-8")

    code, told = call("evaluate", bundle, export, *READ, "--json", figures, "--predictions", scored)
    assert code == 0, told
    sets = json.loads(figures.read_text(encoding="utf-8"))["together"]["topics"]
    rows = [row for row in read_rows(scored, ()) if row["true_topics/low"]]
    labels = ("service", "low")
    truth = np.array([[row[f"true_topics/{one}"] == "yes" for one in labels] for row in rows])
    given = np.array([[one in row["triage_topics"].split("|") for one in labels] for row in rows])
    assert sets["n"] == len(rows)
    assert sets["accuracy"] == pytest.approx((truth == given).all(axis=1).mean())
    assert sets["micro_f1"] == pytest.approx(f1_score(truth, given, average="micro"))
    assert sets["per_label"]["low"]["support"] == truth[:, 1].sum()

    labelled = tmp_path / "labelled.csv"
    arguments = ["classify", "--file", export, "--language", "language", "--bundle", bundle]
    result = CliRunner().invoke(serving, [*map(str, arguments), "--out", str(labelled)])
    assert result.exit_code == 0, result.output
    cells = {row["triage_topics"] for row in read_rows(labelled, ())}
    assert cells <= {"low", "service", "low|service", "(none)"}
    assert len(cells) > 1
