"""Temperatures from out-of-fold rows, and the scope."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from training.calibrate import (
    OUTSIDE_SHARE,
    ROWS_PER_CENTROID,
    fit_scope,
    fit_temperature,
    scope_of,
)
from triage.labeling.calibration import softmax


def drawn(count: int, factor: float, spread: float = 1.5) -> tuple[np.ndarray, np.ndarray]:
    """Draw labels from honest scores, then blow the scores up by a factor."""
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(count, 3)) * spread
    truth = np.array([rng.choice(3, p=row) for row in softmax(scores)])
    return (scores * factor).astype(np.float32), truth


@pytest.mark.parametrize("factor", [0.25, 4.0])
def test_temperature_undoes_what_was_blown_up(factor: float) -> None:
    """Over- and under-confident scores get about their factor, and a lower log loss."""
    scores, truth = drawn(4000, factor)

    temperature = fit_temperature(scores, truth)

    assert temperature == pytest.approx(factor, rel=0.15)
    assert log_loss(truth, softmax(scores, temperature)) < log_loss(truth, softmax(scores)) - 0.01


def test_temperature_of_perfect_scores_is_bounded() -> None:
    """Scores without an error do not drive the temperature to nothing."""
    truth = np.arange(30) % 3

    assert fit_temperature(np.eye(3, dtype=np.float32)[truth] * 10, truth) >= 0.05


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("count", [1, 5, 20, 49])
def test_temperature_of_few_rows_is_never_extreme(count: int, right: bool) -> None:
    """Few rows that are all right, or all wrong, move the temperature a little, not to a limit."""
    truth = np.arange(count) % 3
    scores = np.eye(3, dtype=np.float32)[truth if right else (truth + 1) % 3] * 4

    assert 0.25 < fit_temperature(scores, truth) < 10


def test_few_rows_cost_little_log_loss() -> None:
    """Temperatures from 20 rows are about as good as knowing nothing, at worst."""
    scores, truth = drawn(2000, 1.0, spread=3.0)
    rng = np.random.default_rng(1)
    draws = [rng.permutation(2000)[:20] for _ in range(50)]
    found = [fit_temperature(scores[rows], truth[rows]) for rows in draws]
    losses = [log_loss(truth, softmax(scores, temperature)) for temperature in found]

    assert np.mean(losses) < log_loss(truth, softmax(scores)) * 1.05
    assert (min(found), max(found)) == pytest.approx((0.8, 1.4), abs=0.35)


def test_scope_leaves_few_of_its_own_outside() -> None:
    """The set share of the training messages falls outside, and noise does."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(4, 16))
    rows = centres[rng.integers(0, 4, 1000)] + rng.normal(size=(1000, 16)) * 0.3
    vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    scope = scope_of(fit_scope(vectors, 0), vectors)

    assert np.mean(scope.outside(vectors)) == pytest.approx(OUTSIDE_SHARE, abs=0.002)
    assert all(scope.outside(-vectors[:10]))


def test_scope_of_few_messages_takes_in_their_like() -> None:
    """With few training messages a new one of the same kind is not called foreign."""
    rng = np.random.default_rng(0)
    rows = np.ones(16) + rng.normal(size=(120, 16)) * 0.5
    vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    centroids = fit_scope(vectors[:60], 0)

    assert len(centroids) == 60 // ROWS_PER_CENTROID
    assert np.mean(scope_of(centroids, vectors[:60]).outside(vectors[60:])) < 0.2


@pytest.mark.parametrize("count", [1, 5, 50])
def test_scope_takes_equal_messages(count: int) -> None:
    """Messages that are all alike, or only one, still have a scope."""
    vectors = np.tile(np.eye(1, 8, dtype=np.float32), (count, 1))

    scope = scope_of(fit_scope(vectors, 0), vectors)

    assert not any(scope.outside(vectors))
