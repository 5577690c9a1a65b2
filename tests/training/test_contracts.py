"""Precision contracts and costs from a file: what is refused, and what they come to."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import tiny_config
from training.config import Precision
from training.contracts import agreed, load_contracts
from training.cuts import LANGUAGE_ROWS, fit_thresholds
from triage.errors import ConfigError, GateError
from triage.labeling.decision import Thresholds
from triage.labeling.taxonomy import CostSpec, LabelSpec, TaskSpec, Taxonomy
from triage.settings import CHECKOUT

TAXONOMY = Taxonomy(
    tasks={
        "priority": TaskSpec(
            labels={"low": LabelSpec(), "urgent": LabelSpec()}, miss_cost={"urgent": 2.0}
        )
    }
)
GOOD = """
[precision]
suggest = 0.7
automate = 0.9
[precision.priority]
automate = 0.97
suggest = 0.85
labels = { urgent = 0.99 }
languages = { da = 0.98 }
[costs.priority]
by_hand = 0.3
missed = { urgent = 20 }
"""


def save(folder: Path, text: str) -> Path:
    """Write a config file."""
    path = folder / "decide.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_missing_file_is_refused(tmp_path: Path) -> None:
    """The path is named; a folder is no file."""
    with pytest.raises(ConfigError, match=r"none\.toml: there is no such file"):
        load_contracts(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="not readable"):
        load_contracts(tmp_path)


@pytest.mark.parametrize(
    ("text", "where", "told"),
    [
        ("[precision", "", "not valid TOML"),
        ("[gate]\nmax_ece = 1", "gate", "The sections are: precision, costs"),
        ("[precision]\nautomate = 1.0", "precision.automate", "less than 1"),
        ("[precision]\nsuggest = 0", "precision.suggest", "between 0 and 1"),
        ('[precision]\nautomate = "0.9"', "precision.automate", "valid number"),
        ("[precision]\npriority = 0.97", "precision.priority", "a table a task"),
        ("[precision.priority]\nautomat = 0.9", "precision.priority.automat", "takes suggest"),
        ("[precision.priority.labels]\nlow = 95", "precision.priority.labels.low", "less than 1"),
        ("[costs.priority]\nby_hand = 0", "costs.priority.by_hand", "finite number above 0"),
        ("[costs.priority]\nhand = 1", "costs.priority.hand", "by_hand, wrong, missed"),
    ],
)
def test_malformed_part_is_named_with_what_is_allowed(
    tmp_path: Path, text: str, where: str, told: str
) -> None:
    """The place that is wrong is the field of the error; what may stand there is said."""
    with pytest.raises(ConfigError, match=told) as caught:
        load_contracts(save(tmp_path, text))

    assert caught.value.field == where


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (Precision(automate_of={"mood": 0.9}), r"no task mood\. Its tasks are: priority"),
        (Precision(labels={"priority": {"soon": 0.9}}), "no label soon. Its labels are: low, urg"),
        ({"mood": CostSpec()}, "costs.mood: this run has no task mood"),
        ({"priority": CostSpec(missed={"soon": 2})}, "no label soon. Its labels are: low, urg"),
        ({"priority": CostSpec(when={"low": {"soon": 2}})}, "task priority has no label soon"),
    ],
)
def test_task_or_label_that_there_is_not_is_refused(
    config: Precision | dict[str, CostSpec], told: str
) -> None:
    """A misspelt name is told with the names that there are."""
    asked = {"precision" if isinstance(config, Precision) else "costs": config}

    with pytest.raises(ConfigError, match=told):
        agreed(tiny_config(**asked), TAXONOMY)


def test_file_gives_defaults_contracts_and_costs(tmp_path: Path) -> None:
    """What stands under a task overrules what stands above; costs replace the taxonomy's."""
    precision, costs = load_contracts(save(tmp_path, GOOD))
    taxonomy = agreed(tiny_config(precision=precision, costs=costs), TAXONOMY)

    assert (precision.of("priority"), precision.of("other")) == (0.97, 0.9)
    assert (precision.suggested("priority"), precision.suggested("other")) == (0.85, 0.7)
    assert precision.labels == {"priority": {"urgent": 0.99}}
    assert precision.languages == {"priority": {"da": 0.98}}
    assert precision.tasks == ("priority",)
    assert taxonomy.tasks["priority"].miss_cost == {}
    assert taxonomy.costs("priority").missed.tolist() == [1, 20]
    assert taxonomy.costs("priority").by_hand == 0.3


def test_empty_file_asks_for_the_defaults(tmp_path: Path) -> None:
    """Nothing written down is nothing asked for."""
    assert load_contracts(save(tmp_path, "")) == (Precision(), {})


def test_file_of_the_readme_is_read(tmp_path: Path) -> None:
    """What the README shows means what it says."""
    blocks = (CHECKOUT / "README.md").read_text(encoding="utf-8").split("```toml\n")[1:]
    shown = next(block.split("```")[0] for block in blocks if block.startswith("[precision]"))

    precision, costs = load_contracts(save(tmp_path, shown))

    assert precision.labels == {"priority": {"urgent": 0.99}}
    assert costs["priority"].when == {"high": {"low": 5.0}}


RNG = np.random.default_rng(4)
CONFIDENCE = RNG.uniform(0.4, 1, 6000)
RIGHT = RNG.random(6000) < CONFIDENCE
GIVEN = np.where(np.arange(6000) % 3 == 0, "urgent", "low").tolist()
SPOKEN = np.where(np.arange(6000) % 2 == 0, "da", "en").tolist()


