"""The name of a requester leaves a kept text."""

import pytest

from triage.text.names import greeted_name, hide_name


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("Regards, Anna Berg", "Anna Berg", "Regards, [name]"),
        ("ANNA called; berg wrote", "Anna Berg", "[name] called; [name] wrote"),
        ("Annas pakke, anna_berg85", "Anna Berg", "[name] pakke, [name]85"),
        ("Søren Ågård skrev, ågård", "søren ÅGÅRD", "[name] skrev, [name]"),
        ("customers of Tom", "Tom", "customers of [name]"),
        ("I am Bo, the boss", "Bo", "I am [name], the boss"),
        ("Li Wei called Lisbon", "Li Wei", "[name] called Lisbon"),
        ("我是王小明的妻子", "王小明", "我是[name]的妻子"),
        ("a parcel", "A", "a parcel"),
        ("a (b", "(.*", "a (b"),
        ("a parcel", None, "a parcel"),
        ("a parcel", "  ", "a parcel"),
    ],
)
def test_name_and_its_parts_are_replaced(text: str, name: str | None, expected: str) -> None:
    """A name goes in any case and with a short ending; other words stay."""
    assert hide_name(text, name) == expected


def test_decomposed_name_is_found() -> None:
    """A name whose accents are characters of their own is the same name."""
    assert hide_name("hej René", "Rene\u0301") == "hej [name]"


def test_long_name_over_a_long_text_is_quick() -> None:
    """Time stays linear in the text, whatever the name is made of."""
    text = "anna " * 4_000 + " " * 20_000

    assert "anna" not in hide_name(text, "anna " * 40)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Hello Anna Berg,\n\nThank you", "Anna Berg"),
        ("Kære Søren\nTak", "Søren"),
        ("Bună ziua, Ion Pop,\n", "Ion Pop"),
        ("Dear Mr. Smith: we", "Smith"),
        ("王小明，您好！\n感谢", "王小明"),
        ("Hello,\nyour parcel", None),
        ("Thank you for your message.\nRegards", None),
        ("", None),
    ],
)
def test_greeted_name_is_found(text: str, name: str | None) -> None:
    """A reply that greets somebody tells whom."""
    assert greeted_name(text) == name
