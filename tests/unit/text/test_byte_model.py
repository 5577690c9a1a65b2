"""The mapped byte classifier beside the package it was made from."""

import json
import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py3langid.langid import LanguageIdentifier as Packaged

from triage.settings import CHECKOUT
from triage.text.byte_model import FOLDER, ByteModel, Classifier
from triage.text.language import CLASSIFIED, LanguageIdentifier, _packaged

WANTED = ("en", "da", "ro", "zh", *CLASSIFIED)


@pytest.fixture(scope="module")
def package() -> Classifier:
    """Load the package's own model."""
    return _packaged(WANTED)


@pytest.fixture(scope="module")
def mapped() -> Classifier:
    """Map the shipped arrays."""
    model = ByteModel.of(WANTED)
    assert model is not None
    return model


def is_same(mine: Sequence[tuple[str, float]], theirs: Sequence[tuple[str, float]]) -> bool:
    """Tell whether two rankings agree to the ninth place; equal shares may change places."""
    wanted, found = dict(theirs), dict(mine)
    return wanted.keys() == found.keys() and all(
        math.isclose(share, wanted[name], rel_tol=0, abs_tol=1e-9) for name, share in mine
    )


def test_language_that_is_not_shipped_is_left_to_the_package() -> None:
    """A bundle in Slovak is served as before, at the package's price."""
    assert ByteModel.of((*WANTED, "sk")) is None
    assert isinstance(LanguageIdentifier(("en", "sk"))._classifier, Packaged)


def test_language_that_nobody_knows_is_passed_over() -> None:
    """Neither the package nor the arrays can tell it; the others are told as ever."""
    model = ByteModel.of((*WANTED, "xx"))

    assert model is not None
    assert "xx" not in model.nb_classes


def test_samples_get_the_odds_of_the_package(mapped: Classifier, package: Classifier) -> None:
    """Messages in four languages are ranked alike, to the ninth place."""
    folder = CHECKOUT / "data" / "samples" / "test"
    texts = [
        json.loads(line)["text"]
        for file in sorted(folder.glob("*.jsonl"))
        for line in file.read_bytes().splitlines()[:100]
    ]

    assert all(is_same(mapped.rank(text), package.rank(text)) for text in texts)


@settings(max_examples=60)
@given(text=st.text(max_size=60))
def test_any_text_gets_the_odds_of_the_package(
    mapped: Classifier, package: Classifier, text: str
) -> None:
    """Empty texts, capitals and signs of every script included."""
    assert is_same(mapped.rank(text), package.rank(text))


def test_half_a_character_is_ranked(mapped: Classifier, package: Classifier) -> None:
    """A lone surrogate does no harm."""
    assert is_same(mapped.rank("hej \ud800 du"), package.rank("hej \ud800 du"))


def test_fewer_languages_share_the_same_columns() -> None:
    """A bundle in English alone answers as the package restricted to it does."""
    wanted = ("en", *CLASSIFIED)
    model = ByteModel.of(wanted)
    assert model is not None

    assert is_same(model.rank("where is my parcel"), _packaged(wanted).rank("where is my parcel"))


def test_arrays_fit_together() -> None:
    """Every state leads to a state, and every feature has a row of scores."""
    following, blocks, features, weights = (
        np.load(FOLDER / f"{name}.npy", allow_pickle=False)
        for name in ("next", "blocks", "features", "weights")
    )

    assert following.max() < len(blocks)
    assert blocks.max() < len(following) == len(features)
    assert features.max() < len(weights)
