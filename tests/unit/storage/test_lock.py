"""Two servers never write one SQLite file."""

from pathlib import Path

import pytest

from triage.errors import StoreError
from triage.storage.lock import only_server


def test_second_server_is_refused(tmp_path: Path) -> None:
    """The second learns which store is taken and what to do."""
    url = f"sqlite:///{tmp_path / 'triage.db'}"

    with (
        only_server(url),
        pytest.raises(StoreError, match=r"triage\.db already"),
        only_server(url),
    ):
        pass


def test_place_is_free_after_the_first_ended(tmp_path: Path) -> None:
    """A server that stopped leaves nothing behind that stops the next."""
    url = f"sqlite:///{tmp_path / 'new' / 'triage.db'}"

    with only_server(url):
        pass

    with only_server(url):
        assert (tmp_path / "new" / "triage.db.lock").exists()


def test_other_databases_take_many_servers() -> None:
    """PostgreSQL is the choice for several replicas."""
    url = "postgresql+psycopg://triage@localhost/triage"

    with only_server(url), only_server(url):
        pass


def test_home_that_is_a_file_is_named_with_the_fix(tmp_path: Path) -> None:
    """A home that cannot be a folder is refused by its path."""
    (tmp_path / "home").write_text("")

    with (
        pytest.raises(StoreError, match=r"home/triage\.db\.lock.*Point TRIAGE_HOME"),
        only_server(f"sqlite:///{tmp_path / 'home' / 'triage.db'}"),
    ):
        pass


def test_lock_that_cannot_be_written_is_named_with_the_fix(tmp_path: Path) -> None:
    """A folder that takes no lock is refused by the path of the lock."""
    (tmp_path / "triage.db.lock").mkdir()

    with (
        pytest.raises(StoreError, match=r"triage\.db\.lock.*Point TRIAGE_HOME"),
        only_server(f"sqlite:///{tmp_path / 'triage.db'}"),
    ):
        pass
