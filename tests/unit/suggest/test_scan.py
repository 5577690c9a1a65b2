import numpy as np
import pytest

from triage.encoders.base import Vectors
from triage.suggest.scan import PlainScan, QuantisedScan, make_scan


def rows(count: int, dim: int, seed: int = 0) -> Vectors:
    """Make rows of unit length with columns as uneven as those of real encoders."""
    made = np.random.default_rng(seed).normal(size=(count, dim)) / np.arange(1, dim + 1)
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)


@pytest.mark.parametrize(("count", "dim"), [(1, 1), (7, 5), (300, 64), (2_500, 256), (300, 384)])
def test_no_score_is_off_by_more_than_is_said(count: int, dim: int) -> None:
    """Rows of any width, zeros, questions and their opposites stay within the bound."""
    vectors = rows(count, dim)
    vectors[0] = 0
    scan = QuantisedScan(vectors)
    questions = np.stack([*rows(20, dim, 1), *-vectors[-1:], np.zeros(dim, np.float32)])
    bounds = scan.bounds(questions)

    assert scan.errors.shape == (count,)
    assert len(bounds) == len(questions) == 22
    for question, (most, length, rest) in zip(questions, bounds, strict=True):
        least = most - 2 * (length * scan.errors + rest)
        assert (vectors @ question <= most).all()
        assert (vectors @ question >= least).all()


def test_bound_is_tight_enough_to_be_of_use() -> None:
    """Within two bounds of the fifth best stand few others."""
    vectors = rows(5_000, 256)
    scan = QuantisedScan(vectors)
    (bounds,) = scan.bounds(rows(1, 256, 1))
    least = bounds.most - 2 * (bounds.length * scan.errors + bounds.rest)

    assert scan.errors.mean() < 0.015
    assert (bounds.most >= np.sort(least)[-5]).sum() < 120


def test_few_rows_are_scanned_as_they_are() -> None:
    """A small knowledge base needs no integers."""
    assert isinstance(make_scan(rows(100, 8)), PlainScan)
    assert isinstance(make_scan(rows(2_000, 8)), QuantisedScan)


def test_largest_values_do_not_overflow() -> None:
    """Rows and questions of equal large columns are where 16-bit kernels would saturate."""
    dim = 256
    vectors = np.full((100, dim), dim**-0.5, np.float32)
    vectors[50:] *= -1
    scan = QuantisedScan(vectors)
    ((most, length, rest),) = scan.bounds(vectors[:1])

    assert np.abs(most - vectors @ vectors[0]).max() <= 2 * (length * scan.errors + rest).max()