def cuts_for(precision: Precision, right: np.ndarray = RIGHT) -> Thresholds:
    """Fit the thresholds of the drawn rows."""
    return fit_thresholds("priority", CONFIDENCE, right, precision, SPOKEN, given=GIVEN)


def test_label_with_a_contract_gets_its_own_cut() -> None:
    """It comes from the rows given that label; the others share one from the rows left."""
    cuts = cuts_for(Precision(automate=0.85, labels={"priority": {"urgent": 0.9}}))
    urgent = np.asarray(GIVEN) == "urgent"
    alone = fit_thresholds("x", CONFIDENCE[urgent], RIGHT[urgent], Precision(automate=0.9))
    rest = fit_thresholds(
        "x",
        CONFIDENCE[~urgent],
        RIGHT[~urgent],
        Precision(automate=0.85),
        np.asarray(SPOKEN)[~urgent].tolist(),
    )

    assert cuts.per_label["urgent"].automate_at == alone.automate_at
    assert cuts.automate_at == rest.automate_at
    assert cuts.per_label["urgent"].suggest_at == cuts.suggest_at
    assert alone.automate_at is not None
    assert cuts.decide("urgent", alone.automate_at) == "automate"
    assert cuts.decide("urgent", alone.automate_at - 1e-9) == "suggest"


def test_language_with_a_contract_gets_its_own_cut() -> None:
    """Where label and language both have one, a decision must pass both."""
    asked = Precision(
        automate=0.8, labels={"priority": {"urgent": 0.9}}, languages={"priority": {"da": 0.85}}
    )
    cuts = cuts_for(asked)
    label, language = cuts.per_label["urgent"].automate_at, cuts.per_language["da"].automate_at
    assert label is not None
    assert language is not None
    low, high = sorted((label, language))

    assert cuts.decide("urgent", high, "da") == "automate"
    assert cuts.decide("urgent", low, "da") == "suggest"
    assert cuts.decide("low", language, "da") == "automate"
    assert cuts.decide("urgent", label, "en") == "automate"


def test_every_broken_contract_is_told_with_its_rows_and_labels() -> None:
    """Label, language, suggestions and task are named, each with what it would take."""
    asked = Precision(
        suggest_of={"priority": 0.9999},
        automate_of={"priority": 0.999},
        labels={"priority": {"urgent": 0.9995}},
        languages={"priority": {"zh": 0.95}},
    )

    with pytest.raises(GateError) as caught:
        cuts_for(asked, np.ones(6000, bool))

    told = str(caught.value)
    assert "suggestions: no threshold keeps a precision of 0.9999 on 6000 calibration rows" in told
    assert "label urgent: no threshold keeps a precision of 0.9995 on 2000" in told
    assert "language zh: no threshold keeps a precision of 0.95 on 0" in told
    assert "About 90 more labels" in told
    assert "Task priority: no threshold keeps a precision of 0.999 on 4000" in told


def test_task_whose_labels_all_have_contracts_needs_no_common_cut() -> None:
    """A task contract with no row left to hold for is kept."""
    asked = Precision(
        automate_of={"priority": 0.95}, labels={"priority": {"urgent": 0.8, "low": 0.8}}
    )

    assert cuts_for(asked).automate_at is None


def test_language_that_keeps_no_cut_is_not_automated() -> None:
    """A large weak language abstains from automation; the others go on."""
    right = RIGHT | (np.asarray(SPOKEN) == "en")
    right[np.asarray(SPOKEN) == "da"] = np.arange(3000) % 3 > 0
    cuts = cuts_for(Precision(automate=0.8), right)

    assert sum(code == "da" for code in SPOKEN) >= LANGUAGE_ROWS
    assert cuts.automate_at is not None
    assert cuts.decide("low", 1.0, "da") == "suggest"
    assert cuts.decide("low", 1.0, "en") == "automate"


def test_rows_too_dear_to_automate_have_no_say() -> None:
    """Only rows that would be automated are held to the contract of automation."""
    right = np.ones(6000, bool)
    right[:600] = False
    affordable = np.arange(6000) >= 600

    cuts = fit_thresholds("x", CONFIDENCE, right, Precision(), affordable=affordable)
    none = fit_thresholds("x", CONFIDENCE, right, Precision(), affordable=np.zeros(6000, bool))

    assert cuts.automate_at is not None
    assert none.automate_at is None


def height(cut: float | None) -> float:
    """Rank a missing cut above every other."""
    return 2.0 if cut is None else cut


@settings(max_examples=80, deadline=None)
@given(
    st.integers(0, 1000),
    st.floats(0.55, 0.995),
    st.floats(0.55, 0.995),
    st.sampled_from([1.0, 0.8, 0.6]),
)
def test_asking_for_more_never_lowers_a_cut(
    seed: int, one: float, other: float, weaker: float
) -> None:
    """Cuts of task, label and language, as they are served, rise with the precision asked."""
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0.4, 1, 700)
    spoken = np.where(rng.random(700) < 0.5, "da", "en")
    right = rng.random(700) < confidence * np.where(spoken == "da", weaker, 1.0)
    below, above = (
        fit_thresholds("x", confidence, right, Precision(suggest=p, automate=p), spoken.tolist())
        for p in sorted((one, other))
    )

    assert below.suggest_at <= above.suggest_at
    assert height(below.automate_at) <= height(above.automate_at)
    for code in ("da", "en"):
        served = [
            [cuts.decide("low", value, code) == "automate" for value in confidence]
            for cuts in (below, above)
        ]
        assert all(low or not high for low, high in zip(*served, strict=True))
