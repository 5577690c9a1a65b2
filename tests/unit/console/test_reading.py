"""A text in stretches: nothing is lost, whatever overlaps."""

from hypothesis import given
from hypothesis import strategies as st

from triage.console.reading import blocks
from triage.domain import Evidence, LabelResult, Removed

TEXT = "my parcel is late\n> old words\nplease help"


def label(*spans: tuple[int, int, float]) -> LabelResult:
    """Answer a task with evidence at places of the text."""
    found = tuple(Evidence("text", TEXT[a:b], a, b, weight) for a, b, weight in spans)
    return LabelResult("x", 1.0, "automate", None, (), found, "x")


def test_stretches_of_several_tasks_overlap() -> None:
    """Where two tasks meet, both are marked, each with its own strength."""
    found = blocks(TEXT, "text", {"a": label((3, 9, 0.5)), "b": label((3, 17, 0.05))})

    assert [(piece.text, piece.marks) for piece in found[0].pieces[:3]] == [
        ("my ", ""),
        ("parcel", "e0 e0-3 e1 e1-1"),
        (" is late", "e1 e1-1"),
    ]


def test_what_was_removed_stands_in_its_place() -> None:
    """Removed stretches are blocks of their own, between those that were kept."""
    removed = (Removed("quote", "text", 18, 30), Removed("signature", "subject", 0, 3))
    found = blocks(TEXT, "text", {}, removed)

    assert [block.kind for block in found] == [None, "quote", None]
    assert found[1].characters == 12


def test_nothing_at_all_is_one_empty_block() -> None:
    """A page has something to show whatever was removed."""
    assert [block.kind for block in blocks("", "text", {})] == [None]


SPANS = st.tuples(st.integers(-5, 60), st.integers(-5, 60), st.floats(0, 1))


@given(evidence=st.lists(SPANS, max_size=6), removed=st.lists(SPANS, max_size=4))
def test_every_character_is_shown_once(
    evidence: list[tuple[int, int, float]], removed: list[tuple[int, int, float]]
) -> None:
    """However spans lie, the pieces together are the text but for blank stretches."""
    spans = [(max(0, a), max(0, b), w) for a, b, w in evidence if a < b]
    gone = sorted((max(0, a), max(0, b)) for a, b, _ in removed if a < b)
    parts = tuple(Removed("quote", "text", a, b) for a, b in gone)
    found = blocks(TEXT, "text", {"a": label(*spans)}, parts)
    shown = "".join(piece.text for block in found for piece in block.pieces)

    assert "".join(shown.split()) == "".join(TEXT.split())
