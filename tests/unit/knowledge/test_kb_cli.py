import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from tests.unit.encoders.tiny_encoder import SPACE, write_tiny_encoder
from triage.domain import Article
from triage.kb_cli import build_app
from triage.storage.articles import ArticleRepository
from triage.storage.store import open_articles
from triage.suggest.calibrator import FEATURES, RetrievalCalibrator, to_json

INVOICE = "article_id,title,body,language\ninvoice,Invoice,Your invoice is here.,en\n"
ARTICLES = INVOICE + "login,Login,The login page.,en\nhjelp,Hjelp,Hjelp er her.,da\n"
RUNNER = CliRunner()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ArticleRepository]:
    """Give a store with one article."""
    with open_articles(f"sqlite:///{tmp_path / 'store' / 'triage.db'}") as opened:
        opened.replace_articles([Article("stored", "en", "Login", "The login page.")], ())
        yield opened


@pytest.fixture
def app(store: ArticleRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typer:
    """Give the commands over a store in memory and an encoder of five words."""
    encoders = tmp_path / "models" / "encoders"
    write_tiny_encoder(encoders / "static")
    weights = tuple(float(name == "dense") for name in FEATURES)
    content = to_json({"tiny": RetrievalCalibrator(weights, 0.0, 0.5, 0.8)}, SPACE)
    (encoders / "retrieval.json").write_text(json.dumps(content), encoding="utf-8")
    (tmp_path / "kb.csv").write_text(ARTICLES, encoding="utf-8")
    monkeypatch.setenv("TRIAGE_MODELS", str(tmp_path / "models"))
    monkeypatch.chdir(tmp_path)

    @contextmanager
    def open_store() -> Iterator[ArticleRepository]:
        yield store

    return build_app(open_store)


def run(app: Typer, arguments: Sequence[str], code: int = 0) -> str:
    """Run a command that must end with an exit code and return all it printed."""
    result = RUNNER.invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.output


def search(app: Typer, *arguments: str, code: int = 0) -> str:
    """Search with the tiny profile."""
    return run(app, ["search", "--profile", "tiny", *arguments], code)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "One question or a --file"),
        (["a", "--file", "q.csv"], "One question or a --file"),
        (["  "], "question is empty"),
        (["x" * 20_001], "20,001 characters"),
        (["--file", "q.csv"], "--out hits.csv"),
        (["--file", "none.csv", "--out", "h.csv"], "no such file"),
        (["--file", "kb.csv", "--text", "question", "--out", "h.csv"], "'question'"),
        (["--file", "kb.csv", "--text", "body", "--out", "h.txt"], "unknown format"),
        (["invoice", "--articles", "none"], "none"),
        (["invoice", "--bundle", "none"], "No bundle"),
    ],
)
def test_wrong_use_exits_with_two(app: Typer, arguments: list[str], says: str) -> None:
    """Wrong use says what to do on one line and exits with 2."""
    output = search(app, *arguments, code=2)

    assert says in output
    assert "Traceback" not in output


@pytest.mark.parametrize("arguments", [["--top", "0"], ["--min-confidence", "2"]])
def test_numbers_out_of_range_exit_with_two(app: Typer, arguments: list[str]) -> None:
    """A number out of range is wrong use."""
    search(app, "invoice", *arguments, code=2)


def test_unknown_profile_exits_with_two(app: Typer) -> None:
    """An unknown profile names those there are."""
    assert "twin or tiny" in run(app, ["search", "invoice", "--profile", "big"], 2)


def test_calibrator_of_other_encoders_is_refused(app: Typer, tmp_path: Path) -> None:
    """Confidences of one vector space are not used in another."""
    path = tmp_path / "models" / "encoders" / "retrieval.json"
    path.write_text(path.read_text(encoding="utf-8").replace(SPACE, "other"), encoding="utf-8")

    assert "training.retrieval" in search(app, "invoice", "--articles", "kb.csv", code=2)


