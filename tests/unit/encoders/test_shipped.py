"""The encoders of a fresh clone."""

from pathlib import Path

import numpy as np
import pytest

from triage.encoders.base import EncoderSet, Profile
from triage.encoders.loading import TINY, TWIN, load_encoder_set

ENCODERS = Path(__file__).parents[3] / "models" / "encoders"
SHIPPED = ("static", "minilm", "polyglot")
SAME = {
    "en": "I cannot log in to my account",
    "da": "Jeg kan ikke logge ind på min konto",
    "ro": "Nu mă pot conecta la contul meu",
    "zh": "我无法登录我的帐户",
}
OTHER = {
    "en": "Where is my parcel?",
    "da": "Hvor er min pakke?",
    "ro": "Unde este coletul meu?",
    "zh": "我的包裹在哪里？",
}


@pytest.fixture(scope="module")
def encoders() -> EncoderSet:
    """Load all encoders as serving does."""
    return load_encoder_set(ENCODERS / name for name in SHIPPED)


@pytest.mark.parametrize("profile", [TWIN, TINY], ids=["twin", "tiny"])
def test_same_question_lies_nearer_than_another(encoders: EncoderSet, profile: Profile) -> None:
    """Across languages and encoders, one question is nearer to itself than to another."""
    same = encoders.encode(list(SAME.values()), list(SAME), profile)
    other = encoders.encode(list(OTHER.values()), list(OTHER), profile)

    assert (same @ same.T).min() > (same @ other.T).max() + 0.1


def test_romanian_without_diacritics_is_the_same_text(encoders: EncoderSet) -> None:
    """Many people type Romanian without its accents."""
    table = encoders.encoders["static"]
    accents, plain = table.encode(
        ["Nu mă pot conecta, țara greșită", "Nu ma pot conecta, tara gresita"]
    )

    assert np.array_equal(accents, plain)


def test_encoders_stay_small() -> None:
    """The table stays below 22 MB, the student below 30, all below 80: a clone carries them."""
    sizes = {
        name: sum(path.stat().st_size for path in (ENCODERS / name).iterdir())
        for name in (*SHIPPED, "space")
    }

    assert sizes["static"] <= 22_000_000
    assert sizes["polyglot"] <= 30_000_000
    assert sum(sizes.values()) <= 80_000_000


@pytest.mark.parametrize("name", SHIPPED)
def test_card_carries_the_notices(name: str) -> None:
    """The licences ask for their notices beside the files."""
    card = (ENCODERS / name / "card.md").read_text(encoding="utf-8")

    assert "## Notices" in card
    assert "Apache-2.0" in card
