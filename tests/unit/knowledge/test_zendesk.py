"""A Zendesk Help Center from saved pages of its API."""

import json
from pathlib import Path
from typing import Any

import pytest

from triage.knowledge.gathered import Gathered
from triage.knowledge.sources import gather
from triage.knowledge.zendesk import AGAIN, DRAFTS, HIDDEN, OTHER, SECOND

ONE: dict[str, Any] = {
    "id": 35467,
    "title": "Track a parcel",
    "body": "<h2>Where</h2><p>Open the link.</p>",
    "locale": "en-us",
    "source_locale": "en-us",
    "draft": False,
    "label_names": ["delivery"],
    "user_segment_id": None,
    "html_url": "https://help.example/hc/en-us/articles/35467",
}


def write(folder: Path, name: str, payload: object) -> None:
    """Save one page."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(payload if isinstance(payload, str) else json.dumps(payload), encoding="utf-8")


def listed(*articles: dict[str, Any], **more: object) -> dict[str, Any]:
    """Build a page of a list."""
    return {"articles": [*articles], **more}


def keys(found: Gathered) -> list[tuple[str, str, str]]:
    """Return id, language and visibility of what was read."""
    return [(one.id, one.language, one.visibility) for _, one in found.placed]


def test_article_comes_with_all_that_we_keep(tmp_path: Path) -> None:
    """HTML becomes Markdown; labels, address and language come along."""
    write(tmp_path, "articles.json", listed(ONE))
    (place, one), *rest = gather(tmp_path / "articles.json").placed

    assert not rest
    assert place == "articles.json, article 35467 (en-us)"
    assert (one.id, one.language, one.title) == ("35467", "en", "Track a parcel")
    assert one.body == "## Where\n\nOpen the link."
    assert (one.tags, one.url, one.visibility) == (("delivery",), ONE["html_url"], "public")


def test_pages_and_translations_of_a_folder_are_put_together(tmp_path: Path) -> None:
    """Pages of each locale, translations within an article and in files of their own."""
    danish = {"locale": "da", "title": "Spor", "body": "<p>Klik.</p>", "draft": False}
    write(tmp_path, "en/page-1.json", listed(ONE, page=1, page_count=2))
    write(tmp_path, "en/page-2.json", listed({**ONE, "id": 2}, page=2, page_count=2))
    write(tmp_path, "ro/articles.json", listed({**ONE, "locale": "ro", "title": "Urmărire"}))
    write(tmp_path, "zh.json", {"translations": [{**danish, "locale": "zh-cn", "source_id": 2}]})
    write(tmp_path, "x.json", listed({**ONE, "id": 3, "translations": [danish, ONE]}))

    assert sorted(keys(gather(tmp_path))) == [
        ("2", "en", "public"),
        ("2", "zh", "public"),
        ("3", "da", "public"),
        ("3", "en", "public"),
        ("35467", "en", "public"),
        ("35467", "ro", "public"),
    ]


@pytest.mark.parametrize("restricted", [{"user_segment_id": 7}, {"user_segment_ids": [7]}])
def test_segments_are_internal_in_every_language(
    tmp_path: Path, restricted: dict[str, Any]
) -> None:
    """What is not for everyone is shown to nobody, whichever text of it."""
    danish = {"locale": "da", "title": "T", "body": "B"}
    write(tmp_path, "a.json", listed({**ONE, **restricted, "translations": [danish]}))

    assert {visibility for _, _, visibility in keys(gather(tmp_path))} == {"internal"}


def test_drafts_hidden_and_second_texts_are_left_out_by_name(tmp_path: Path) -> None:
    """Each with its reason, and the text that was written first is kept."""
    texts = [
        {"locale": "da", "title": "T", "body": "B", "draft": True},
        {"locale": "ro", "title": "T", "body": "B", "hidden": True},
        {"locale": "en-gb", "title": "British", "body": "B"},
    ]
    write(
        tmp_path, "a.json", listed({**ONE, "translations": texts}, {**ONE, "id": 2, "draft": True})
    )
    write(tmp_path, "b.json", listed({**ONE, "title": "Newer", "updated_at": "2026"}))
    write(tmp_path, "c.json", {"user_segments": []})
    found = gather(tmp_path)

    assert [(one.id, one.title) for _, one in found.placed] == [("35467", "Newer")]
    assert found.faults == []
    assert sorted(one.reason for one in found.skipped) == sorted(
        [DRAFTS, HIDDEN, SECOND, DRAFTS, AGAIN, OTHER]
    )


def test_draft_of_an_article_hides_translations_that_say_nothing(tmp_path: Path) -> None:
    """Only a translation that is published by itself is read of a draft."""
    texts = [
        {"locale": "da", "title": "T", "body": "B"},
        {"locale": "ro", "title": "T", "body": "B", "draft": False},
    ]
    write(tmp_path, "a.json", listed({**ONE, "draft": True, "translations": texts}))

    assert [language for _, language, _ in keys(gather(tmp_path))] == ["ro"]


@pytest.mark.parametrize(
    ("change", "where", "problem"),
    [
        ({"body": None}, "a.json, article 35467 (en-us)", "the body is empty"),
        ({"body": "<p> </p>"}, "a.json, article 35467 (en-us)", "the body is empty"),
        ({"locale": "?"}, "a.json, article 35467", "no language code"),
        ({"id": None}, "a.json, article  (en-us)", "no id"),
        ({"html_url": "no address"}, "a.json, article 35467 (en-us)", "no web address"),
        ({"label_names": [3]}, "a.json, article 35467 (en-us)", "no list of texts"),
    ],
)
def test_bad_article_is_told_and_loses_no_other(
    tmp_path: Path, change: dict[str, Any], where: str, problem: str
) -> None:
    """File, article and locale are named; the id keeps it from being taken for deleted."""
    write(tmp_path, "a.json", listed({**ONE, **change}, {**ONE, "id": 2}))
    found = gather(tmp_path)
    (fault,) = found.faults

    assert [one for one, _, _ in keys(found)] == ["2"]
    assert fault.where == where
    assert problem in fault.problem
    assert fault.article_id == ("" if "id" in change else "35467")


@pytest.mark.parametrize(
    ("payloads", "problem"),
    [
        (["{"], "no valid JSON in line 1"),
        (["3"], "no page of a help centre"),
        ([listed(ONE, page=1, page_count=3), listed(ONE, page=3, page_count=3)], "page 2 of 3"),
        ([listed(ONE, page=1, page_count=10**15)], f"page 2 of {10**15}"),
        ([listed(ONE, meta={"has_more": True})], "last page is missing"),
        ([listed(ONE, end_time=1)], "incremental export"),
    ],
)
def test_what_is_not_whole_cannot_tell_deletions(
    tmp_path: Path, payloads: list[object], problem: str
) -> None:
    """A fault without an article: nothing is taken for deleted."""
    for number, payload in enumerate(payloads):
        write(tmp_path, f"{number}.json", payload)
    (fault,) = gather(tmp_path).faults

    assert problem in fault.problem
    assert fault.article_id == ""


def test_last_page_of_a_cursor_is_the_end(tmp_path: Path) -> None:
    """All pages but one go on."""
    write(tmp_path, "1.json", listed(ONE, meta={"has_more": True}))
    write(tmp_path, "2.json", listed({**ONE, "id": 2}, meta={"has_more": False}))

    assert gather(tmp_path).faults == []


def test_file_without_articles_is_refused(tmp_path: Path) -> None:
    """One file that was named must hold some."""
    write(tmp_path, "a.json", {"tickets": []})
    (fault,) = gather(tmp_path / "a.json").faults

    assert "no articles" in fault.problem
