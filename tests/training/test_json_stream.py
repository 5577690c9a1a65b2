"""JSON in pieces gives the values that it gives whole."""

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.ingest import json_stream
from training.ingest.json_stream import JsonStream

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


CHUNK = 3
"""Characters of the first piece, so that every value is cut."""


def whole(text: str) -> list[object]:
    """Read all values of a text."""
    stream, values = JsonStream(io.StringIO(text), CHUNK), []
    while stream.peek():
        values.append(stream.value())
    return values


@settings(deadline=None, max_examples=50)
@given(st.lists(VALUES, max_size=6), st.sampled_from(["\n", " \r\n\t", " "]))
def test_values_one_after_the_other(values: list[object], between: str) -> None:
    """Values are found wherever the pieces end, numbers too."""
    assert whole(between.join(json.dumps(value) for value in values)) == values


@settings(deadline=None, max_examples=50)
@given(st.lists(VALUES, max_size=6), st.sampled_from([None, 2]))
def test_values_of_a_list(values: list[object], indent: int | None) -> None:
    """A list is read item by item, indented or not."""
    stream = JsonStream(io.StringIO(json.dumps(values, indent=indent)), CHUNK)

    assert stream.skip("[")
    assert list(stream.items()) == values
    assert stream.peek() == ""


@pytest.mark.parametrize("text", ["1 2]", "1,", "1", "{]", '"a', ""])
def test_broken_lists_are_refused(text: str) -> None:
    """What is cut off or malformed ends in an error, never in a shorter list."""
    stream = JsonStream(io.StringIO(text), CHUNK)

    with pytest.raises(ValueError, match=r"Expecting|Unterminated|neither a comma"):
        list(stream.items())


def test_endless_value_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than the largest value is held in memory."""
    monkeypatch.setattr(json_stream, "MAX_VALUE", 1000)
    text = io.StringIO('"' + "x" * 1_000_000)

    with pytest.raises(ValueError, match="Unterminated"):
        JsonStream(text, CHUNK).value()

    assert text.tell() < 10_000
