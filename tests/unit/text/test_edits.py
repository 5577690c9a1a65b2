"""How much of a suggestion was changed."""

import pytest

from triage.text.edits import MAX_SENT, edit_distance

PASSAGE = "Open the link in the shipping e-mail to see where the parcel is."


@pytest.mark.parametrize(
    ("sent", "lowest", "highest"),
    [
        (PASSAGE, 0.0, 0.0),
        (f"Hello Anna,\n\n{PASSAGE}\n\nKind regards", 0.0, 0.0),
        (PASSAGE.replace(" ", "\n  "), 0.0, 0.0),
        (f"Hello,\n{PASSAGE.replace('e-mail', 'message')}", 0.05, 0.3),
        ("We are closed on Mondays, please come by on Tuesday instead.", 0.6, 1.0),
        ("", 1.0, 1.0),
    ],
)
def test_distance_is_the_changed_share(sent: str, lowest: float, highest: float) -> None:
    """Greeting, sign-off and line breaks are free; changed words count."""
    found = edit_distance([PASSAGE], sent)

    assert found is not None
    assert lowest <= found <= highest


def test_nearest_version_counts() -> None:
    """Where more than one text may have been suggested, the one that was sent is meant."""
    assert edit_distance(["something else", PASSAGE], PASSAGE) == 0.0


def test_without_a_suggestion_there_is_no_distance() -> None:
    """An article that is gone cannot be compared with."""
    assert edit_distance([], PASSAGE) is None
    assert edit_distance(["  "], PASSAGE) is None


def test_long_texts_are_bounded() -> None:
    """What lies beyond the bound is left out, so that time stays bounded too."""
    assert edit_distance([PASSAGE], "x" * MAX_SENT + PASSAGE) > 0.5  # type: ignore[operator] # a float
