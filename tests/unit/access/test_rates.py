"""Rates: exact, fair between keys, and unmoved by clocks that are set."""

import threading

import pytest

from tests.unit.access.fakes import Clock
from triage.access.rates import Rates, read_rate
from triage.errors import ConfigError


@pytest.mark.parametrize(
    "text", ["", "x", "0/second", "-1/second", "10/fortnight", "5/second;1/minute", "1000000/day"]
)
def test_other_things_are_no_rates(text: str) -> None:
    """A broken rate is refused under the name of what holds it."""
    with pytest.raises(ConfigError, match="TRIAGE_RATE") as caught:
        read_rate(text, "TRIAGE_RATE")

    assert caught.value.field == "TRIAGE_RATE"


def test_window_is_exact_at_its_limit() -> None:
    """As many as allowed go through, the next does not, and room comes as the first ones leave."""
    clock, rate = Clock(1000.0), read_rate("3/2 seconds", "rate")
    rates = Rates(clock)

    turns = [rates.take(rate, "a") for _ in range(4)]
    clock.now += 1.999
    early = rates.take(rate, "a")
    clock.now += 0.001
    late = rates.take(rate, "a")

    assert [(turn.granted, turn.remaining) for turn in turns] == [
        (True, 2),
        (True, 1),
        (True, 0),
        (False, 0),
    ]
    assert turns[3].reset_s == 2
    assert (early.granted, early.reset_s) == (False, 1)
    assert (late.granted, late.remaining) == (True, 2)


def test_ten_keys_at_twice_their_quota_get_one_percent_at_most_off() -> None:
    """Over a minute each gets its 3,000 requests, however the others hurry."""
    clock, rate = Clock(), read_rate("100/2 seconds", "rate")
    rates, granted = Rates(clock), dict.fromkeys(range(10), 0)

    for _ in range(60 * 100):
        clock.now += 0.01
        for key in granted:
            granted[key] += rates.take(rate, str(key)).granted

    assert all(abs(count - 3000) <= 30 for count in granted.values()), granted


def test_quiet_key_feels_nothing_of_a_loud_one() -> None:
    """A full window refuses its own key alone."""
    rates, rate = Rates(Clock()), read_rate("5/minute", "rate")
    loud = [rates.take(rate, "loud").granted for _ in range(50)]

    assert sum(loud) == 5
    assert rates.take(rate, "quiet") == (True, 4, 60)


def test_refused_requests_do_not_lengthen_the_wait() -> None:
    """Whoever hammers gets in as soon as whoever waits."""
    clock, rate = Clock(), read_rate("2/second", "rate")
    rates, granted = Rates(clock), []
    for _ in range(1000):
        granted.append(rates.take(rate, "a").granted)
        clock.now += 0.01

    assert 19 <= sum(granted) <= 20


def test_no_thread_runs_beside() -> None:
    """Counting starts no thread, whatever the load."""
    rates, rate = Rates(), read_rate("100000/second", "rate")
    rates.take(rate, "a")
    before = set(threading.enumerate())
    for _ in range(2000):
        rates.take(rate, "a")

    assert set(threading.enumerate()) <= before
