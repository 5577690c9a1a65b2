"""The commands over the store."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from typer.testing import CliRunner

from tests.unit.storage.samples import entry
from triage.errors import GateError, InputError
from triage.storage.engine import transaction
from triage.storage.store import Store
from triage.storage.tables import articles, decisions
from triage.store_cli import app

RUN = CliRunner()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a home with a store of 30 decisions of one requester."""
    folder = tmp_path / "home"
    use(folder, monkeypatch)
    with Store.open(f"sqlite:///{folder / 'triage.db'}") as store:
        store.journal("full", str).append([entry(number) for number in range(30)])
    return folder


def use(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point the commands to a home."""
    monkeypatch.setenv("TRIAGE_HOME", str(folder))
    monkeypatch.delenv("TRIAGE_DATABASE_URL", raising=False)


def said(*words: str) -> str:
    """Run a command that must succeed and return what it printed."""
    result = RUN.invoke(app, list(words), catch_exceptions=False)

    assert result.exit_code == 0, result.output
    return result.output


def left(folder: Path) -> int:
    """Count decisions."""
    url = f"sqlite:///{folder / 'triage.db'}"
    with Store.open(url) as store, transaction(store.engine) as connection:
        return connection.execute(select(func.count()).select_from(decisions)).scalar_one()


def test_backup_erase_restore(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backup from before an erasure is restored without the erased."""
    copy = tmp_path / "copy.db"

    assert "checked" in said("backup", str(copy))
    assert "30 decisions" in said("erase", "--requester", "customer-77")
    assert left(home) == 0
    use(tmp_path / "new", monkeypatch)
    assert "30 decisions" in said("restore", str(copy), "--erasures", str(home / "erasures.jsonl"))
    assert left(tmp_path / "new") == 0


def test_file_copied_back_by_hand_is_cleansed_by_a_command(home: Path) -> None:
    """As after pg_restore: who was erased since the copy is erased again."""
    before = (home / "triage.db").read_bytes()
    said("erase", "--requester", "customer-77")
    (home / "triage.db").write_bytes(before)

    assert "30 decisions" in said("erase", "--again")
    assert left(home) == 0


def test_expire_deletes_what_is_too_old(home: Path) -> None:
    """Days come from the option or the settings."""
    url = f"sqlite:///{home / 'triage.db'}"
    with Store.open(url) as store, transaction(store.engine, write=True) as connection:
        age = datetime.now(UTC) - timedelta(days=100)
        connection.execute(update(decisions).values(decided_at=age))

    assert "0 decisions" in said("expire")
    assert "30 decisions" in said("expire", "--days", "90")
    assert left(home) == 0


def test_check_tells_a_sound_store_from_another(home: Path) -> None:
    """A changed article is a fault and exit code 1."""
    assert "sound" in said("check")
    row = {
        "id": "a", "language": "en", "content": {}, "fingerprint": "x",
        "imported_at": datetime.now(UTC),
    }  # fmt: skip
    url = f"sqlite:///{home / 'triage.db'}"
    with Store.open(url) as store, transaction(store.engine, write=True) as connection:
        connection.execute(articles.insert(), [row])

    with pytest.raises(GateError, match="1 faults"):
        RUN.invoke(app, ["check"], catch_exceptions=False)


@pytest.mark.parametrize(
    "words", [[], ["--again", "--agent", "a"], ["--requester", " "], ["--agent", ""]]
)
def test_erase_needs_one_person(home: Path, words: list[str]) -> None:
    """Nobody, two or an empty id are refused, and nothing is deleted."""
    with pytest.raises(InputError):
        RUN.invoke(app, ["erase", *words], catch_exceptions=False)

    assert left(home) == 30
