"""Keys that lie in memory, and a clock that is moved by hand."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from triage.access.keys import ApiKey
from triage.errors import StoreError


class StoredInMemory:
    """A store of keys that fails when it is told to."""

    def __init__(self, keys: Sequence[ApiKey] = ()) -> None:
        self.keys = list(keys)
        self.used: dict[str, datetime] = {}
        self.writes = 0
        self.failing = False

    def list_keys(self) -> Sequence[ApiKey]:
        """List all keys."""
        if self.failing:
            raise StoreError("The store is away.")
        return tuple(self.keys)

    def touch(self, used: Mapping[str, datetime]) -> None:
        """Remember when keys were last used."""
        if self.failing:
            raise StoreError("The store is away.")
        self.writes += 1
        self.used.update(used)


class Clock:
    """Tells the time that a test sets, in seconds."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """Tell the time."""
        return self.now
