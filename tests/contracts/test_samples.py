"""Our own labelled messages: complete, varied, and apart on both sides of the split."""

import json
import re
from collections import Counter, defaultdict
from itertools import product
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from triage.labeling.taxonomy import load_taxonomy
from triage.settings import CHECKOUT

SAMPLES = CHECKOUT / "data" / "samples"
SIDES = ("train", "test")
LANGUAGES = ("en", "da", "ro", "zh")
CHANNELS = {"email", "chat", "social", "phone", "video", "web_form"}
TASKS = ("category", "priority", "sentiment")
COLUMNS = {
    *("id", "scenario_id", "industry", "language", "channel", "subject", "text", "contrast"),
    *TASKS,
}
MOST_ALIKE = 0.9
Sample = dict[str, Any]


@pytest.fixture(scope="module")
def samples() -> dict[str, list[Sample]]:
    """Read both sides; each sample is told the file it stands in."""
    sides: dict[str, list[Sample]] = {}
    for side in SIDES:
        sides[side] = [
            {**json.loads(line), "file": path.stem}
            for path in sorted((SAMPLES / side).glob("*.jsonl"))
            for line in path.read_text(encoding="utf-8").splitlines()
        ]
    return sides


@pytest.fixture(scope="module")
def everything(samples: dict[str, list[Sample]]) -> list[Sample]:
    """Join both sides."""
    return [sample for side in SIDES for sample in samples[side]]


def test_columns_are_complete(everything: list[Sample]) -> None:
    """Every sample has exactly the documented columns, with text in them."""
    for sample in everything:
        assert set(sample) == COLUMNS | {"file"}, sample["id"]
        assert sample["text"].strip(), sample["id"]
        assert isinstance(sample["contrast"], bool), sample["id"]
        assert sample["industry"] == sample["file"], sample["id"]
        assert sample["id"].startswith(f"{sample['scenario_id']}-{sample['language']}")
        assert sample["scenario_id"].startswith(f"{sample['industry']}-")


def test_ids_are_unique(everything: list[Sample]) -> None:
    """No id stands twice over both sides."""
    counts = Counter(sample["id"] for sample in everything)

    assert [name for name, count in counts.items() if count > 1] == []


def test_texts_are_unique(everything: list[Sample]) -> None:
    """No text stands twice."""
    counts = Counter(sample["text"] for sample in everything)

    assert [text for text, count in counts.items() if count > 1] == []


def test_labels_are_those_of_the_taxonomy(everything: list[Sample]) -> None:
    """Every label exists."""
    taxonomy = load_taxonomy(CHECKOUT / "data" / "taxonomy.toml")

    for task, sample in product(TASKS, everything):
        assert sample[task] in taxonomy.labels(task), sample["id"]


def test_languages_and_channels_are_known(everything: list[Sample]) -> None:
    """Only the four languages and the six channels occur."""
    assert {sample["language"] for sample in everything} == set(LANGUAGES)
    assert {sample["channel"] for sample in everything} == CHANNELS


def test_every_language_has_enough_messages(everything: list[Sample]) -> None:
    """At least 300 messages in each language."""
    counts = Counter(sample["language"] for sample in everything)

    assert min(counts[code] for code in LANGUAGES) >= 300


@pytest.mark.parametrize("key", ["scenario_id", "industry"])
def test_sides_are_apart(samples: dict[str, list[Sample]], key: str) -> None:
    """No scenario and no industry stands on both sides."""
    train, test = ({sample[key] for sample in samples[side]} for side in SIDES)

    assert train.isdisjoint(test)


@pytest.mark.parametrize("side", SIDES)
def test_every_combination_of_labels_occurs(samples: dict[str, list[Sample]], side: str) -> None:
    """All 24 combinations stand on each side, so no task gives another away."""
    taxonomy = load_taxonomy(CHECKOUT / "data" / "taxonomy.toml")
    found = {tuple(sample[task] for task in TASKS) for sample in samples[side]}

    assert found == set(product(*(taxonomy.labels(task) for task in TASKS)))


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_has_every_channel_and_label(
    samples: dict[str, list[Sample]], side: str, code: str
) -> None:
    """In each language of each side all channels and all labels occur."""
    mine = [sample for sample in samples[side] if sample["language"] == code]
    taxonomy = load_taxonomy(CHECKOUT / "data" / "taxonomy.toml")

    assert {sample["channel"] for sample in mine} == CHANNELS
    for task in TASKS:
        assert {sample[task] for sample in mine} == set(taxonomy.labels(task))


def test_every_scenario_speaks_every_language(everything: list[Sample]) -> None:
    """Each scenario is told in all four languages."""
    told: dict[str, set[str]] = defaultdict(set)
    for sample in everything:
        told[sample["scenario_id"]].add(sample["language"])

    assert {name: codes for name, codes in told.items() if codes != set(LANGUAGES)} == {}


def test_contrast_twins_come_together(everything: list[Sample]) -> None:
    """A sample marked as contrast has its twin in the same scenario and language."""
    counts = Counter(
        (sample["scenario_id"], sample["language"]) for sample in everything if sample["contrast"]
    )

    assert [place for place, count in counts.items() if count < 2] == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_two_messages_are_alike(everything: list[Sample], code: str) -> None:
    """No pair of one language is above 0.9 cosine of character n-grams, contrast twins apart."""
    mine = [sample for sample in everything if sample["language"] == code]
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
    rows = vectors.fit_transform([sample["text"] for sample in mine])

    alike = np.argwhere(np.triu((rows @ rows.T).toarray(), 1) > MOST_ALIKE)

    pairs = [(mine[i], mine[j]) for i, j in alike]
    assert [(a["id"], b["id"]) for a, b in pairs if not (a["contrast"] and b["contrast"])] == []


def test_no_real_address_occurs(everything: list[Sample]) -> None:
    """E-mail addresses are made up: example.com and its like alone."""
    address = re.compile(r"[\w.+-]+@([\w-]+\.[a-z]{2,})", re.IGNORECASE)
    for sample in everything:
        for domain in address.findall(f"{sample['subject']} {sample['text']}"):
            assert domain.lower().startswith("example."), sample["id"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_guard_mail_is_complete(language: str) -> None:
    """Each language has automatic mail and mail that is no request, none of it twice."""
    path = SAMPLES / "guard" / f"{language}.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    kinds = Counter(row["kind"] for row in rows)

    assert set(kinds) == {"auto_generated", "out_of_scope"}
    assert min(kinds.values()) >= 60
    assert {row["language"] for row in rows} == {language}
    assert len({row["id"] for row in rows}) == len({row["text"] for row in rows}) == len(rows)
