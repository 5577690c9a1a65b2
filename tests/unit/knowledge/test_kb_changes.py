"""The commands of ``triage kb`` that change articles, and those that show what would be."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from tests.unit.knowledge.test_tickets import ticket
from triage.domain import Article
from triage.kb_cli import build_app
from triage.rows import write_rows
from triage.storage.articles import ArticleRepository
from triage.storage.store import open_articles

RUNNER = CliRunner()
HEAD = "---\nid: {id}\nlanguage: en\ntitle: {id}\n---\n{body}\n"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ArticleRepository]:
    """Give an empty store."""
    with open_articles(f"sqlite:///{tmp_path / 'store' / 'triage.db'}") as opened:
        yield opened


@pytest.fixture
def app(store: ArticleRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typer:
    """Give the commands over it, in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)

    @contextmanager
    def open_store() -> Iterator[ArticleRepository]:
        yield store

    return build_app(open_store)


def run(app: Typer, *arguments: str, code: int = 0) -> str:
    """Run a command that must end with an exit code and return all it printed."""
    result = RUNNER.invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.output


def folder(names: Sequence[str], body: str = "Words.") -> str:
    """Write a folder of Markdown articles and name it."""
    path = Path("help")
    path.mkdir(exist_ok=True)
    for old in path.iterdir():
        old.unlink()
    for name in names:
        (path / f"{name}.md").write_text(HEAD.format(id=name, body=body), encoding="utf-8")
    return str(path)


def ids(store: ArticleRepository) -> list[str]:
    """List what the store holds."""
    return [one.id for one in store.list_articles()]


def test_sync_diff_undo_and_versions_work_together(app: Typer, store: ArticleRepository) -> None:
    """What the dry run tells is what happens, and one command takes it back."""
    assert "4 added" in run(app, "import", folder("abcd"), "--source", "help")
    source = folder("abce", "Other words.")
    told = run(app, "diff", source, "--source", "help")

    assert ids(store) == ["a", "b", "c", "d"]
    assert told == run(app, "import", source, "--source", "help", "--dry-run")
    assert "- d (en) d" in told
    assert "~ a (en) a\n    @@ -1 +1 @@\n    - Words.\n    + Other words." in told
    assert "+ e (en) e" in told
    assert "It would be 1 added, 3 changed, 0 unchanged, 1 deleted." in told

    done = run(app, "import", source, "--source", "help")

    assert (
        "1 added, 3 changed, 0 unchanged, 1 deleted. Undo it with: triage kb undo --change 2"
        in done
    )
    assert ids(store) == ["a", "b", "c", "e"]
    assert "0 added, 0 changed, 4 unchanged, 0 deleted.\n" in run(
        app, "import", source, "--source", "help"
    )
    assert "2  2" in run(app, "versions", "a", "--article-language", "en")
    assert "of help  4 articles" in run(app, "versions")

    undone = run(app, "undo")

    assert "Change 2 is undone: 4 articles brought back, 1 removed." in undone
    assert "triage kb undo --change 3" in undone
    assert ids(store) == ["a", "b", "c", "d"]
    assert "undone by change 3" in run(app, "versions")
    assert "Change 3 is undone" in run(app, "undo", "--change", "3")
    assert ids(store) == ["a", "b", "c", "e"]


def test_removing_most_of_a_source_needs_the_flag(app: Typer, store: ArticleRepository) -> None:
    """The dry run shows it and exits with 1; the import refuses with 2 and writes nothing."""
    run(app, "import", folder("abcd"), "--source", "help")
    source = folder("a")

    assert "refused without --remove-most" in run(app, "diff", source, "--source", "help", code=1)
    assert "3 of the 4 articles" in run(app, "import", source, "--source", "help", code=2)
    assert len(ids(store)) == 4
    assert "3 deleted" in run(app, "import", source, "--source", "help", "--remove-most")


