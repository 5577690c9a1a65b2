"""The command ``triage demo``: an own folder, filled once."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from triage.cli import app
from triage.demo.fill import fill
from triage.errors import ConfigError
from triage.settings import CHECKOUT, Settings
from triage.storage.engine import transaction
from triage.storage.store import Store
from triage.storage.tables import decisions, feedback


@pytest.fixture
def small(settings: Settings) -> Settings:
    """Serve the builders' bundle over the outage alone."""
    folder = settings.home / "data"
    (folder / "demo").mkdir(parents=True)
    (folder / "demo" / "outage.toml").write_bytes(
        (CHECKOUT / "data" / "demo" / "outage.toml").read_bytes()
    )
    questions = folder / "questions"
    questions.mkdir()
    line = '{"id": "q1", "language": "en", "text": "where is my parcel", "article_id": null}\n'
    (questions / "test-service.jsonl").write_text(line, encoding="utf-8")
    return settings.model_copy(update={"data": folder})


def test_store_is_filled_with_messages_and_what_agents_did(small: Settings) -> None:
    """Every message has a decision of its own moment, and most of them feedback."""
    told: list[tuple[int, int]] = []
    filled = fill(small, 14, 0, lambda done, total: told.append((done, total)))
    with Store.open(small.store_url) as store, transaction(store.engine) as connection:
        counts = [
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (decisions, feedback)
        ]
        newest = connection.execute(select(func.max(decisions.c.decided_at))).scalar_one()

    assert counts == [filled.messages, filled.handled]
    assert filled.messages >= filled.handled > 50
    assert told[-1] == (filled.messages, filled.messages)
    assert newest < datetime.now(UTC)


def test_store_that_holds_decisions_is_left_alone(small: Settings) -> None:
    """A demo never mixes with what customers wrote."""
    fill(small, 14, 0, lambda *_: None)

    with pytest.raises(ConfigError) as caught:
        fill(small, 14, 0, lambda *_: None)

    assert "--replace" in caught.value.fix


def test_folder_of_something_else_is_not_thrown_away(tmp_path: Path) -> None:
    """``--replace`` removes a demo and nothing that is none."""
    (tmp_path / "letters.txt").write_text("dear", encoding="utf-8")
    told = CliRunner().invoke(app, ["demo", "--home", str(tmp_path), "--replace"])

    assert isinstance(told.exception, ConfigError)
    assert (tmp_path / "letters.txt").is_file()
