"""The keys in a store: written whole, and of no use to whoever steals the file."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text as sql

from triage.access.keys import ApiKey, new_key, present
from triage.errors import InputError, StoreError
from triage.storage.engine import transaction
from triage.storage.store import Store

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def made(name: str = "desk", at: datetime = NOW) -> tuple[str, ApiKey]:
    """Make a key with everything set."""
    return new_key(
        name,
        frozenset({"classify", "suggest"}),
        at,
        brand="kvistholm",
        rate="10/second",
        lifetime=timedelta(days=90),
    )


def url_of(folder: Path) -> str:
    """Name a database file in a folder."""
    return f"sqlite:///{folder / 'triage.db'}"


def test_unknown_keys_cannot_be_changed(tmp_path: Path) -> None:
    """An id that nobody has is wrong use, not a silent success."""
    with Store.open(url_of(tmp_path)) as store:
        for change in (
            lambda: store.keys.find("nobody00"),
            lambda: store.keys.revoke("nobody00", NOW),
            lambda: store.keys.replace("nobody00", made()[1], NOW),
        ):
            with pytest.raises(InputError, match="no key"):
                change()

        assert store.keys.list_keys() == ()


def test_two_keys_cannot_have_one_id(tmp_path: Path) -> None:
    """A second key of an id is refused, and the first stays."""
    _, key = made()
    with Store.open(url_of(tmp_path)) as store:
        store.keys.add(key)
        with pytest.raises(StoreError):
            store.keys.add(replace(key, name="thief"))

        assert store.keys.list_keys() == (key,)


def test_keys_come_back_as_they_were(tmp_path: Path) -> None:
    """Every part is kept, in the order of making."""
    (_, first), (_, second) = made("a"), made("b", NOW + timedelta(seconds=1))
    plain = replace(second, brand=None, rate=None, expires_at=None)
    with Store.open(url_of(tmp_path)) as store:
        store.keys.add(plain)
        store.keys.add(first)

    with Store.open(url_of(tmp_path)) as store:
        assert store.keys.list_keys() == (first, plain)


def test_revoking_twice_keeps_the_first_moment(tmp_path: Path) -> None:
    """When a key was taken back is not rewritten."""
    _, key = made()
    with Store.open(url_of(tmp_path)) as store:
        store.keys.add(key)
        store.keys.revoke(key.id, NOW)
        again = store.keys.revoke(key.id, NOW + timedelta(days=1))

    assert again.revoked_at == NOW


def test_rotation_shortens_the_old_key_and_never_lengthens_it(tmp_path: Path) -> None:
    """Two keys are live in between; one that ends sooner anyway keeps its end."""
    (_, old), (_, new) = made(), made()
    with Store.open(url_of(tmp_path)) as store:
        store.keys.add(old)
        store.keys.replace(old.id, new, NOW + timedelta(hours=24))
        shortened = store.keys.find(old.id)
        store.keys.replace(old.id, made()[1], NOW + timedelta(days=9999))

        assert shortened.expires_at == NOW + timedelta(hours=24)
        assert store.keys.find(old.id).expires_at == shortened.expires_at
        assert store.keys.find(new.id) == new


@pytest.mark.parametrize("state", ["revoked", "expired"])
def test_dead_keys_are_not_rotated(tmp_path: Path, state: str) -> None:
    """A key that was taken back gets no successor by accident, and nothing is written."""
    _, key = made()
    dead = replace(key, revoked_at=NOW) if state == "revoked" else replace(key, expires_at=NOW)
    with Store.open(url_of(tmp_path)) as store:
        store.keys.add(dead)
        with pytest.raises(InputError, match=state):
            store.keys.replace(dead.id, made()[1], NOW)

        assert store.keys.list_keys() == (dead,)


def test_last_use_only_moves_on(tmp_path: Path) -> None:
    """Of two servers the later moment stays, whichever writes last."""
    _, key = made()
    later = NOW + timedelta(minutes=5)
    with Store.open(url_of(tmp_path)) as store:
        store.keys.add(key)
        store.keys.touch({key.id: later, "nobody00": later})
        store.keys.touch({key.id: NOW})

        assert store.keys.find(key.id).last_used_at == later


def test_damaged_row_is_no_puzzle(tmp_path: Path) -> None:
    """Scopes that are no JSON are named as a fault of the store."""
    with Store.open(url_of(tmp_path)) as store:
        store.keys.add(made()[1])
        with transaction(store.engine, write=True) as connection:
            connection.execute(sql("UPDATE api_keys SET scopes = '{'"))

        with pytest.raises(StoreError, match="cannot be read"):
            store.keys.list_keys()


def test_stolen_files_hold_no_usable_key(tmp_path: Path) -> None:
    """The raw bytes of the store and all beside it hold neither a key nor a secret."""
    keys = [made(f"desk-{number}") for number in range(20)]
    with Store.open(url_of(tmp_path)) as store:
        for _, key in keys:
            store.keys.add(key)
        store.keys.touch({key.id: NOW for _, key in keys})
        while_open = b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))
    raw = while_open + b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))

    for text, key in keys:
        assert key.digest.encode() in raw
        assert text.encode() not in raw
        assert text[12:].encode() not in raw
        assert text[12:55].encode() not in raw
        assert present(f"trg_{key.id}{key.digest}"[:61]) is None
