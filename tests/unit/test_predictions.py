"""Labelling a table: every row once, in order, its own columns first."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from triage.bundle.store import load_bundle
from triage.domain import Suggestion, Suggestions
from triage.errors import ExportError
from triage.pipeline import Case, Pipeline
from triage.predictions import BATCH, MessageColumns, added_columns, check_columns, label_rows
from triage.text.language import LanguageIdentifier

TASKS = ("category", "priority", "sentiment")


class OneArticle:
    """A suggester that knows one article."""

    def suggest(self, cases: Sequence[Case], top: int) -> list[Suggestions]:  # noqa: ARG002 - the protocol's argument
        """Suggest the article."""
        found = Suggestion("art-1", "p", "T", None, "en", 0.9, "A", "R", {})
        return [Suggestions((found,), None)] * len(cases)


@pytest.fixture(scope="module")
def pipeline(bundle_folder: Path, encoders_folder: Path) -> Pipeline:
    """Run the tiny bundle with one article."""
    bundle = load_bundle(bundle_folder, encoders_folder)
    identifier = LanguageIdentifier(bundle.manifest.languages)
    return Pipeline(bundle, bundle.profile(), identifier, OneArticle())


def test_clashing_column_is_refused() -> None:
    """A table labelled before is not labelled over."""
    with pytest.raises(ExportError, match="triage_language") as caught:
        check_columns(["id", "triage_language"], added_columns(TASKS, 0))

    assert caught.value.field == "triage_language"


def test_added_columns_keep_their_order() -> None:
    """Per task the label, its confidence, decision and reason; then language and articles."""
    assert added_columns(("a", "b"), 2) == [
        "triage_a",
        "triage_a_confidence",
        "triage_a_decision",
        "triage_a_reason",
        "triage_b",
        "triage_b_confidence",
        "triage_b_decision",
        "triage_b_reason",
        "triage_language",
        "triage_article_1",
        "triage_article_2",
    ]


def test_every_row_comes_back_once_in_order(pipeline: Pipeline) -> None:
    """Rows beyond one batch, empty ones and unreadable ones too, all return in order."""
    rows = [{"n": str(n), "text": "" if n % 7 == 0 else "hello"} for n in range(BATCH + 3)]

    out = list(label_rows(pipeline, rows, MessageColumns("text")))

    assert [row["n"] for row in out] == [row["n"] for row in rows]
    assert list(out[0]) == ["n", "text", *added_columns(TASKS, 0)]


def test_top_label_stands_even_on_abstention(pipeline: Pipeline) -> None:
    """The label column is never empty; decision and reason tell what to make of it."""
    row = next(label_rows(pipeline, [{"text": "ok"}], MessageColumns("text")))

    assert row["triage_category"] in {"service", "technical_support"}
    assert row["triage_category_decision"] == "abstain"
    assert row["triage_category_reason"] == "too_short"
    assert 0 < float(row["triage_category_confidence"]) <= 1


def test_articles_fill_their_columns(pipeline: Pipeline) -> None:
    """Missing suggestions leave their columns empty."""
    text = "the app shows a blank page, here is the order number"

    row = next(label_rows(pipeline, [{"text": text}], MessageColumns("text"), 2))

    assert (row["triage_article_1"], row["triage_article_2"]) == ("art-1", "")


def test_columns_make_the_message() -> None:
    """Subject, content type and language are read from the columns named."""
    columns = MessageColumns("body", "title", "kind", "lang")
    row = {"body": "<p>hi</p>", "title": "T", "kind": "text/html", "lang": "da"}

    message = columns.message(row)

    assert columns.required == ("body", "title", "kind", "lang")
    assert (message.text, message.subject) == ("<p>hi</p>", "T")
    assert (message.content_type, message.language) == ("text/html", "da")


def test_absent_values_are_no_hint() -> None:
    """An empty language cell leaves the language open; other content types are plain text."""
    columns = MessageColumns("body", content_type="kind", language="lang")

    message = columns.message({"body": "hi", "kind": "text/markdown", "lang": ""})

    assert (message.content_type, message.language) == ("text/plain", None)


@pytest.mark.parametrize("cell", ["TEXT/HTML", " text/html; charset=utf-8", "Text/Html ;x=y"])
def test_content_types_are_read_as_mail_writes_them(cell: str) -> None:
    """Case and parameters do not hide HTML."""
    columns = MessageColumns("body", content_type="kind")

    assert columns.message({"body": "hi", "kind": cell}).content_type == "text/html"
