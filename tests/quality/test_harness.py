"""The harness itself: perturbations, figures, tables and targets on values known by hand."""

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest

from tests.quality.harness.cases import WRITTEN, Case, measured_sets, written_cases
from tests.quality.harness.faithfulness import DRAWS, maps_back, random_places, without
from tests.quality.harness.figures import Outcomes, auroc, decision_figures, ece_limit
from tests.quality.harness.figures import ordinal_figures as ordinal
from tests.quality.harness.perturb import EDITS, long_signature, quoted_history
from tests.quality.harness.service import Remembering
from tests.quality.harness.tables import Row, Section, Table
from tests.quality.harness.targets import TARGETS, markdown, to_json
from training.metrics import expected_calibration_error
from triage.domain import Evidence, Message
from triage.encoders.base import Vectors
from triage.labeling.costs import Costs
from triage.labeling.decision import Thresholds
from triage.text.clean import clean

TEXTS = {
    "en": "The heating never comes on in the morning. Could somebody please look at it?",
    "da": "Varmen går aldrig i gang om morgenen. Kan I være søde at kigge på det?",
    "ro": "Căldura nu pornește niciodată dimineața. Puteți să vă uitați la asta?",
    "zh": "早上暖气从来不启动，已经三天了。请你们派人来看一下好吗？",
}
PRIORITIES = ("low", "normal", "high", "urgent")


def seeded(seed: int) -> Random:
    """Return random numbers that are the same in every run."""
    return Random(seed)  # noqa: S311 - reproducible, guards nothing


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_the_same_for_the_same_seed(name: str, language: str) -> None:
    """Runs must be comparable, so a perturbation has no chance of its own."""
    first, second = (EDITS[name](TEXTS[language], language, seeded(1)) for _ in range(2))

    assert first == second


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("name", ["typos", "emoji", "zero-width", "homoglyphs"])
def test_an_edit_changes_little(name: str, language: str) -> None:
    """An edit leaves most characters of a message as they were."""
    before, after = TEXTS[language], EDITS[name](TEXTS[language], language, seeded(1))

    assert before != after
    assert len(set(before) & set(after)) > 0.6 * len(set(before))


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_takes_any_text(name: str) -> None:
    """Empty texts and texts without letters pass through every edit."""
    for text in ("", "!", "42"):
        for language in TEXTS:
            assert isinstance(EDITS[name](text, language, seeded(1)), str)


def test_missing_diacritics_leave_other_languages_alone() -> None:
    """English and Chinese have no diacritics to lose; Danish and Romanian lose all of them."""
    edit = EDITS["missing diacritics"]

    assert all(edit(TEXTS[code], code, seeded(1)) == TEXTS[code] for code in ("en", "zh"))
    assert all(edit(TEXTS[code], code, seeded(1)).isascii() for code in ("da", "ro"))


@pytest.mark.parametrize("language", TEXTS)
def test_additions_stand_beneath_the_message(language: str) -> None:
    """Quotes and signatures keep the message itself unchanged at the top."""
    text = TEXTS[language]

    for seed in range(4):
        quoted = quoted_history(text, language, "older words", seeded(seed))
        signed = long_signature(text, language, seeded(seed))
        assert quoted.startswith(text + "\n\n")
        assert "older words" in quoted
        assert signed.startswith(text + "\n\n")


@pytest.mark.parametrize("language", TEXTS)
def test_quotes_look_like_those_of_mail_programs(language: str) -> None:
    """Both ways to quote are recognised by cleaning, so they are no straw men."""
    for seed in range(4):
        quoted = quoted_history(TEXTS[language], language, "older words", seeded(seed))
        assert "older words" not in clean(Message(text=quoted)).text


def test_ece_limit_covers_calibrated_confidences_and_no_others() -> None:
    """Outcomes drawn from the confidences stay below the limit in 95 of 100 draws."""
    random = np.random.default_rng(7)
    confidence = random.uniform(0.5, 1.0, 300)
    limit = ece_limit(confidence)
    drawn = [
        expected_calibration_error(confidence, random.random(300) < confidence) for _ in range(400)
    ]

    assert 0.92 < np.mean(np.asarray(drawn) <= limit) < 0.98
    assert expected_calibration_error(confidence, random.random(300) < confidence - 0.2) > limit


def test_auroc_counts_ordered_pairs() -> None:
    """One of four pairs is the wrong way round; ties count half; no rows give no figure."""
    assert auroc([0.9, 0.4], [0.5, 0.1]) == 0.75
    assert auroc([0.5], [0.5]) == 0.5
    assert auroc([], [0.5]) is None


def outcomes(predicted: Sequence[str], truth: Sequence[str], decisions: Sequence[str]) -> Outcomes:
    """Answer with full confidence."""
    rows = np.eye(len(PRIORITIES))[[PRIORITIES.index(label) for label in predicted]]
    return Outcomes(
        PRIORITIES, np.asarray(truth), rows, np.asarray(decisions), Thresholds(0.5), ordinal=True
    )


def test_ordinal_figures_count_steps() -> None:
    """A miss by three steps weighs three; one of two urgent messages is found."""
    one = outcomes(
        ["low", "urgent", "low", "high"], ["urgent", "urgent", "low", "high"], ["suggest"] * 4
    )
    figures = ordinal(one, "urgent")

    assert figures["mean_absolute_error"] == 0.75
    assert figures["urgent_recall"] == 0.5
    assert figures["urgent_precision"] == 1.0


