"""The keys that a running service knows, read every two seconds and asked without a wait.

A key that is made, revoked or rotated by a command line is followed by every server of the store
within ``EVERY_S`` and the time of one query. While the store cannot be read, the keys read last go
on being good: a store that fails must not lock all desks out. Expiry is looked at on every request.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hmac import compare_digest
from math import inf
from threading import Event, Thread
from time import monotonic, time
from typing import Protocol

from limits import RateLimitItem

from triage.access.keys import ApiKey, present
from triage.access.rates import read_rate
from triage.domain import Caller
from triage.errors import TriageError, UnauthorizedError
from triage.telemetry import Telemetry

EVERY_S = 2.0
"""Time between two looks at the store."""
USED_EVERY_S = 60.0
"""Time between two writes of when keys were last used."""
STOP_S = 2.0
"""Longest wait for a look in progress when the service stops."""
_NOBODY = "0" * 64
"""Compared with where no key has the id, so that the answer takes as long."""


class StoredKeys(Protocol):
    """Keys that other processes may change."""

    def list_keys(self) -> Sequence[ApiKey]:
        """List all keys, expired and revoked ones too."""

    def touch(self, used: Mapping[str, datetime]) -> None:
        """Write when keys were last used, by id."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A key as every request needs it."""

    digest: str
    caller: Caller
    rate: RateLimitItem | None
    expires: float
    revoked: bool


class Keyring:
    """Tells who shows a key.

    Args:
        keys: The store's keys; read once before this returns.
        telemetry: Hears once of each row of failures, and of keys that cannot be used.
        every_s: Time between two looks, in seconds.
        used_every_s: Time between two writes of when keys were last used, in seconds.
        clock: Tells the time, in seconds since 1970.

    Raises:
        StoreError: When the store cannot be read at first.
    """

    def __init__(
        self,
        keys: StoredKeys,
        telemetry: Telemetry,
        every_s: float = EVERY_S,
        used_every_s: float = USED_EVERY_S,
        clock: Callable[[], float] = time,
    ) -> None:
        self._keys = keys
        self._log = telemetry.log
        self._every_s, self._used_every_s = every_s, used_every_s
        self._clock = clock
        self._used: dict[str, float] = {}
        self._written: Mapping[str, float] = {}
        self._failing = False
        self._broken: frozenset[str] = frozenset()
        self._holders: Mapping[str, Holder] = {}
        self.known = False
        """Whether any key was ever made; a revoked one counts."""
        self._look()
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="keys", daemon=True)
        self._thread.start()

    @property
    def any_live(self) -> bool:
        """Whether some key can be used now."""
        now = self._clock()
        return any(not one.revoked and now < one.expires for one in self._holders.values())

    def who(self, text: str) -> Holder:
        """Tell who shows a key.

        Raises:
            UnauthorizedError: When the key is misspelt, unknown, revoked or expired; that a key was
                revoked or has expired is told only to whoever holds it whole.
        """
        shown = present(text)
        if shown is None:
            raise _refused("The key is misspelt or cut off.")
        holder = self._holders.get(shown.id)
        if not compare_digest(holder.digest if holder else _NOBODY, shown.digest) or not holder:
            raise _refused("The key is not known.")
        if holder.revoked:
            raise _refused("The key was revoked.")
        now = self._clock()
        if now >= holder.expires:
            raise _refused("The key has expired.")
        self._used[shown.id] = now
        return holder

    def holder(self, key_id: str) -> Holder | None:
        """Return the key of an id while it is good, for whoever showed it whole before."""
        holder = self._holders.get(key_id)
        if holder is None or holder.revoked or self._clock() >= holder.expires:
            return None
        return holder

    def close(self) -> None:
        """Stop looking, and write when keys were last used."""
        self._stopped.set()
        self._thread.join(STOP_S)
        self._try(self._write_used)

    def _run(self) -> None:
        written = monotonic()
        while not self._stopped.wait(self._every_s):
            self._try(self._look)
            if monotonic() - written >= self._used_every_s:
                self._try(self._write_used)
                written = monotonic()

    def _look(self) -> None:
        stored = self._keys.list_keys()
        holders, broken = {}, set()
        for key in stored:
            try:
                holders[key.id] = _holder(key)
            except TriageError:
                broken.add(key.id)
        for key_id in sorted(broken - self._broken):
            self._log.error("key_unusable", key=key_id)
        self._broken = frozenset(broken)
        self._holders = holders
        self.known = bool(stored)

    def _write_used(self) -> None:
        used = dict(self._used)  # copied in one step, as requests go on writing
        new = {id_: at for id_, at in used.items() if at != self._written.get(id_)}
        if new:
            self._keys.touch({id_: datetime.fromtimestamp(at, UTC) for id_, at in new.items()})
            self._written = used

    def _try(self, step: Callable[[], None]) -> None:
        try:
            step()
        except TriageError as error:
            self._fail(error.problem)
        except Exception as error:  # noqa: BLE001 - the keys known serve on, whatever it was
            self._fail(type(error).__name__)
        else:
            self._failing = False

    def _fail(self, reason: str) -> None:
        if not self._failing:
            self._failing = True
            self._log.error("keys_not_refreshed", reason=reason)


def _holder(key: ApiKey) -> Holder:
    return Holder(
        digest=key.digest,
        caller=Caller(key.id, key.scopes, key.brand, key.name),
        rate=read_rate(key.rate, "--rate") if key.rate else None,
        expires=key.expires_at.timestamp() if key.expires_at else inf,
        revoked=key.revoked_at is not None,
    )


def _refused(problem: str) -> UnauthorizedError:
    return UnauthorizedError(problem, fix="Ask whoever runs the service for another key.")
