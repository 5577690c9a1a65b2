import gzip
from datetime import date
from pathlib import Path

import pytest

from triage.errors import ArticleError
from triage.knowledge.importer import read_articles


def table(folder: Path, text: str, name: str = "faq.csv") -> Path:
    """Write a table."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def says(path: Path, language: str = "en") -> str:
    """Read a table that must be refused and return what the error says."""
    with pytest.raises(ArticleError) as caught:
        read_articles(path, language)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("article_id,title\na,T\n", "no column named 'body'"),
        ("title,body\nT,B\n", "row 1: no column article_id or id"),
        ("id,body\n,B\n", "row 1: no id"),
        ("id,body\na,B\nb,\n", "row 2: the body is empty"),
        ("id,body,visibilty\na,B,internal\n", "looks like 'visibility'"),
        ("id,body,visibility\na,B,hidden\n", "row 1: visibility is unknown"),
        ("id,body,valid_until\na,B,31.12.2027\n", "row 1: valid_until is no day"),
        ("id,body,url\na,B,help.example\n", "row 1: url is no web address"),
        ("id,body\na,B\na,C\n", "row 2: the article a (en) stands in faq.csv, row 1 too"),
        ("id,body\na,B,C\n", "row 1: 3 cells under 2 columns"),
        ('id,body\na,"B\n', "broken quoting"),
        ("id,body\n", "no articles"),
        ("", "the file is empty"),
    ],
)
def test_broken_table_is_refused_by_row(tmp_path: Path, text: str, problem: str) -> None:
    """Each fault names the file and, where there is one, the row."""
    assert problem in says(table(tmp_path, text))


def test_all_rows_at_fault_are_listed(tmp_path: Path) -> None:
    """Faults of several rows come in one error, which carries the first row."""
    path = table(tmp_path, "id,body\n,B\nb,B\nc,\n")

    with pytest.raises(ArticleError, match=r"(?s)row 1.*row 3") as caught:
        read_articles(path, "en")

    assert (caught.value.field, caught.value.row) == ("id", 1)


def test_missing_file_and_other_format_are_refused(tmp_path: Path) -> None:
    """A path that is no table says so."""
    assert "no such file or folder" in says(tmp_path / "none.csv")
    assert "unknown format" in says(table(tmp_path, "x", "faq.txt"))


def test_other_encoding_is_refused(tmp_path: Path) -> None:
    """A table that is not UTF-8 is refused with the way to convert it."""
    path = tmp_path / "faq.csv"
    path.write_bytes("id,body\na,blåbær\n".encode("latin-1"))

    assert "not UTF-8" in says(path)


def test_half_a_character_is_refused(tmp_path: Path) -> None:
    """A lone surrogate in JSON is no text."""
    path = table(tmp_path, '{"id": "a", "body": "x \\ud800"}\n', "faq.jsonl")

    assert "half a character" in says(path)


def test_unknown_language_is_refused(tmp_path: Path) -> None:
    """Without a column, an option or a clear text the language must be named."""
    path = table(tmp_path, "id,body\na,B\n")

    with pytest.raises(ArticleError, match="language is not given"):
        read_articles(path, detect=lambda _: "")


def test_language_comes_from_column_then_option_then_text(tmp_path: Path) -> None:
    """The row's own language wins, then the one given, then the one heard."""
    path = table(tmp_path, "id,body,language\na,B,da\nb,B,\n")

    def heard(text: str) -> str:
        assert "B" in text
        return "ro"

    assert [one.language for one in read_articles(path, "zh", heard)] == ["da", "zh"]
    assert [one.language for one in read_articles(path, "", heard)] == ["da", "ro"]


def test_unclear_rows_take_the_usual_language(tmp_path: Path) -> None:
    """A row too short to tell takes the language of most others."""
    path = table(tmp_path, "id,body\na,dansk\nb,OK\nc,dansk\nd,norsk\n")

    read = read_articles(path, detect=lambda text: {"dansk": "da", "norsk": "no"}.get(text[1:], ""))

    assert [one.language for one in read] == ["da", "da", "da", "no"]


def test_every_column_is_read(tmp_path: Path) -> None:
    """All columns arrive; those that are not ours are left alone; the title may be empty."""
    header = "article_id,title,body,language,url,tags,audience,brand,visibility,valid_until,votes\n"
    row = "a b,,Body,en,https://x.example/a,login|account,customer,acme,internal,2027-12-31,7\n"

    (article,) = read_articles(table(tmp_path, header + row))

    assert (article.id, article.title, article.body) == ("a b", "", "Body")
    assert article.tags == ("login", "account")
    assert article.valid_until == date(2027, 12, 31)
    assert article.visibility == "internal"


@pytest.mark.parametrize("tags", ["a|b", "a; b", '["a", "b"]', "['a', 'b']", "a,b,,a"])
def test_tags_are_read_in_usual_forms(tmp_path: Path, tags: str) -> None:
    """Bars, semicolons, commas and JSON lists all part tags."""
    path = table(tmp_path, f"id\tbody\ttags\na\tB\t{_quoted(tags)}\n", "faq.tsv")

    assert read_articles(path, "en")[0].tags == ("a", "b")


def test_compressed_tables_are_read(tmp_path: Path) -> None:
    """A gzip table reads like the plain one."""
    path = tmp_path / "faq.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"id": 7, "body": "B", "tags": ["x"]}\n'))

    (article,) = read_articles(path, "en")

    assert (article.id, article.tags) == ("7", ("x",))


def test_progress_is_told_per_row(tmp_path: Path) -> None:
    """The bar hears of every row."""
    heard: list[int] = []

    read_articles(table(tmp_path, "id,body\na,B\nb,B\n"), "en", advance=lambda: heard.append(1))

    assert len(heard) == 2


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'