def test_article_goes_back_to_a_version(app: Typer, store: ArticleRepository) -> None:
    """By id, language and number."""
    run(app, "import", folder("a"))
    run(app, "import", folder("a", "Other words."))

    assert "again what it was at version 1" in run(
        app, "undo", "a", "--article-language", "en-GB", "--version", "1"
    )
    assert store.list_articles()[0].body == "Words."


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["undo"], "no import to undo"),
        (["undo", "a"], "belong together"),
        (["undo", "--version", "1"], "belong together"),
        (["undo", "a", "--version", "1"], "Add --article-language"),
        (["undo", "a", "--article-language", "en", "--version", "1"], "no version 1"),
        (["undo", "--change", "7"], "no change 7"),
        (["versions", "a", "--article-language", "en"], "No version of a (en) is kept"),
        (["preview", "a"], "There is no article a"),
        (["import", "nowhere"], "no such file or folder"),
        (["import", ".", "--format", "table"], "unknown format"),
        (["import", ".", "--column", "answer"], "NAME=COLUMN"),
        (["import", "."], "no articles"),
        (["import", ".", "--min-sources", "3", "--format", "tickets"], "5 tickets at least"),
    ],
)
def test_wrong_use_exits_with_two(app: Typer, arguments: list[str], says: str) -> None:
    """One line says what is wrong and what to do, behind its stable code."""
    line = run(app, *arguments, code=2)

    assert says in line
    assert line.startswith(
        ("invalid_input: ", "article_not_found: ", "change_not_found: ", "invalid_article: ")
    )


def test_nothing_changed_yet(app: Typer) -> None:
    """An empty history is no error."""
    assert "Nothing was changed yet." in run(app, "versions")


def test_own_files_are_whole_unless_asked(app: Typer, store: ArticleRepository) -> None:
    """One broken file stops the folder; with --partial the rest comes, and the exit code tells."""
    source = folder("ab")
    (Path(source) / "c.md").write_text("no front matter", encoding="utf-8")

    assert "c.md: no front matter" in run(app, "import", source, "--source", "help", code=2)
    assert ids(store) == []
    assert "Without --partial" in run(app, "diff", source, code=1)
    told = run(app, "import", source, "--source", "help", "--partial", code=1)
    assert "refused: c.md: no front matter" in told
    assert "Nothing was deleted" in told
    assert ids(store) == ["a", "b"]


def test_help_centre_comes_with_what_can_be_used(app: Typer, store: ArticleRepository) -> None:
    """Of another system's export the rest is imported at once; what was left out is counted."""
    good = {"id": 1, "locale": "en-us", "title": "T", "body": "<p>B</p>", "user_segment_id": 4}
    bad, draft = {**good, "id": 2, "body": ""}, {**good, "id": 3, "draft": True}
    Path("z.json").write_text(json.dumps({"articles": [good, bad, draft]}), encoding="utf-8")
    told = run(app, "import", "z.json", "--source", "zendesk", "--brand", "north", code=1)

    assert "left out: 1 drafts" in told
    assert "refused: z.json, article 2 (en-us): the body is empty." in told
    assert [(one.id, one.brand, one.visibility) for one in store.list_articles()] == [
        ("1", "north", "internal")
    ]


def test_past_tickets_are_mined(app: Typer, store: ArticleRepository) -> None:
    """What too few tickets share is counted by its reason."""
    rows = [dict(ticket(number)) for number in range(6)]
    rows.append({**ticket(7), "answer": "Something else was told to this one person alone."})
    write_rows(Path("closed.csv"), rows, list(rows[0]))
    asked = ["--format", "tickets", "--source", "tickets", "--internal"]
    told = run(app, "import", "closed.csv", *asked, "--column", "answer=answer")

    assert "left out: 1 tickets whose answer too few others had" in told
    assert [(one.sources, one.visibility) for one in store.list_articles()] == [(5, "internal")]


def test_preview_shows_passages_and_why_one_is_hidden(app: Typer, store: ArticleRepository) -> None:
    """From files and from the store."""
    told = run(app, "preview", "a", "--articles", folder("ab", "## Steps\n\n1. Go.\n2. Wait."))

    assert "a (en): 2 passages" in told
    assert "a/en#0  title, 1 words" in told
    assert "a/en#1  block, 5 words\n      Steps\n      1. Go.\n      2. Wait." in told
    store.replace_articles([Article("x", "da", "T", "B", visibility="internal")], ())
    assert "never suggested to customers: internal" in run(app, "preview")
