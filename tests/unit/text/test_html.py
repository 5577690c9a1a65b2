"""HTML to text: guards, hidden text and what markup says about quotes."""

import pytest

from triage.domain import Message
from triage.text.clean import clean
from triage.text.html import to_text
from triage.text.markup import MAX_DEPTH, MAX_TAGS


def body(html: str) -> str:
    """Return the cleaned body of an HTML message."""
    return clean(Message(text=html, content_type="text/html")).body


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("fi<span>r</span>st", "first"),
        (
            "a < b and <ann@example.com> or <https://x.example>",
            "a < b and <ann@example.com> or <https://x.example>",
        ),
        ("<script>if (a < b) {}</script>text<style>p{}</style>", "text"),
        ("<!-- note --><p>text</p><!-- open", "text\n\n<!-- open"),
        ('<a title="a > b" href=x>link</a>', "link"),
        ('<div style="display: none">hidden</div>shown', "shown"),
        ("<head><title>no</title></head><body>yes</body>", "yes"),
        ("&lt;b&gt; &amp;amp; &#128512; &nosuch;", "<b> &amp; 😀 &nosuch;"),
        ("<p>cut <b", "cut <b"),
        ("", ""),
        ("<p></p>", ""),
    ],
)
def test_renders(html: str, expected: str) -> None:
    """Visible words come out in order, with entities decoded and hidden text left out."""
    assert body(html) == expected


@pytest.mark.parametrize("depth", [MAX_DEPTH - 2, MAX_DEPTH + 1, 2_000])
def test_deep_nesting_loses_no_text(depth: int) -> None:
    """Text past the depth that libxml2 keeps is still there, by a plain strip of tags."""
    cleaned = clean(
        Message(
            text="<div>" * depth + "deep" + "</div>" * depth + "<p>after</p>",
            content_type="text/html",
        )
    )

    assert cleaned.body.split() == ["deep", "after"]
    if depth > MAX_DEPTH:
        assert "html" in {part.kind for part in cleaned.removed}


def test_many_tags_lose_no_text() -> None:
    """Past the tag limit the layout goes, the words stay."""
    rendered = to_text("<b>w</b> " * (MAX_TAGS // 2 + 10))

    assert rendered.text.text.split() == ["w"] * (MAX_TAGS // 2 + 10)
    assert rendered.hidden


def test_long_visible_text_keeps_both_ends() -> None:
    """Of more visible text than cleaning uses, both ends are rendered and the rest is told."""
    cleaned = clean(
        Message(text=f"<p>begin {'word ' * 30_000} finish</p>", content_type="text/html")
    )

    assert cleaned.truncated
    assert cleaned.body.startswith("begin")
    assert cleaned.body.endswith("finish")


def test_names_long_stretches_without_text() -> None:
    """A style sheet is named as removed; short markup is not."""
    html = f"<style>{'p{}' * 100}</style><p>text</p>"
    removed = clean(Message(text=html, content_type="text/html")).removed

    assert [(part.kind, part.start) for part in removed] == [("html", 0)]
    assert html[removed[0].end :].startswith("text")
    assert not clean(Message(text="<p>text</p>", content_type="text/html")).removed


def test_marked_quotes_and_signatures() -> None:
    """Quotes and signatures that the mail program marked are taken out without any words."""
    html = (
        "<blockquote type=cite>Which size?</blockquote>Large."
        '<div class="gmail_signature">Ann<br>Shop owner of the year</div>'
    )
    cleaned = clean(Message(text=html, content_type="text/html"))

    assert cleaned.body == "Large."
    assert {part.kind for part in cleaned.removed} == {"quote", "signature"}
