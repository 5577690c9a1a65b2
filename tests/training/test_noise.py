"""Slips of hurried people, as the training side makes them."""

from random import Random

from training.noise import SLIPS, roughen


def state(seed: int) -> Random:
    """Start random numbers."""
    return Random(seed)  # noqa: S311 - slips, no secret


def test_same_random_state_gives_the_same_text() -> None:
    """A build can be repeated."""
    text = "Jeg kan ikke åbne døren til værelset"

    assert roughen(text, "da", state(1)) == roughen(text, "da", state(1))
    assert len({roughen(text, "da", state(seed)) for seed in range(20)}) > 10


def test_empty_text_and_text_without_letters_stay() -> None:
    """Nothing to mistype, nothing changed."""
    assert roughen("", "en", state(1)) == ""
    assert roughen("12 345, 6!", "ro", state(1)) == "12 345, 6!"


def test_slips_stay_few() -> None:
    """A message stays readable: most of its words are untouched."""
    words = ["invoice", "printer", "delivery", "account"] * 50
    rough = roughen(" ".join(words), "en", state(7)).lower().split()

    kept = sum(word in {"invoice", "printer", "delivery", "account"} for word in rough)
    assert kept > len(words) * (1 - 12 * SLIPS[1])
    assert kept < len(words)


def test_accents_go_as_people_without_them_write() -> None:
    """Danish letters become pairs, Romanian ones lose their marks, in some messages."""
    danish = {roughen("grød på øen", "da", state(seed)).lower() for seed in range(40)}
    romanian = {roughen("țară și față", "ro", state(seed)).lower() for seed in range(40)}

    assert "groed paa oeen" in danish
    assert "tara si fata" in romanian
