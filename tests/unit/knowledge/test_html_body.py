"""HTML of help centres as the Markdown that articles are kept in."""

import html
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.domain import Article
from triage.knowledge.html_body import plain_line, to_markdown
from triage.text.passages import cut

ARTICLE = """<style>p {color: red}</style>
<h2>Reset &amp; go</h2>
<p>Do <strong>this</strong>
first:</p>
<ol><li>Open <a href="https://kvistholm.example/app">the app</a>.</li>
<li><p>Tap</p><p>twice.</p><ul><li>or hold</li></ul></li></ol>
<table><tr><th>Plan</th><th>Price</th></tr><tr><td><p>Plus</p></td><td>3|99</td></tr></table>
<pre>ping  hub
 -t</pre>
<blockquote>See <a href="/local">here</a></blockquote>
<script>alert(1)</script>"""


def test_what_the_cutter_knows_is_kept() -> None:
    """Headings, steps, tables, code and whole links come through; the rest is text."""
    assert to_markdown(ARTICLE).split("\n") == [
        "## Reset & go",
        "",
        "Do this first:",
        "",
        "1. Open [the app](https://kvistholm.example/app).",
        "2. Tap",
        "  twice.",
        "  - or hold",
        "",
        "| Plan | Price |",
        "| Plus | 3/99 |",
        "",
        "```",
        "ping  hub",
        " -t",
        "```",
        "",
        "See here",
    ]


def test_steps_reach_the_passage_as_steps() -> None:
    """The cutter sees one list under its heading, in order."""
    (block,) = [p for p in cut(Article("a", "en", "", to_markdown(ARTICLE))) if p.kind == "block"]

    assert "1. Open the app (https://kvistholm.example/app)." in block.text
    assert "2. Tap twice.\n- or hold" in block.text


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", ""),
        ("plain text", "plain text"),
        ("<p># 1 on the list</p>", "\\# 1 on the list"),
        ("<p>&gt; 3 items</p>", "\\> 3 items"),
        ("<p>---</p>", "\\---"),
        ("press &lt;Enter&gt;", "press \\<Enter>"),
        ("<ol start=3><li>c</ol>", "3. c"),
        ("<ol start=x><li>a</ol>", "1. a"),
        ("<li>alone", "- alone"),
        ("</ul></td></a>left", "left"),
        ("<a href='javascript:x()'>run</a>", "run"),
        ("<a href='mailto:a@b.org'>a@b.org</a>", "a@b.org"),
        ("<a href='https://x.org/a(b) c'>[x]</a>", "\\[x\\] (https://x.org/a%28b%29%20c)"),
        ("a<br>b", "a\nb"),
        ("<td>x", "| x |"),
        ("<script>x", ""),
    ],
)
def test_odd_markup_comes_out_as_text(source: str, expected: str) -> None:
    """What could be read as Markdown is escaped, and broken markup loses no text."""
    assert to_markdown(source) == expected


def test_depth_loses_no_text() -> None:
    """Thousands of open tags do not end the reading."""
    assert to_markdown("<div>" * 5_000 + "deep").strip() == "deep"


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab *_`[]<>#|-+.1)(\\&\n", max_size=60))
def test_text_survives_the_way_to_the_passage(text: str) -> None:
    """Every visible character of a paragraph of HTML is in the passage again."""
    source = f"<p>x {html.escape(text)} x</p>"
    passages = cut(Article("a", "en", "", to_markdown(source)))

    assert "".join("".join(p.text.split()) for p in passages) == "".join(f"x{text}x".split())


def test_questions_are_one_line() -> None:
    """Markup and breaks go, and nothing is escaped."""
    assert plain_line("How do I\n<b>reset</b> a_b*?") == "How do I reset a_b*?"


@pytest.mark.parametrize(
    "part",
    [
        *("<a ", '<a b="', "<!--", "<![CDATA[", "</", "<ul><li>a", "<td><p>a"),
        *("<a href='http://x'>", "<a href='http://x'>b</a", '<ol start=3 a="', "<svg/>", "<pre>"),
    ],
)
@pytest.mark.parametrize("end", ["", ">", '">', "</a>" * 20_000])
def test_hostile_markup_takes_no_time_and_no_room(part: str, end: str) -> None:
    """Tags that never end, and what stands within itself, cost as much as other text."""
    source = part * 20_000 + end
    began = perf_counter()
    written = to_markdown(source)

    assert perf_counter() - began < 5
    assert len(written) < 3 * len(source)


def test_link_ends_where_the_next_one_begins() -> None:
    """There is no link within a link, and tags are read however they end."""
    source = (
        "<a href='https://a.org'>one<a href='https://b.org'>two</a><br/>three <x@y.org> <svg/>4"
    )

    assert to_markdown(source) == ("[one](https://a.org)[two](https://b.org)\nthree \\<x@y.org> 4")
