"""Unicode clean-up."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.text.mapped import plain
from triage.text.unicode import (
    _HIDDEN,
    _ODD,
    MAX_MARKS,
    _in_place,
    _rebuilt,
    fold_look_alikes,
    normal_line,
    normalise,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ﬁn ２０ kr：", "fin 20 kr:"),
        ("cafe\u0301", "café"),
        ("a\u200bb\ufeffc\u202ed", "abcd"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("pass\u200dword", "password"),
        ("密\u200d码", "密码"),
        ("نامه\u200cای", "نامه\u200cای"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("x" + "\u0301" * 50, "x" + "\u0301" * MAX_MARKS),
        ("ﾊﾞ", "バ"),
        ("각", "각"),
        ("\ufdfa", "\ufdfa"),
    ],
)
def test_normalises(text: str, expected: str) -> None:
    """NFKC, no invisible code points, one kind of line break, at most eight marks."""
    assert normalise(plain(text)).text == expected


def test_hidden_table_is_the_categories() -> None:
    """The table of invisible code points is Cf and Cc but for joiners and line breaks."""
    kept = set("\t\n\r\x0b\x0c\x85\u200c\u200d")
    expected = {
        char
        for char in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(char) in {"Cf", "Cc"} and char not in kept
    }
    found = set(_HIDDEN.findall("".join(map(chr, range(sys.maxunicode + 1)))))

    assert expected <= found
    assert all(unicodedata.category(char) in {"Cf", "Cc", "Cn"} for char in found)


def test_what_prints_is_not_odd() -> None:
    """No code point that is looked for is printable, so printable texts hold none."""
    assert not any(map(str.isprintable, _ODD.findall("".join(map(chr, range(sys.maxunicode + 1))))))
    assert not "\u200c\u200d".isprintable()


@given(
    st.text(max_size=30)
    | st.text("a é，！①㌖Ａ\u3000\u00a0ｶﾞ각e\u0301\u200b\u200d\r\n密", max_size=12)
)
def test_text_that_is_normalised_in_place(text: str) -> None:
    """Where each code point stands for itself, the whole way finds the same, place by place."""
    found = _in_place(text)
    if found is not None:
        whole = _rebuilt(plain(text))
        assert whole.text == found
        assert whole.starts.tolist() == list(range(len(text)))
        assert whole.ends.tolist() == list(range(1, len(text) + 1))


def test_lines_that_keep_their_places() -> None:
    """Chinese punctuation is normalised where it stands; what may move or be folded is not."""
    assert normal_line("你好，在吗？") == "你好,在吗?"
    assert normal_line("plain") == "plain"
    assert [normal_line(text) for text in ("e\u0301", "㌖", "a\u200bb", "my сору", "ｶﾞ")] == [
        None
    ] * 5


def test_maps_every_code_point() -> None:
    """Each code point knows the span that it came from."""
    mapped = normalise(plain("a\u200b①cafe\u0301…"))

    assert mapped.text == "a1café..."
    assert mapped.source(1, 2) == (2, 3)
    assert mapped.source(5, 6) == (6, 8)
    assert mapped.source(6, 9) == (8, 9)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("My оrder hаs not аrrived", "My order has not arrived"),
        ("please send me a сору of it", "please send me a copy of it"),
        ("Τhe αpp closes at once", "The app closes at once"),
        ("где мой заказ, сору", "где мой заказ, сору"),
        ("my city is Москва", "my city is Москва"),
        ("我的订单", "我的订单"),
    ],
)
def test_look_alikes_are_folded_inside_latin_text(text: str, expected: str) -> None:
    """Letters that only look Latin are read as Latin; real words of other scripts stay."""
    folded = fold_look_alikes(plain(text))

    assert folded.text == expected
    assert folded.starts.tolist() == list(range(len(text)))
