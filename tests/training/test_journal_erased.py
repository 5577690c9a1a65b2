"""The journal as an export leaves out who was erased, and reads stores of earlier versions."""

from pathlib import Path

from sqlalchemy import insert, text

from tests.unit.storage.samples import entry
from training.config import Columns
from training.ingest.export import open_export
from triage.storage.engine import transaction
from triage.storage.erasure import tombstone_of
from triage.storage.store import Store
from triage.storage.tables import tombstones


def url_of(home: Path) -> str:
    """Name the store of a home."""
    return f"sqlite:///{home / 'triage.db'}"


def test_rows_of_an_erased_requester_are_left_out(tmp_path: Path) -> None:
    """Whatever brought rows back, as a replica that wrote late, training does not see them."""
    stone = tombstone_of("requester", "customer-77")
    with Store.open(url_of(tmp_path)) as store:
        store.journal("full", str).append([entry(1)])
        export = open_export(tmp_path, Columns("", {}))

        assert len(list(export.rows())) == 1

        with transaction(store.engine, write=True) as connection:
            row = {"kind": stone.kind, "fingerprint": stone.fingerprint}
            connection.execute(insert(tombstones), [{**row, "erased_at": stone.erased_at}])

    assert list(open_export(tmp_path, Columns("", {})).rows()) == []


def test_store_of_the_version_before_is_read(tmp_path: Path) -> None:
    """Reading migrates nothing and needs no column that came later."""
    with Store.open(url_of(tmp_path)) as store:
        store.journal("full", str).append([entry(1)])
        with transaction(store.engine, write=True) as connection:
            connection.execute(text("DROP TABLE tombstones"))
            connection.execute(text("ALTER TABLE decisions DROP COLUMN brand"))

    assert len(list(open_export(tmp_path, Columns("", {})).rows())) == 1
