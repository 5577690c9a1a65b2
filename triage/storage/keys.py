"""Read and write the keys of the API."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, insert, or_, select, update

from triage.access.keys import ApiKey
from triage.errors import InputError, StoreError
from triage.storage.engine import shown, transaction
from triage.storage.tables import api_keys


class KeyRepository:
    """The keys of a store.

    Args:
        engine: The database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list_keys(self) -> tuple[ApiKey, ...]:
        """List all keys in the order they were made, expired and revoked ones too.

        Raises:
            StoreError: When the store cannot be read.
        """
        query = select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id)
        with transaction(self._engine) as connection:
            try:
                rows = connection.execute(query).mappings().all()
            except (ValueError, TypeError, RecursionError) as error:
                raise StoreError(
                    f"The store {shown(self._engine.url)} holds a key that cannot be read.",
                    fix="Restore it from a backup.",
                ) from error
        return tuple(_key(row) for row in rows)

    def add(self, key: ApiKey) -> None:
        """Add a key.

        Raises:
            StoreError: When the store cannot be written, or a key has the id already.
        """
        with transaction(self._engine, write=True) as connection:
            connection.execute(insert(api_keys), _row(key))

    def revoke(self, key_id: str, now: datetime) -> ApiKey:
        """Take a key back for good; one that was revoked before keeps its moment.

        Raises:
            InputError: When there is no such key.
            StoreError: When the store cannot be written.
        """
        with transaction(self._engine, write=True) as connection:
            key = _one(connection, key_id)
            change = {"revoked_at": key.revoked_at or now}
            connection.execute(update(api_keys).where(api_keys.c.id == key_id).values(change))
            return _one(connection, key_id)

    def replace(self, key_id: str, new: ApiKey, until: datetime) -> None:
        """Add a key in place of another, which ends at a moment if it does not end before.

        Raises:
            InputError: When the other key is unknown, or cannot be used any more.
            StoreError: When the store cannot be written; then nothing is changed.
        """
        with transaction(self._engine, write=True) as connection:
            old = _one(connection, key_id)
            state = old.state(new.created_at)
            if state != "live":
                raise InputError(
                    f"The key {key_id} is {state}.", fix="Make a new one with triage keys create."
                )
            change = {"expires_at": min(until, old.expires_at or until)}
            connection.execute(update(api_keys).where(api_keys.c.id == key_id).values(change))
            connection.execute(insert(api_keys), _row(new))

    def find(self, key_id: str) -> ApiKey:
        """Return a key by its id.

        Raises:
            InputError: When there is no such key.
            StoreError: When the store cannot be read.
        """
        with transaction(self._engine) as connection:
            return _one(connection, key_id)

    def touch(self, used: Mapping[str, datetime]) -> None:
        """Write when keys were last used, by id; a later moment that is known already stays.

        Raises:
            StoreError: When the store cannot be written.
        """
        last = api_keys.c.last_used_at
        with transaction(self._engine, write=True) as connection:
            for key_id, moment in sorted(used.items()):
                connection.execute(
                    update(api_keys)
                    .where(api_keys.c.id == key_id, or_(last.is_(None), last < moment))
                    .values(last_used_at=moment)
                )


def _one(connection: Connection, key_id: str) -> ApiKey:
    query = select(api_keys).where(api_keys.c.id == key_id)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise InputError("There is no key of that id.", fix="See triage keys list.", field="ID")
    return _key(row)


def _row(key: ApiKey) -> dict[str, Any]:
    return {**asdict(key), "scopes": sorted(key.scopes)}


def _key(row: RowMapping) -> ApiKey:
    return ApiKey(**{**row, "scopes": frozenset(row["scopes"])})
