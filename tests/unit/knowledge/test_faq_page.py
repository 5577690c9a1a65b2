"""Questions that web pages mark up as schema.org FAQPage."""

import json
from pathlib import Path

import pytest

from triage.domain import Article
from triage.errors import ArticleError
from triage.knowledge.gathered import Gathered
from triage.knowledge.importer import read_articles
from triage.knowledge.sources import Asked, gather

QUESTION = {
    "@type": "Question",
    "@id": "https://kvistholm.example/faq#reset",
    "name": "How do I reset my password?",
    "acceptedAnswer": {"@type": "Answer", "text": "<p>Choose <b>Forgot</b>.</p><ul><li>Go</ul>"},
}
MICRODATA = """<div itemscope itemtype="https://schema.org/FAQPage">
<div itemscope itemprop="mainEntity" itemtype="https://schema.org/Question" id="fees">
 <h3 itemprop="name">What does it cost?</h3>
 <div itemscope itemprop="acceptedAnswer" itemtype="https://schema.org/Answer">
  <div itemprop="text">Nothing.<br>Really <span itemprop="name">nothing</span>.</div>
 </div></div>
<div itemscope itemprop="mainEntity" itemtype="https://schema.org/Question" lang="da">
 <meta itemprop="name" content="Hvor er I?">
 <div itemscope itemprop="acceptedAnswer" itemtype="https://schema.org/Answer">
  <p itemprop="text">I Aarhus.</p></div></div></div>"""


def page(content: object, body: str = "", head: str = "") -> str:
    """Write a page with JSON-LD."""
    script = content if isinstance(content, str) else json.dumps(content)
    return (
        f'<!doctype html><html lang="en-GB"><head>{head}'
        f'<script type="application/ld+json; charset=utf-8">{script}</script></head>'
        f"<body>{body}</body></html>"
    )


def faq(*questions: object, **more: object) -> dict[str, object]:
    """Build the JSON-LD of a page."""
    return {
        "@context": "https://schema.org",
        "@type": "FAQPage",
        "mainEntity": [*questions],
        **more,
    }


def read(folder: Path, text: str, name: str = "faq.html") -> Gathered:
    """Read one page."""
    (folder / name).write_text(text, encoding="utf-8")
    return gather(folder / name, Asked(detect=lambda _: "en"))


def articles(found: Gathered) -> list[Article]:
    """Return what was read where nothing is wrong."""
    assert found.faults == []
    return [article for _, article in found.placed]


def test_question_becomes_an_article(tmp_path: Path) -> None:
    """Name, answer, language, address and an id of its own."""
    (one,) = articles(read(tmp_path, page(faq(QUESTION))))

    assert one == Article(
        id="faq/reset",
        language="en",
        title="How do I reset my password?",
        body="Choose Forgot.\n\n- Go",
        url="https://kvistholm.example/faq#reset",
    )


@pytest.mark.parametrize(
    "content",
    [
        [faq(QUESTION)],
        {"@graph": [{"@type": "WebPage"}, faq(QUESTION)]},
        {"@type": ["WebPage", "FAQPage"], "mainEntity": QUESTION},
        {"@type": "https://schema.org/FAQPage", "mainEntity": [QUESTION]},
        {"@graph": [faq({"@id": QUESTION["@id"]}), QUESTION]},
        faq({**QUESTION, "acceptedAnswer": [QUESTION["acceptedAnswer"]]}),
        {"mainEntityOfPage": {"hasPart": faq(QUESTION)}},
    ],
)
def test_forms_of_json_ld_are_the_same(tmp_path: Path, content: object) -> None:
    """Lists, graphs, references and several types are all in use."""
    (one,) = articles(read(tmp_path, page(content)))

    assert (one.id, one.body) == ("faq/reset", "Choose Forgot.\n\n- Go")


