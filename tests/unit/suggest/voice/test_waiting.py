"""Waiting times: only fresh figures, rounded up, in the words of each language."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from triage.domain import Context, Waiting
from triage.live import Waits
from triage.suggest.voice.voices import load_voices
from triage.suggest.voice.waiting import plural, rounded, waiting_line

VOICES = load_voices(Path("data"))
NOW = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)
FRESH = Waits(timedelta(minutes=30))


def line(language: str, minutes: int, brand: str | None = None, at: datetime = NOW) -> str:
    """Write the line of a shipped voice."""
    voice = VOICES.of(language, brand)
    assert voice
    assert voice.waiting
    return waiting_line(voice.waiting, Waiting(minutes, at), language, voice.values)


@pytest.mark.parametrize(
    ("minutes", "told"),
    [
        (0, (5, "minutes")), (5, (5, "minutes")), (6, (10, "minutes")), (55, (55, "minutes")),
        (56, (1, "hours")), (61, (2, "hours")), (1_380, (23, "hours")), (1_381, (1, "days")),
        (1_441, (2, "days")), (43_200, (30, "days")),
    ],
)  # fmt: skip
def test_durations_are_rounded_up(minutes: int, told: tuple[int, str]) -> None:
    """Nobody should wait longer than was told."""
    assert rounded(minutes) == told


@pytest.mark.parametrize(
    ("language", "minutes", "told"),
    [
        ("en", 60, "about 1 hour (as of 2026-11-22 14:05 UTC)"),
        ("en", 5, "about 5 minutes"),
        ("da", 60, "cirka 1 time (målt 22.11.2026 kl. 14.05 UTC)"),
        ("da", 180, "cirka 3 timer"),
        ("da", 2_000, "cirka 2 dage"),
        ("ro", 60, "aproximativ o oră (măsurat la 22.11.2026, 14:05 UTC)"),
        ("ro", 5, "aproximativ 5 minute ("),
        ("ro", 40, "aproximativ 40 de minute"),
        ("ro", 1_260, "aproximativ 21 de ore"),
        ("zh", 40, "大约需要 40 分钟答复（统计时间：2026年11月22日 14:05 UTC）"),
        ("zh", 1_381, "大约需要 1 天答复"),
    ],
)
def test_each_language_counts_in_its_own_way(language: str, minutes: int, told: str) -> None:
    """Plurals and dates are those of the language."""
    assert told in line(language, minutes)


def test_moment_is_told_in_the_zone_it_came_in() -> None:
    """A desk's own clock needs no zone; ours says UTC."""
    at = NOW.astimezone(timezone(timedelta(hours=2)))

    assert "(as of 2026-11-22 16:05)" in line("en", 5, at=at)


@pytest.mark.parametrize(
    ("count", "form"),
    [
        (1, "one"), (0, "few"), (19, "few"), (101, "few"),
        (20, "other"), (100, "other"), (121, "other"),
    ],
)  # fmt: skip
def test_romanian_plurals(count: int, form: str) -> None:
    """One, few and other, as Unicode has them."""
    assert plural("ro", count) == form


@pytest.mark.parametrize(
    ("age", "told"),
    [
        (timedelta(0), True), (timedelta(minutes=30), True), (timedelta(minutes=31), False),
        (timedelta(minutes=-2), True), (timedelta(minutes=-3), False), (timedelta(days=9), False),
    ],
)  # fmt: skip
def test_only_what_was_just_measured_is_told(age: timedelta, told: bool) -> None:
    """A stale figure is left out, and so is one from the future."""
    waiting = Waiting(10, NOW - age)

    assert FRESH.of(Context(waiting=waiting), NOW) == (waiting if told else None)


def test_figure_of_the_desk_goes_before_the_journal() -> None:
    """What was measured here is asked for where the desk sends none, by brand."""
    measured = {"north": Waiting(99, NOW)}
    waits = Waits(timedelta(minutes=30), lambda brand: measured.get(brand or ""))

    assert waits.of(Context(brand="north"), NOW) == measured["north"]
    assert waits.of(Context(brand="south"), NOW) is None
    assert waits.of(Context(brand="north", waiting=Waiting(5, NOW)), NOW) == Waiting(5, NOW)
    assert FRESH.of(Context(), NOW) is None


def test_extreme_moments_do_no_harm() -> None:
    """The first and last moments that a calendar has are just not fresh."""
    east, west = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
    for at in (datetime.min.replace(tzinfo=east), datetime.max.replace(tzinfo=west)):
        assert FRESH.of(Context(waiting=Waiting(1, at)), NOW) is None
