"""How often a key may ask: a moving window, so that no rush at its edge counts twice.

``100/2 seconds`` lets 50 requests a second through for as long as one likes, and 100 at once. The
notation and the window are those of the library ``limits``. Its storage in memory goes by the clock
on the wall: set back by an hour it would refuse everybody for that hour; and it starts a thread
every 10 ms under load. The storage here goes by a clock that only moves on, and needs no thread.
"""

from collections import deque
from collections.abc import Callable
from math import ceil
from time import monotonic
from typing import NamedTuple

import limits
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from triage.errors import ConfigError

MAX_AMOUNT = 100_000
"""Largest window, in requests: each is remembered until it leaves the window."""


class Turn(NamedTuple):
    """Whether a request may go on, how many more may, and when the window has room again."""

    granted: bool
    remaining: int
    reset_s: int


def read_rate(text: str, field: str) -> limits.RateLimitItem:
    """Read a rate such as ``10/second`` or ``100/2 seconds``.

    Raises:
        ConfigError: When it is none, or lets nobody in.
    """
    try:
        (rate,) = limits.parse_many(text)
    except ValueError as error:
        raise _unreadable(text, field) from error
    if not 0 < rate.amount <= MAX_AMOUNT or rate.get_expiry() < 1:
        raise _unreadable(text, field)
    return rate


class Rates:
    """Counts the requests of each key; for one thread, which is that of the event loop.

    Args:
        clock: Tells the time in seconds; must never go back.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._limiter = MovingWindowRateLimiter(_Windows(clock))

    def take(self, rate: limits.RateLimitItem, key_id: str) -> Turn:
        """Count one request, unless the window is full."""
        granted = self._limiter.hit(rate, key_id)
        reset, remaining = self._limiter.get_window_stats(rate, key_id)
        return Turn(granted, remaining, max(1, ceil(reset - self._clock())))


class _Windows(MemoryStorage):
    """Moments of the requests granted, by key, the oldest first."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self._granted: dict[str, deque[float]] = {}

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        now = self._clock()
        granted = self._since(key, now - expiry)
        if len(granted) + amount > limit:
            return False
        granted.extend([now] * amount)
        return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        del limit
        now = self._clock()
        granted = self._since(key, now - expiry)
        return (granted[0] if granted else now), len(granted)

    def _since(self, key: str, begin: float) -> deque[float]:
        granted = self._granted.setdefault(key, deque())
        while granted and granted[0] <= begin:
            granted.popleft()
        return granted


def _unreadable(text: str, field: str) -> ConfigError:
    return ConfigError(
        f"{field}: {text!r} is no rate.",
        fix=f"Write such as 10/second, 600/minute or 100/2 seconds; {MAX_AMOUNT} at most.",
        field=field,
    )
