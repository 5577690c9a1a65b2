"""Evidence covers the words that matter."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from triage.labeling.evidence import MAX_SEGMENTS, MAX_SPANS, Span, explain, segments, versions

WEIGHTS = {"blank": 3.0, "refund": -2.0, "空白": 3.0, "crash": 2.0}


def scorer(texts: Sequence[str]) -> NDArray[np.float32]:
    """Score two labels by the weighty words alone."""
    totals = [sum(w for word, w in WEIGHTS.items() if word in text.lower()) for text in texts]
    return np.array([[-t, t] for t in totals], np.float32)


def explained(text: str, label: int) -> list[Span]:
    """Explain a label of a text under the scorer."""
    parts = segments(text)
    return explain(text, parts, scorer(versions(text, parts)), label)


def test_one_weighty_word_is_found() -> None:
    """The word that decides takes all the weight."""
    text = "hello, the screen is BLANK since monday, thanks"

    spans = explained(text, 1)

    assert [text[s.start : s.end] for s in spans] == ["BLANK"]
    assert spans[0].weight == pytest.approx(1)


def test_word_against_the_label_is_no_evidence() -> None:
    """Words whose absence raises the label do not speak for it."""
    text = "blank screen, I want a refund"

    found = {text[s.start : s.end] for s in explained(text, 1)}
    other = {text[s.start : s.end] for s in explained(text, 0)}

    assert found == {"blank"}
    assert other == {"refund"}


def test_chinese_words_are_found() -> None:
    """Ideographs are left out in pairs, without spaces to go by."""
    text = "应用打开之后一片空白怎么办"

    spans = explained(text, 1)

    covered = {i for s in spans for i in range(s.start, s.end)}
    assert covered & {text.index("空"), text.index("白")}


def test_neighbours_are_joined() -> None:
    """Two weighty words side by side are one stretch."""
    text = "there is a blank crash here"

    spans = explained(text, 1)

    assert [text[s.start : s.end] for s in spans] == ["blank crash"]
    assert spans[0].weight == pytest.approx(1)


def test_long_text_is_cut_into_few_stretches() -> None:
    """Ten thousand words cost no more calls than forty-eight, and the word is inside."""
    words = ["filler"] * 10_000
    words[7_777] = "blank"
    text = " ".join(words)

    spans = explained(text, 1)

    assert len(segments(text)) <= MAX_SEGMENTS
    assert "blank" in text[spans[0].start : spans[0].end]


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_nothing_has_no_evidence(text: str) -> None:
    """No words, no evidence."""
    assert explained(text, 1) == []


def test_single_word_is_its_own_evidence() -> None:
    """The only word carries the whole weight."""
    spans = explained("  blank ", 1)

    assert [(s.start, s.end, s.weight) for s in spans] == [(2, 7, 1.0)]


def test_text_without_weight_has_no_evidence() -> None:
    """When no word matters, none is shown."""
    assert explained("just some plain words", 1) == []


@given(st.text(max_size=400))
def test_spans_are_ordered_and_inside(text: str) -> None:
    """At most five stretches stand apart, in reading order, inside the text."""
    spans = explained(text, 1)

    assert len(spans) <= MAX_SPANS
    edges = [edge for span in spans for edge in (span.start, span.end)]
    assert edges == sorted(edges)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert sum(span.weight for span in spans) <= 1 + 1e-6


@given(st.text(max_size=400))
def test_segments_cover_every_letter(text: str) -> None:
    """No letter or digit stands outside all stretches."""
    covered = {i for start, end in segments(text) for i in range(start, end)}

    assert all(i in covered for i, char in enumerate(text) if char.isalnum())