def test_microdata_is_read_beside_json_ld(tmp_path: Path) -> None:
    """What stands in both is taken once; a question's own language goes first."""
    twice = MICRODATA.replace("What does it cost?", "How do I  reset my password?", 1)
    both = articles(read(tmp_path, page(faq(QUESTION), twice)))
    alone = articles(read(tmp_path, f"<html lang=en>{MICRODATA}"))

    assert [(one.id, one.language) for one in both] == [
        ("faq/reset", "en"),
        ("faq/hvor-er-i", "da"),
    ]
    assert [(one.id, one.title, one.body) for one in alone] == [
        ("faq/fees", "What does it cost?", "Nothing.\nReally nothing."),
        ("faq/hvor-er-i", "Hvor er I?", "I Aarhus."),
    ]


def test_pages_of_one_name_are_translations(tmp_path: Path) -> None:
    """Ids are the page's name and the question's own id, whatever the folder."""
    for code, name in (("en", "How?"), ("da", "Hvordan?")):
        (tmp_path / code).mkdir()
        text = page(faq({**QUESTION, "name": name}, inLanguage=code))
        (tmp_path / code / "help.html").write_text(text, encoding="utf-8")

    assert [(one.id, one.language) for one in read_articles(tmp_path)] == [
        ("help/reset", "da"),
        ("help/reset", "en"),
    ]


def test_long_and_chinese_questions_get_ids(tmp_path: Path) -> None:
    """An id is made of the words, cut with a fingerprint where they are many."""
    plain = {key: QUESTION[key] for key in ("@type", "acceptedAnswer")}
    long = {**plain, "name": "very " * 60 + "long?"}
    found = articles(read(tmp_path, page(faq({**plain, "name": "怎么退款？"}, long))))

    assert found[0].id == "faq/怎么退款"
    assert len(found[1].id) < 100


@pytest.mark.parametrize(
    ("text", "where", "problem"),
    [
        ("<p>nothing</p>", "faq.html", "no schema.org FAQPage"),
        (page('{"@type": "FAQPage", '), "faq.html, JSON-LD block 1", "no valid JSON in line 1"),
        (page("[" * 100_000), "faq.html, JSON-LD block 1", "no valid JSON"),
        (page(faq({"name": "Q?"})), "faq.html, question 1", "no acceptedAnswer"),
        (page(faq({**QUESTION, "name": ""})), "faq.html, question 1", "has no name"),
        (page(faq({**QUESTION, "name": "x" * 501})), "faq.html, question 1", "501 characters"),
        ("", "faq.html", "empty page"),
    ],
)
def test_fault_names_the_place(tmp_path: Path, text: str, where: str, problem: str) -> None:
    """Whoever reads it finds the page and the question."""
    (fault,) = read(tmp_path, text).faults

    assert fault.where == where
    assert problem in fault.problem
    assert fault.fix


def test_broken_question_loses_no_other(tmp_path: Path) -> None:
    """A bad record is told with the id it was meant to have, and the rest is read."""
    found = read(tmp_path, page(faq({**QUESTION, "acceptedAnswer": {}}, {**QUESTION, "@id": "#b"})))

    assert [article.id for _, article in found.placed] == ["faq/b"]
    assert [fault.article_id for fault in found.faults] == ["faq/reset"]


def test_page_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    """Letters are not guessed."""
    (tmp_path / "faq.html").write_bytes(page(faq(QUESTION)).encode().replace(b"reset", b"\xe6"))

    with pytest.raises(ArticleError, match="not UTF-8 at byte"):
        read_articles(tmp_path / "faq.html")


def test_other_pages_of_a_folder_are_left_out_by_name(tmp_path: Path) -> None:
    """They are counted, not refused."""
    (tmp_path / "about.html").write_text("<p>We.</p>", encoding="utf-8")
    (tmp_path / "faq.html").write_text(page(faq(QUESTION)), encoding="utf-8")
    found = gather(tmp_path)

    assert len(found.placed) == 1
    assert [(one.where, one.reason) for one in found.skipped] == [
        ("about.html", "pages without a FAQPage")
    ]


def test_questions_of_a_page_within_a_page_are_taken_once(tmp_path: Path) -> None:
    """However many times a page says that it is one."""
    deep = f'<div itemscope itemtype="https://schema.org/FAQPage">{MICRODATA}</div>'
    found = read(tmp_path, f"<html lang=en>{deep}</html>")

    assert len(found.placed) == 2
