from datetime import date
from pathlib import Path

import pytest

from triage.errors import ArticleError
from triage.knowledge.importer import read_articles

GOOD = """---
id: reset
title: "Reset: your password"
language: en
tags: [account, login]
audience: customer
brand: acme
visibility: internal
valid_until: 2027-12-31
url: https://help.example/reset
---

## First
1. Open the page.
---
2. Click.
"""


def write(folder: Path, name: str, text: str | bytes) -> Path:
    """Write a file below a folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def faults(folder: Path) -> str:
    """Read a folder that must be refused and return what the error says."""
    with pytest.raises(ArticleError) as caught:
        read_articles(folder)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("# Just Markdown", "no front matter"),
        ("---\nid: a\ntitle: T\nlanguage: en\n", "no front matter"),
        ("---\n: [\n---\nBody", "no valid YAML in line"),
        ("---\n- a\n---\nBody", "holds no fields"),
        ("---\ntitle: T\nlanguage: en\n---\nBody", "no id"),
        ("---\nid: a\nlanguage: en\n---\nBody", "no title"),
        ("---\nid: a\ntitle: T\n---\nBody", "no language"),
        ("---\nid: a\ntitle: T\nlanguage: no\n---\nBody", "language is no text"),
        ("---\nid: a\ntitle: T\nlanguage: English\n---\nBody", "no language code"),
        ("---\nid: a\ntitle: T\nlanguage: en\n---\n  \n", "body is empty"),
        ("---\nid: a\ntitle: T\nlanguage: en\ntag: x\n---\nBody", "Did you mean tags"),
        ("---\nid: a\ntitle: T\nlanguage: en\nzzz: x\n---\nBody", "Known are: id"),
        ("---\nid: a\ntitle: [T]\nlanguage: en\n---\nBody", "title is no text"),
        ("---\nid: a\ntitle: T\nlanguage: en\ntags: {a: b}\n---\nBody", "tags is no list"),
        ("---\nid: a\ntitle: T\nlanguage: en\nvisibility: secret\n---\nBody", "public or internal"),
        ("---\nid: a\ntitle: T\nlanguage: en\nvalid_until: soon\n---\nBody", "2027-12-31"),
        ("---\nid: a\ntitle: T\nlanguage: en\nurl: javascript:x\n---\nBody", "no web address"),
        ("---\nid: a\ntitle: T\nlanguage: en\nurl: http://[x\n---\nBody", "no web address"),
        ('---\nid: "a\\tb"\ntitle: T\nlanguage: en\n---\nBody', "control character"),
        ('---\nid: a\ntitle: "T\\0"\nlanguage: en\n---\nBody', "NUL"),
        ("---\nid: a\ntitle: T\nlanguage: en\n---\n" + "x" * 200_001, "at most 200000"),
        ("---\nid: a\ntitle: T\nlanguage: en\n---\n" + "x" * 1_000_000, "larger than"),
        ("---\nid: " + "a" * 30_000 + "\n---\nBody", "front matter is too long"),
        ("---\na: " + "[" * 9_000 + "\n---\nBody", "no valid YAML"),
        (b"---\nid: a\ntitle: \xff\nlanguage: en\n---\nBody", "not UTF-8 at byte 17"),
    ],
)
def test_broken_article_is_refused_by_name(tmp_path: Path, text: str | bytes, says: str) -> None:
    """Each kind of fault names the file and what is wrong."""
    write(tmp_path, "en/broken.md", text)

    message = faults(tmp_path)

    assert "en/broken.md: " in message
    assert says in message


def test_all_faults_are_collected(tmp_path: Path) -> None:
    """One reading lists every broken file, and nothing is imported."""
    write(tmp_path, "a.md", "x")
    write(tmp_path, "b.md", GOOD)
    write(tmp_path, "c.md", "y")

    message = faults(tmp_path)

    assert "a.md" in message
    assert "c.md" in message
    assert "Nothing was imported" in message


def test_many_faults_are_counted(tmp_path: Path) -> None:
    """A folder full of faults lists twenty and counts the rest."""
    for number in range(25):
        write(tmp_path, f"{number:02}.md", "x")

    assert "and 5 more." in faults(tmp_path)


def test_repeated_article_names_both_files(tmp_path: Path) -> None:
    """Two files with one id and language are both named."""
    write(tmp_path, "a.md", GOOD)
    write(tmp_path, "b.md", GOOD)

    assert "b.md: the article reset (en) stands in a.md too" in faults(tmp_path)


def test_empty_folder_is_refused(tmp_path: Path) -> None:
    """A folder without articles says what it needs."""
    assert "no articles" in faults(tmp_path)


def test_error_text_never_quotes_the_body(tmp_path: Path) -> None:
    """A broken file is named without its text."""
    write(tmp_path, "a.md", "Dear Ann Example, your card 4111")

    assert "Ann" not in faults(tmp_path)


def test_good_article_keeps_every_field(tmp_path: Path) -> None:
    """All fields of the front matter arrive, and a rule in the body stays in the body."""
    write(tmp_path, "en/reset.md", GOOD)

    (article,) = read_articles(tmp_path)

    assert article.title == "Reset: your password"
    assert article.tags == ("account", "login")
    assert (article.audience, article.brand, article.visibility) == ("customer", "acme", "internal")
    assert article.valid_until == date(2027, 12, 31)
    assert article.url == "https://help.example/reset"
    assert article.body == "## First\n1. Open the page.\n---\n2. Click."


def test_windows_line_ends_and_mark_are_read(tmp_path: Path) -> None:
    """A byte order mark and Windows line ends do not matter."""
    write(tmp_path, "a.md", b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())

    assert read_articles(tmp_path)[0].id == "reset"


def test_numbers_and_language_tags_are_taken(tmp_path: Path) -> None:
    """A numeric id becomes text, a language tag its code."""
    write(tmp_path, "a.md", "---\nid: 42\ntitle: T\nlanguage: zh-CN\n---\nBody")

    (article,) = read_articles(tmp_path)

    assert (article.id, article.language) == ("42", "zh")


def test_translations_share_their_id(tmp_path: Path) -> None:
    """The same id in two languages makes two articles."""
    write(tmp_path, "en/a.md", GOOD)
    write(tmp_path, "da/a.md", GOOD.replace("language: en", "language: da"))

    assert [one.language for one in read_articles(tmp_path)] == ["da", "en"]


def test_hidden_files_are_skipped(tmp_path: Path) -> None:
    """What stands in a hidden folder is no article."""
    write(tmp_path, ".git/a.md", "x")
    write(tmp_path, "a.md", GOOD)

    assert len(read_articles(tmp_path)) == 1
