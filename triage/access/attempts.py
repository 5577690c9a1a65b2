"""How often somebody may try to sign in, by account and by address.

A window that moves, over a bounded number of names: whoever tries many makes the oldest forgotten,
never the memory full.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from time import monotonic

AMOUNT, WINDOW_S = 5, 60.0
"""Attempts in any span of so many seconds."""
MAX_NAMES = 20_000


class Attempts:
    """Counts attempts; for one thread, which is that of the event loop.

    Args:
        amount: Attempts in a window.
        window_s: Its length in seconds.
        clock: Tells the time in seconds; must never go back.
    """

    def __init__(
        self,
        amount: int = AMOUNT,
        window_s: float = WINDOW_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._amount, self._window_s, self._clock = amount, window_s, clock
        self._made: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, *names: str) -> float:
        """Count an attempt under all names, unless it must wait.

        Returns:
            Seconds to wait; 0 where the attempt is granted and counted.
        """
        now = self._clock()
        wait = max(self._wait(name, now) for name in names)
        if wait > 0:
            return wait
        for name in names:
            self._made.setdefault(name, deque()).append(now)
            self._made.move_to_end(name)
        while len(self._made) > MAX_NAMES:
            self._made.popitem(last=False)
        return 0.0

    def forgive(self, *names: str) -> None:
        """Take the newest attempt back: it was a right one."""
        for name in names:
            made = self._made.get(name)
            if made:
                made.pop()

    def _wait(self, name: str, now: float) -> float:
        made = self._made.get(name)
        if made is None:
            return 0.0
        while made and made[0] <= now - self._window_s:
            made.popleft()
        return made[0] + self._window_s - now if len(made) >= self._amount else 0.0
