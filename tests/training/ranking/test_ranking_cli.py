"""The command ``triage-train ranking`` from a store to a service that ranks by it."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from time import monotonic, sleep

import pytest
from sqlalchemy import insert

from tests.unit.storage.samples import entry
from training.cli import main
from triage.bundle.manifest import MANIFEST
from triage.domain import Article, Message, Options, Suggestions
from triage.knowledge.rankers import Rankers
from triage.service import Service
from triage.settings import Settings
from triage.storage.engine import transaction
from triage.storage.store import Store
from triage.storage.tables import feedback
from triage.telemetry import Telemetry

Run = Callable[..., tuple[int, str]]
TEXTS = (
    "my parcel with the blue jacket, whenever you have time",
    "my parcel with the blue jacket, please look at it this week",
    "my parcel with the blue jacket, here is the order number",
)
ALPHA = Article("alpha", "en", "My parcel with the blue jacket", "My parcel with the jacket.")
BETA = Article("beta", "en", "The order number", "Here is the number of the order.")
NOW = datetime.now(UTC)
KEPT_OUT = "blue jacket"


@pytest.fixture
def settings(tmp_path: Path, checkout: Path) -> Settings:
    """Point at a checkout with a calibrator, and at a home of the test's own."""
    home = tmp_path / "home"
    return Settings(home=home, models=checkout / "models", data=tmp_path / "none", profile="tiny")


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], settings: Settings
) -> Run:
    """Run the command line in this process; return the exit code and all that was printed."""
    for name in ("home", "models", "profile"):
        monkeypatch.setenv(f"TRIAGE_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["triage-train", "ranking", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        shown = capsys.readouterr()
        return int(caught.value.code or 0), " ".join((shown.out + shown.err).split())

    return call


def fill(url: str, count: int, agents: int = 5, *, text: bool = True) -> None:
    """Record messages to which search suggests alpha and beta, and agents who use beta."""
    entries, rows = [], []
    for number in range(1, count + 1):
        plain = entry(number, TEXTS[number % len(TEXTS)])
        item = plain.result.suggestions.items[0]
        items = tuple(
            replace(item, article_id=name, passage_id=f"{name}/en#1") for name in ("alpha", "beta")
        )
        result = replace(plain.result, suggestions=Suggestions(items, None))
        entries.append(replace(plain, result=result))
        events = [("alpha/en#1", "displayed"), ("beta/en#1", "used")]
        rows.append(
            {
                "receipt": f"r{number}", "decision": number, "message_id": f"m{number}",
                "agent": f"a{number % agents}",
                "received_at": NOW - timedelta(hours=count - number),
                "labels": {}, "final": {}, "text_kept": "full", "requester": None,
                "suggestions": [{"passage_id": name, "event": event} for name, event in events],
            }
        )  # fmt: skip
    with Store.open(url) as store:
        store.articles.replace_articles([ALPHA, BETA], [])
        store.journal("full" if text else "none", str).append(entries)
        with transaction(store.engine, write=True) as connection:
            connection.execute(insert(feedback), rows)


def test_without_feedback_it_says_what_is_missing(run: Run, settings: Settings) -> None:
    """A store that was never told what agents did cannot teach."""
    with Store.open(settings.store_url) as store:
        store.articles.replace_articles([ALPHA], [])
    code, shown = run()

    assert code == 2
    assert "no feedback on suggestions" in shown
    assert Rankers(settings.home).champion_id() is None


def test_without_articles_it_says_what_to_do(run: Run) -> None:
    """There is nothing to rank in an empty knowledge base."""
    code, shown = run()

    assert code == 2
    assert "holds no articles" in shown


def test_without_texts_it_names_the_setting(run: Run, settings: Settings) -> None:
    """A journal that keeps no texts cannot tell which messages are alike."""
    fill(settings.store_url, 20, text=False)
    code, shown = run()

    assert code == 2
    assert "TRIAGE_STORE_TEXT" in shown


def test_too_little_is_refused_and_kept(run: Run, settings: Settings) -> None:
    """A refusal is exit code 1 with its reason, and leaves what ranks now."""
    fill(settings.store_url, 60)
    code, shown = run()

    assert code == 1
    assert "it takes 100 by 3 to judge" in shown
    assert Rankers(settings.home).champion_id() is None
    assert len(list((settings.home / "rankers").glob(f"*/{MANIFEST}"))) == 1


def test_one_agent_is_refused(run: Run, settings: Settings) -> None:
    """However much one agent says, it takes several."""
    fill(settings.store_url, 400, agents=1)
    code, shown = run()

    assert code == 1
    assert "by 1 agents" in shown


def test_dry_run_changes_nothing(run: Run, settings: Settings) -> None:
    """Figures can be looked at before anything is written."""
    fill(settings.store_url, 400)
    code, shown = run("--dry-run", "--json", "-")

    assert code == 0, shown
    assert '"in_use": false' in shown
    assert not (settings.home / "rankers").exists()


def test_what_is_learnt_ranks_and_can_be_taken_back(run: Run, settings: Settings) -> None:
    """A ranker that passes its gate is followed by a service, until it is rolled back."""
    fill(settings.store_url, 400)
    code, shown = run("--why", "a month of feedback", "--json", settings.home / "figures.json")
    assert code == 0, shown
    figures = json.loads((settings.home / "figures.json").read_text(encoding="utf-8"))
    assert figures["in_use"]
    assert figures["change"]["after"]["mrr"] > figures["change"]["before"]["mrr"]
    for path in settings.home.glob("rankers/**/*"):
        assert path.is_dir() or KEPT_OUT not in path.read_text(encoding="utf-8")

    service = Service.open(settings, Telemetry("error", StringIO()))
    try:
        suggester = service.pipeline.suggester.suggester  # type: ignore[union-attr] # is a KnowledgeBase
        wait_until(lambda: suggester.history is not None)
        (answer,) = service.classify([Message(TEXTS[0])], Options(suggestions=2))
        first = answer.suggestions.items[0]
        assert first.article_id == "beta"
        assert first.score_parts["history"] > 0
    finally:
        service.close()

    code, shown = run("--rollback", "--why", "does not convince")
    assert code == 0
    assert "search alone" in shown
    assert Rankers(settings.home).champion_id() is None


def test_same_feedback_again_is_refused(run: Run, settings: Settings) -> None:
    """What ranks no better than what answers now is not put in its place."""
    fill(settings.store_url, 400)
    assert run()[0] == 0
    champion = Rankers(settings.home).champion_id()
    code, shown = run()

    assert code == 1
    assert "MRR rises by +0.0000" in shown
    assert Rankers(settings.home).champion_id() == champion


def test_rollback_without_a_ranker_is_told(run: Run) -> None:
    """There is nothing to take back, and nothing else goes with it."""
    assert run("--rollback")[0] == 2
    assert run("--rollback", "--dry-run")[0] == 2


def wait_until(reached: Callable[[], bool]) -> None:
    """Wait a while for something to hold."""
    end = monotonic() + 5
    while not reached() and monotonic() < end:
        sleep(0.01)
    assert reached()
