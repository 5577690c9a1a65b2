"""Unicode clean-up."""

import sys
import unicodedata

import pytest

from triage.text.mapped import plain
from triage.text.unicode import _HIDDEN, MAX_MARKS, fold_look_alikes, normalise


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
