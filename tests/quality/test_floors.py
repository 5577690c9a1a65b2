"""Floors of the shipped bundle, a little under what it reached when they were set.

They need no public set. A new bundle that falls below one is worse than the last; raise a floor
when a bundle leaves it well behind.
"""

import pytest

from tests.quality.harness.bench import ALL, Bench
from tests.quality.harness.cases import own_cases
from tests.quality.harness.service import load_service
from tests.quality.harness.targets import rows
from tests.quality.run import SECTIONS, measure
from training.metrics import Report
from triage.settings import CHECKOUT, Settings

pytestmark = pytest.mark.slow
PROFILES = ("twin", "tiny")
LANGUAGES = ("en", "da", "ro", "zh")
BUNDLE = "starter"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Measure the shipped bundle on our own data alone, once."""
    folder = tmp_path_factory.mktemp("quality")
    settings = Settings(home=folder, models=CHECKOUT / "models", data=CHECKOUT / "data")
    bench = Bench(
        service=load_service(str(settings.models / BUNDLE), settings),
        settings=settings,
        own=own_cases(settings.data / "samples" / "test"),
        datasets=None,
        out=folder,
    )
    found, _ = measure(bench, list(SECTIONS))
    return found


def value(report: Report, path: str, metric: str, profile: str, **keys: str) -> float:
    """Return one figure of a table named ``section/table``."""
    section, _, table = path.partition("/")
    row = next(rows(report, section, table, **keys))
    return float(row[profile][metric])


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("task", "floor"), [("category", 0.87), ("priority", 0.82), ("sentiment", 0.85)]
)
def test_macro_f1_of_our_own_messages(
    report: Report, profile: str, task: str, floor: float
) -> None:
    """Labels of industries that training does not have stay as right as they were."""
    found = value(report, "own/by_language", "macro_f1", profile, task=task, language=ALL)

    assert found >= floor


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_language_falls_behind(report: Report, profile: str, language: str) -> None:
    """Each language keeps its share of right categories."""
    found = value(
        report, "own/by_language", "macro_f1", profile, task="category", language=language
    )

    assert found >= 0.84


@pytest.mark.parametrize("profile", PROFILES)
def test_urgent_messages_are_found(report: Report, profile: str) -> None:
    """Priority keeps its order, and urgent messages their recall."""
    assert value(report, "own/priority", "quadratic_kappa", profile, language=ALL) >= 0.84
    assert value(report, "own/priority", "urgent_recall", profile, language=ALL) >= 0.90


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("task", "floor"), [("category", 0.94), ("priority", 0.94), ("sentiment", 0.94)]
)
def test_automated_labels_are_right(report: Report, profile: str, task: str, floor: float) -> None:
    """What is automated is right about as often as promised."""
    found = value(
        report, "calibration/decisions", "automate_precision", profile, task=task, language=ALL
    )

    assert found >= floor


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", ["lower case", "upper case", "quoted history"])
def test_shape_does_not_change_labels(report: Report, profile: str, name: str) -> None:
    """Case and quoted history leave all three labels as they were."""
    found = value(
        report, "robustness/unchanged", "all_three", profile, perturbation=name, language=ALL
    )

    assert found >= 0.97


@pytest.mark.parametrize("profile", PROFILES)
def test_other_languages_are_refused(report: Report, profile: str) -> None:
    """Languages without training are refused, and our own messages are not."""
    keys = {"messages": "unsupported language", "language": ALL}

    assert value(report, "abstention/rates", "refused", profile, **keys) >= 0.95
    keys["messages"] = "in scope"
    assert value(report, "abstention/rates", "refused", profile, **keys) <= 0.03


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("code", LANGUAGES)
def test_articles_are_found(report: Report, profile: str, code: str) -> None:
    """Questions find their article among the first three of their language."""
    found = value(
        report,
        "retrieval/own_help_centre",
        "recall@3",
        profile,
        languages=f"{code} -> {code}",
    )

    assert found >= 0.64


@pytest.mark.parametrize("profile", PROFILES)
def test_evidence_is_faithful(report: Report, profile: str) -> None:
    """Evidence carries the label in every language, and maps back to the request."""
    for row in rows(report, "evidence", "falls"):
        assert row[profile]["evidence_fall"] > 2 * row[profile]["random_fall"]
        assert row[profile]["evidence_more"] >= 0.95
        assert row[profile]["maps_back"] == 1.0
