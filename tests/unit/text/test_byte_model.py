"""The byte classifier gives the chances that py3langid gives over the same languages."""

import pytest
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from triage.rows import read_rows
from triage.settings import CHECKOUT
from triage.text.byte_model import ByteModel

LANGUAGES = ("da", "de", "en", "nn", "no", "ro", "ru", "sr", "sv", "zh")
ODD = [
    *("", " ", "7", "HELLO WHERE IS MY PARCEL", "e\u0301", "\ud800"),
    *("Где моя посылка", "Ово је", "你"),
]


@pytest.fixture(scope="module")
def library() -> LanguageIdentifier:
    """Load the library's own classifier for the same languages."""
    loaded = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    loaded.set_languages(list(LANGUAGES))
    return loaded


@pytest.fixture(scope="module")
def model() -> ByteModel:
    """Load the model."""
    return ByteModel([*LANGUAGES, "xx"])


def test_names_are_those_that_are_known(model: ByteModel) -> None:
    """Each language stands once, one without a model not at all."""
    assert sorted(model.names) == sorted(LANGUAGES)


def test_chances_are_those_of_the_library(model: ByteModel, library: LanguageIdentifier) -> None:
    """For texts of the samples and odd ones the chances differ by nothing that could show."""
    files = sorted((CHECKOUT / "data" / "samples" / "test").glob("*.jsonl"))
    texts = [row["text"] for file in files for row in read_rows(file)]

    for text in [*ODD, *texts]:
        assert model.chances(text) == pytest.approx(dict(library.rank(text)), abs=1e-12)
