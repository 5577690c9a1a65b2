"""Which rows of the public sets are kept from training."""

import pytest

from training.heldout import is_held_out
from triage.errors import ConfigError


def test_own_split_must_be_given() -> None:
    """A set that brings its split cannot be asked about without it."""
    with pytest.raises(ConfigError, match="multidogo"):
        is_held_out("multidogo", "mdg-1")


def test_own_split_decides() -> None:
    """Of multidogo the dev rows are kept, whatever their hash."""
    assert is_held_out("multidogo", "mdg-1", "dev")
    assert not any(is_held_out("multidogo", f"mdg-{i}", "train") for i in range(50))


def test_a_fifth_of_other_sets_is_kept() -> None:
    """The hash of set and id keeps about one row in five."""
    kept = sum(is_held_out("banking77", f"b77-{i}") for i in range(2_000))

    assert 340 < kept < 460


def test_rule_never_moves() -> None:
    """These rows were held out when the shipped encoders were trained and must stay so."""
    held = [i for i in range(20) if is_held_out("banking77", f"b77-train-{i:05d}")]

    assert held == [1, 10, 18, 19]
