"""What holds for PostgreSQL alone: its bounds, and connections that break."""

from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest
from sqlalchemy import make_url, text

from tests.unit.storage.samples import entry
from triage.errors import StoreError
from triage.storage.engine import open_engine, transaction
from triage.storage.store import Store

KILL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"


def test_sessions_are_bounded(postgres_url: str) -> None:
    """No statement and no idle transaction holds a row for longer than seconds."""
    engine = open_engine(postgres_url)
    with transaction(engine) as connection:
        shown = [
            connection.execute(text(f"SHOW {name}")).scalar_one()
            for name in ("statement_timeout", "idle_in_transaction_session_timeout")
        ]
    engine.dispose()

    assert shown == ["5s", "10s"]


def test_statement_that_takes_too_long_is_told_so(postgres_url: str) -> None:
    """The error says what to do and quotes nothing."""
    engine = open_engine(postgres_url)

    def wait() -> None:
        with transaction(engine) as connection:
            connection.execute(text("SET LOCAL statement_timeout = 50"))
            connection.execute(text("SELECT pg_sleep(3)"))

    with pytest.raises(StoreError, match="took too long"):
        wait()
    engine.dispose()


def test_connections_that_were_cut_are_made_anew(postgres_url: str) -> None:
    """After all sessions are ended, as by a restart, every thread goes on without an error."""
    with Store.open(postgres_url) as store, ThreadPoolExecutor(5) as pool:
        journal = store.journal("full", str)
        list(pool.map(lambda number: journal.append([entry(number)]), range(20)))
        other = open_engine(postgres_url)
        with transaction(other) as connection:
            database = " AND datname = current_database()"
            cut = connection.execute(text(KILL + database)).all()
        other.dispose()

        list(pool.map(lambda number: journal.append([entry(number)]), range(20)))

        assert cut
        with transaction(store.engine) as connection:
            count = connection.execute(text("SELECT count(*) FROM decisions")).scalar_one()
        assert count == 40


def test_full_pool_refuses_soon(postgres_url: str) -> None:
    """Ten connections at most; the eleventh waits two seconds and is told."""
    engine = open_engine(postgres_url)
    held = [engine.connect() for _ in range(10)]
    begun = monotonic()
    with pytest.raises(StoreError), transaction(engine):
        pass
    waited = monotonic() - begun
    for connection in held:
        connection.close()
    engine.dispose()

    assert 1.9 < waited < 4


def test_server_that_is_away_is_named_without_its_password(postgres_url: str) -> None:
    """Nobody listens there; the store's name hides the password."""
    away = make_url(postgres_url).set(password="hush").update_query_dict({"host": "/nowhere"})  # noqa: S106 - made up
    with pytest.raises(StoreError) as caught:
        Store.open(away.render_as_string(hide_password=False))

    assert "hush" not in str(caught.value)