def test_decisions_are_counted_as_served() -> None:
    """Precision of automate looks at automated rows alone, coverage at all."""
    one = outcomes(
        ["low", "low", "low", "high"],
        ["low", "high", "low", "high"],
        ["automate", "automate", "suggest", "abstain"],
    )
    figures = decision_figures(one)

    assert figures["automate_precision"] == 0.5
    assert figures["automate_coverage"] == 0.5
    assert figures["answered_precision"] == pytest.approx(2 / 3)
    assert figures["answered_coverage"] == 0.75
    assert figures["automated"] == 2


def test_outcomes_look_at_the_label_as_served() -> None:
    """Where costs choose a less likely label, it is the one that is counted, taken rows too."""
    one = Outcomes(
        ("low", "urgent"),
        np.asarray(["urgent", "low"]),
        np.asarray([[0.6, 0.4], [0.9, 0.1]]),
        np.asarray(["suggest", "automate"]),
        Thresholds(0.3, 0.9),
        ordinal=True,
        costs=Costs(np.asarray([1.0, 2.0])),
    )
    first = one.take(np.asarray([True, False]))

    assert one.predicted.tolist() == ["urgent", "low"]
    assert one.confidence.tolist() == [0.4, 0.9]
    assert one.report()["accuracy"] == 1
    assert (first.predicted.tolist(), first.confidence.tolist()) == (["urgent"], [0.4])


class CountingEncoder:
    """An encoder that counts what it is asked."""

    name, dim, fingerprint, space = "counting", 1, "f", "s"

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode a text as its length."""
        self.calls.append(list(texts))
        return np.asarray([[len(text)] for text in texts], np.float32)


def test_texts_are_encoded_once_and_alone() -> None:
    """A text seen before is not encoded again, and no vector depends on its neighbours."""
    inner = CountingEncoder()
    encoder = Remembering(inner)

    assert encoder.encode(["a", "bb", "a"]).tolist() == [[1], [2], [1]]
    assert encoder.encode(["bb"]).tolist() == [[2]]
    assert encoder.encode([]).shape == (0, 1)
    assert inner.calls == [["a"], ["bb"]]


def test_random_words_are_as_long_as_the_evidence() -> None:
    """Words drawn in place of the evidence have the same number of letters, none longer."""
    message = Message(text="aa bb cc dd ee ff", subject="gg hh")
    drawn = random_places(message, [("text", 0, 5)], "seed")

    assert len(drawn) == DRAWS
    assert all(sum(end - start for _, start, end in places) == 4 for places in drawn)
    assert random_places(message, [("text", 0, 17)], "seed") == []


def test_places_are_cut_out_of_their_field() -> None:
    """Several stretches of both fields go at once, whatever their order."""
    message = Message(text="one two three", subject="four")
    left = without(message, [("text", 0, 3), ("subject", 0, 4), ("text", 8, 13)])

    assert (left.text, left.subject) == ("  two  ", " ")


def test_a_span_maps_back_only_to_its_own_text() -> None:
    """An offset that is off by one is noticed, in code points of Chinese too."""
    message = Message(text="早上暖气不启动")

    assert maps_back(message, Evidence("text", "暖气", 2, 4, 1.0))
    assert not maps_back(message, Evidence("text", "暖气", 1, 3, 1.0))


def test_a_table_shows_the_ways_side_by_side() -> None:
    """Markdown and JSON carry the same figures; what is undefined is a dash."""
    row = Row(("en",), 3, {"twin": {"f1": 0.5}, "tiny": {"f1": None}})
    table = Table("labels", "Data.", ("language",), [row])

    assert "| en | 3 | 0.500 / - |" in table.markdown()
    assert table.json()["rows"] == [
        {"language": "en", "n": 3, "twin": {"f1": 0.5}, "tiny": {"f1": None}}
    ]


def test_targets_are_judged_from_the_report_alone() -> None:
    """A figure below its target is missed, one on it reached, one not measured says so."""
    rows = [
        Row((language,), 5, {"twin": {"macro_f1": value}, "tiny": {"macro_f1": 0.1}})
        for language, value in (("all", 0.70), ("en", 0.2))
    ]
    section = Section("own", "Own", [Table("priority", "", ("language",), rows)])
    judged = to_json({"sections": {"own": section.json()}})
    found = {one["figure"]: one["profiles"] for one in judged}["priority macro-F1, own held-out"]

    assert len(judged) == len(TARGETS)
    assert found["twin"] == {"value": 0.70, "reached": True}
    assert found["tiny"]["reached"] is False
    assert "not measured" in markdown(judged, ["twin", "tiny"])


def test_the_mapping_names_every_set_once() -> None:
    """No public set is measured twice, and every mapping gives its reason."""
    parts = measured_sets()

    assert len({part.name for part in parts}) == len(parts)
    assert all(mapping.reason for part in parts for mapping in part.tasks.values())


@pytest.mark.parametrize("name", ["spam", "auto_replies"])
def test_written_messages_cover_every_language_evenly(name: str) -> None:
    """There are fifteen distinct messages of each kind in each language."""
    cases = written_cases(WRITTEN / f"{name}.jsonl")

    for code in TEXTS:
        texts = [case.message.text for case in cases if case.language == code]
        assert len(set(texts)) == len(texts) == 15


def test_length_counts_chinese_by_what_it_says() -> None:
    """Twenty Chinese characters are no shorter than sixty letters."""
    assert Case(Message(text="暖" * 20), "zh", {}).length == "medium"
    assert Case(Message(text="a" * 59), "en", {}).length == "short"
    assert Case(Message(text="a" * 301), "en", {}).length == "long"