def test_question_prints_the_best_articles(app: Typer) -> None:
    """One question prints distinct articles, the best first."""
    lines = search(app, "invoice", "--articles", "kb.csv", "--top", "2").splitlines()

    assert "invoice (en)" in lines[0]
    assert len(lines) == 4


def test_question_reads_the_store_without_articles(app: Typer) -> None:
    """Without --articles the stored ones are searched."""
    assert "stored (en)" in search(app, "login")


def test_confidence_limits_what_is_listed(app: Typer) -> None:
    """Nothing above the asked confidence is an answer, not an error."""
    asked = ["invoice", "--articles", "kb.csv", "--min-confidence", "1"]

    assert "No article was found" in search(app, *asked)


def test_json_describes_each_hit(app: Typer) -> None:
    """JSON carries passage, answer, confidence and the parts of the score."""
    (answer,) = json.loads(search(app, "invoice", "--articles", "kb.csv", "--json"))

    first = answer["hits"][0]
    assert len(answer["hits"]) == 3
    assert (first["article_id"], first["passage_id"]) == ("invoice", "invoice/en#1")
    assert first["answer"] == "Your invoice is here."
    assert set(first["score_parts"]) == {"lexical", "dense", "history"}


def test_file_of_questions_writes_hits(app: Typer, tmp_path: Path) -> None:
    """Hits carry the question's id or row number; an empty question has none."""
    (tmp_path / "q.csv").write_text("id,q\nfirst,invoice\n,login\nlast,\n", encoding="utf-8")

    search(app, "--file", "q.csv", "--text", "q", "--articles", "kb.csv", "--out", "hits.csv")

    with (tmp_path / "hits.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["id", "rank", "article_id", "confidence"]
    assert [row["id"] for row in rows] == ["first"] * 3 + ["2"] * 3
    assert [row["rank"] for row in rows[:3]] == ["1", "2", "3"]
    assert (rows[0]["article_id"], rows[3]["article_id"]) == ("invoice", "login")
    assert 0 < float(rows[0]["confidence"]) < 1


def test_too_long_question_names_its_row(app: Typer, tmp_path: Path) -> None:
    """A question over the limit is refused before anything is embedded."""
    (tmp_path / "q.csv").write_text(f"text\nok\n{'x' * 20_001}\n", encoding="utf-8")

    assert "row 2" in search(app, "--file", "q.csv", "--out", "h.csv", code=2)
    assert not (tmp_path / "h.csv").exists()


def test_article_language_limits_the_search(app: Typer) -> None:
    """Only articles of the asked language are listed."""
    asked = ["invoice", "--articles", "kb.csv", "--article-language", "da", "--json"]

    (answer,) = json.loads(search(app, *asked))

    assert [hit["article_id"] for hit in answer["hits"]] == ["hjelp"]


def test_import_writes_the_store(app: Typer, store: ArticleRepository) -> None:
    """An import tells what it did and leaves other articles alone."""
    assert "3 added, 0 changed, 0 unchanged, 0 deleted" in run(app, ["import", "kb.csv"])
    assert len(store.list_articles()) == 4
    assert "0 added, 0 changed, 3 unchanged, 1 deleted" in run(app, ["import", "kb.csv", "--prune"])


def test_broken_import_writes_nothing(app: Typer, store: ArticleRepository, tmp_path: Path) -> None:
    """One broken row refuses the whole table."""
    (tmp_path / "bad.csv").write_text(ARTICLES + "x,X,,en\n", encoding="utf-8")

    assert "bad.csv, row 4: the body is empty" in run(app, ["import", "bad.csv"], 2)
    assert len(store.list_articles()) == 1


@pytest.mark.parametrize("command", ["import", "search", "diff", "preview", "versions", "undo"])
def test_help_shows_an_example(app: Typer, command: str) -> None:
    """Every command's help holds a line to copy."""
    assert f"Example: triage kb {command}" in run(app, [command, "--help"])
