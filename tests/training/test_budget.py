"""A length of time is read as people write it, and shared out fairly."""

import pytest

from training.budget import Budget, parse_budget, starting_now
from triage.errors import InputError


@pytest.mark.parametrize(
    "text", ["", "0", "0s", "-5m", "10 minutes", "m", "10x", "5m10", "1e3s", "inf", "nan", "m10"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    """Zero, signs, words and strange units are wrong use, by name of the option."""
    with pytest.raises(InputError, match=r"no length of time.*For example: --budget 10m") as caught:
        parse_budget(text)

    assert caught.value.field == "--budget"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("10m", 600), ("1.5h", 5400), ("1h30m", 5400), (" 2M ", 120)],
)
def test_times_are_read(text: str, seconds: float) -> None:
    """Seconds, minutes and hours, alone or together."""
    assert parse_budget(text) == seconds


def test_budget_ends_and_is_shared_equally() -> None:
    """Each part gets an equal share of what is left; time that passed is nobody's."""
    now = [100.0]
    whole = starting_now(60, lambda: now[0])

    first = whole.share(3).left
    now[0] += 30
    second, before = whole.share(2).left, whole.over
    now[0] += 30

    assert (first, second, before) == (20, 15, False)
    assert (whole.over, whole.share(2).over, whole.left) == (True, True, 0)


def test_no_budget_never_ends() -> None:
    """Without a budget nothing depends on a clock."""
    endless = starting_now(None)

    assert not endless.over
    assert endless.left is None
    assert endless.share(5) is endless
    assert not Budget().over
