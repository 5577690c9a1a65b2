"""The keys that a running service knows: fresh, and there when the store is not."""

import gc
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from time import monotonic, perf_counter, sleep
from typing import Any

import pytest

from tests.unit.access.fakes import Clock, StoredInMemory
from triage.access.keyring import EVERY_S, Keyring
from triage.access.keys import ApiKey, make_key, new_key
from triage.errors import StoreError, UnauthorizedError
from triage.telemetry import Telemetry

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
Open = Callable[..., Keyring]


@pytest.fixture
def log() -> StringIO:
    """Collect what is logged."""
    return StringIO()


@pytest.fixture
def ring(log: StringIO) -> Iterator[Open]:
    """Open keyrings that look often; they end with the test."""
    opened: list[Keyring] = []

    def start(stored: StoredInMemory, **changes: Any) -> Keyring:  # noqa: ANN401 - options of any type
        given = {"every_s": 0.01, "clock": Clock(NOW.timestamp()), **changes}
        opened.append(Keyring(stored, Telemetry("info", log), **given))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def made(**changes: Any) -> tuple[str, ApiKey]:  # noqa: ANN401 - options of any type
    """Make a key that classifies."""
    return new_key("desk", frozenset({"classify"}), NOW, **changes)


def refusal(keyring: Keyring, text: str) -> str:
    """Return why a key is refused."""
    with pytest.raises(UnauthorizedError) as caught:
        keyring.who(text)
    assert text not in str(caught.value)
    return caught.value.problem


def until(done: Callable[[], bool], limit_s: float = 5.0) -> None:
    """Wait for what a thread does."""
    end = monotonic() + limit_s
    while not done():
        assert monotonic() < end
        sleep(0.005)


def test_misspelt_unknown_revoked_and_expired_keys_are_refused(ring: Open) -> None:
    """Each is told apart only to whoever holds the whole key."""
    live, revoked, expired = made(), made(), made(lifetime=timedelta(hours=1))
    gone = replace(revoked[1], revoked_at=NOW)
    clock = Clock(NOW.timestamp() + 3600)
    keyring = ring(StoredInMemory([live[1], gone, expired[1]]), clock=clock)

    assert "misspelt" in refusal(keyring, live[0][:-1])
    assert "misspelt" in refusal(keyring, "trg_")
    assert "not known" in refusal(keyring, make_key())
    assert "revoked" in refusal(keyring, revoked[0])
    assert "expired" in refusal(keyring, expired[0])
    clock.now -= 0.001
    assert keyring.who(expired[0]).caller.key_id == expired[1].id
    assert keyring.who(live[0]).caller.scopes == {"classify"}


def test_right_id_with_another_secret_is_as_unknown_as_any(ring: Open) -> None:
    """Whoever knows an id learns nothing of the key, not even that it was revoked."""
    text, key = made()
    other = make_key()
    forged = replace(key, digest="f" * 64, revoked_at=NOW)
    keyring = ring(StoredInMemory([forged]))

    assert refusal(keyring, text) == refusal(keyring, other) == "The key is not known."


def test_time_tells_no_known_id_from_an_unknown_one(ring: Open) -> None:
    """The hash is compared either way; the fastest of many tries differ by little."""
    text, key = made()
    keyring = ring(StoredInMemory([replace(key, digest="0" * 63 + "1")]), every_s=60.0)
    times: dict[str, float] = {}
    gc.disable()
    for shown in (text, make_key()) * 2000:
        begun = perf_counter()
        try:
            keyring.who(shown)
        except UnauthorizedError:
            times[shown] = min(times.get(shown, 1.0), perf_counter() - begun)
    gc.enable()
    fastest = sorted(times.values())

    assert fastest[-1] < 2 * fastest[0]


def test_caller_carries_what_the_key_is_good_for(ring: Open) -> None:
    """Scopes, brand, name and rate come from the stored key."""
    text, key = made(brand="kvistholm", rate="10/second")
    holder = ring(StoredInMemory([key])).who(text)

    assert (holder.caller.brand, holder.caller.name) == ("kvistholm", "desk")
    assert holder.rate is not None
    assert (holder.rate.amount, holder.rate.get_expiry()) == (10, 1)


def test_new_and_revoked_keys_are_followed(ring: Open) -> None:
    """What another process writes is known at the next look."""
    stored = StoredInMemory()
    keyring = ring(stored)
    text, key = made()

    assert (keyring.known, keyring.any_live) == (False, False)
    stored.keys.append(key)
    until(lambda: keyring.any_live)
    assert keyring.who(text).caller.name == "desk"
    stored.keys[0] = replace(key, revoked_at=NOW)
    until(lambda: not keyring.any_live)
    assert keyring.known
    assert "revoked" in refusal(keyring, text)


def test_looks_often_enough_for_five_seconds() -> None:
    """Two looks and the time of a query lie within the promise."""
    assert 2 * EVERY_S < 5


def test_keys_stay_good_while_the_store_fails(ring: Open, log: StringIO) -> None:
    """Known keys go on, the log says so once, and what changed is followed afterwards."""
    stored = StoredInMemory()
    text, key = made()
    stored.keys.append(key)
    keyring = ring(stored)
    stored.failing = True
    until(lambda: "keys_not_refreshed" in log.getvalue())
    sleep(0.05)

    assert keyring.who(text).caller.name == "desk"
    assert log.getvalue().count("keys_not_refreshed") == 1
    stored.keys[0] = replace(key, revoked_at=NOW)
    stored.failing = False
    until(lambda: not keyring.any_live)


def test_store_that_fails_at_first_stops_the_start(ring: Open) -> None:
    """Nobody is let in by a service that could read no keys."""
    stored = StoredInMemory()
    stored.failing = True

    with pytest.raises(StoreError):
        ring(stored)


def test_broken_key_is_left_out_alone(ring: Open, log: StringIO) -> None:
    """A row that somebody damaged opens nothing and stops no other key."""
    (bad, broken), (good, key) = made(), made()
    keyring = ring(StoredInMemory([replace(broken, rate="often"), key]))
    sleep(0.05)
    lines = [json.loads(line) for line in log.getvalue().splitlines()]

    assert keyring.who(good).caller.name == "desk"
    assert "not known" in refusal(keyring, bad)
    assert [line["key"] for line in lines if line["event"] == "key_unusable"] == [broken.id]


def test_last_use_is_written_lazily_and_at_the_end(ring: Open) -> None:
    """No request writes; the moments are written together, changed ones alone."""
    stored = StoredInMemory()
    text, key = made()
    stored.keys.append(key)
    keyring = ring(stored)
    for _ in range(100):
        keyring.who(text)

    assert stored.writes == 0
    keyring.close()
    assert (stored.writes, stored.used) == (1, {key.id: NOW})
    keyring.close()
    assert stored.writes == 1


def test_last_use_is_written_again_after_a_failure(ring: Open) -> None:
    """What could not be written is tried again."""
    stored = StoredInMemory()
    text, key = made()
    stored.keys.append(key)
    keyring = ring(stored, used_every_s=0.0)
    stored.failing = True
    keyring.who(text)
    sleep(0.05)
    stored.failing = False

    until(lambda: key.id in stored.used)
