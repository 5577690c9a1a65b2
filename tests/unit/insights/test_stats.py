"""The statistics, against their definitions."""

import numpy as np
import pytest
from scipy.stats import nbinom, poisson

from triage.insights.stats import apart, exceeds, false_discovery, overdispersion, wilson


@pytest.mark.parametrize(
    ("seen", "mean", "dispersion"),
    [(5, 0.4, 0.0), (12, 3.0, 0.2), (80, 20.0, 0.05), (400, 100.0, 0.1), (9, 1.0, 1.5)],
)
def test_chance_is_that_of_the_distribution(seen: int, mean: float, dispersion: float) -> None:
    """The upper tail agrees with SciPy's to many digits, also where it is tiny."""
    if dispersion:
        size = 1 / dispersion
        known = nbinom.sf(seen - 1, size, size / (size + mean))
    else:
        known = poisson.sf(seen - 1, mean)

    assert exceeds(seen, mean, dispersion) == pytest.approx(known, rel=1e-6)


def test_chance_at_the_edges() -> None:
    """Nothing seen is certain, the usual is no surprise, and nothing overflows."""
    assert exceeds(0, 3.0, 0.1) == 1.0
    assert exceeds(3, 3.0, 0.1) == 1.0
    assert 0 < exceeds(5_000, 0.001, 0.0) < 1e-200
    assert 0 < exceeds(3, 0.0, 0.0) < 1e-200


def test_interval_of_a_share_is_wilsons() -> None:
    """A handful of cases gives a wide interval, none gives all there is."""
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(1, 1) == pytest.approx((0.2065, 1.0), abs=1e-4)
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert not apart((0, 1), (60, 100))
    assert apart((2, 20), (90, 100))


def test_false_discoveries_are_bounded_as_published() -> None:
    """Adjusted chances are those of Benjamini and Hochberg, in the order given."""
    assert false_discovery([]).tolist() == []
    adjusted = false_discovery([0.04, 0.01, 0.03, 0.02]).tolist()
    assert adjusted == pytest.approx([0.04, 0.04, 0.04, 0.04])
    assert false_discovery([0.9, 0.001]).tolist() == pytest.approx([0.9, 0.002])


def test_counts_that_vary_more_are_found_to() -> None:
    """Poisson counts give about none, and gamma-mixed ones about theirs."""
    rng = np.random.default_rng(0)
    usual = np.full((200, 28), 10.0)
    calm = overdispersion(rng.poisson(usual).astype(float), usual)
    mixed = overdispersion(rng.poisson(usual * rng.gamma(5, 0.2, usual.shape)).astype(float), usual)

    assert np.median(calm) < 0.03
    assert np.median(mixed) == pytest.approx(0.2, abs=0.05)
