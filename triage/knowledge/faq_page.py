"""Read the questions and answers that web pages mark up as schema.org FAQPage.

Both notations are read, JSON-LD and microdata; what a page says in both is taken once, from the
JSON-LD. Each question becomes one article.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urldefrag, urljoin

from lxml.etree import ParserError
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from triage.domain import Article
from triage.knowledge.checks import LIMITS, FieldError, make_article
from triage.knowledge.csv_articles import Detect
from triage.knowledge.faults import Fault
from triage.knowledge.gathered import Gathered, Skip
from triage.knowledge.html_body import plain_line, to_markdown
from triage.knowledge.json_ld import Marked, marked_in_json
from triage.knowledge.microdata import marked_in_html

ENDINGS = (".html", ".htm")
MAX_FILE = 10_000_000
"""Largest accepted page, in bytes."""
_SLUG = 80
"""Longest part of an id that is made of a question, in characters."""
_WORD = re.compile(r"[^\W_]+")


class _Page(NamedTuple):
    """One file: its name below the folder, its stem, its language and its address."""

    where: str
    stem: str
    language: str
    url: str


def read_pages(
    path: Path,
    language: str = "",
    detect: Detect | None = None,
    advance: Callable[[], None] = lambda: None,
) -> Gathered:
    """Read a page, or every ``.html`` file below a folder.

    Args:
        path: File or folder.
        language: Of pages and questions that name none.
        detect: Asked for those where ``language`` is empty.
        advance: Called after each page.
    """
    found = Gathered()
    files = [path] if path.is_file() else _files(path)
    for file in files:
        where = file.name if file == path else file.relative_to(path).as_posix()
        try:
            tree = _parsed(file)
        except FieldError as error:
            found.faults.append(Fault(where, error.problem, error.fix))
        else:
            page = _Page(where, file.stem, _language(tree) or language, _address(tree))
            _take(found, page, tree, detect, alone=file == path)
        advance()
    return found


def _files(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.suffix.lower() in ENDINGS
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def _parsed(path: Path) -> HtmlElement:
    """Parse a page as UTF-8.

    Raises:
        FieldError: When it is too large, not UTF-8, or empty.
    """
    try:
        if path.stat().st_size > MAX_FILE:
            raise FieldError("", f"larger than {MAX_FILE:,} bytes.", "Split the page.")
        raw = path.read_bytes()
    except OSError as error:
        raise FieldError("", f"not readable ({error.strerror}).", "Check its rights.") from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FieldError("", f"not UTF-8 at byte {error.start}.", "Save it as UTF-8.") from error
    try:
        # From bytes again: text with a declaration of another encoding is refused.
        return document_fromstring(text.encode(), HTMLParser(encoding="utf-8", huge_tree=True))
    except (ParserError, ValueError) as error:
        raise FieldError("", "an empty page.", "Leave the file out.") from error


def _take(
    found: Gathered, page: _Page, tree: HtmlElement, detect: Detect | None, *, alone: bool
) -> None:
    """Take the questions of one page."""
    from_json, faults = marked_in_json(tree, page.where)
    found.faults.extend(faults)
    known = {_same(one.question) for one in from_json}
    from_html = [one for one in marked_in_html(tree) if _same(one.question) not in known]
    marked = [*from_json, *from_html]
    if not marked and not faults:
        if alone:
            fix = "Mark the questions up, or write them as a table with title and body."
            found.faults.append(Fault(page.where, "no schema.org FAQPage is in it.", fix))
        else:
            found.skipped.append(Skip(page.where, "pages without a FAQPage"))
    for number, one in enumerate(marked, start=1):
        where = f"{page.where}, question {number}"
        article_id = _id(page, one)
        try:
            found.placed.append((where, _article(page, one, article_id, detect)))
        except FieldError as error:
            found.faults.append(
                Fault(where, error.problem, error.fix, error.field, article_id=article_id)
            )


def _article(page: _Page, one: Marked, article_id: str, detect: Detect | None) -> Article:
    title = plain_line(one.question)
    body = to_markdown(one.answer)
    if not title:
        raise FieldError("title", "the question has no name.", "Give it a name.")
    if not body:
        raise FieldError("body", "the question has no acceptedAnswer with a text.", "Answer it.")
    language = one.language or page.language
    if not language and detect:
        language = detect(f"{title}\n{body}")
    fields = {"id": article_id, "title": title, "url": _url(page, one)}
    return make_article(fields, body, language)


def _same(question: str) -> str:
    return plain_line(question).casefold()


def _id(page: _Page, one: Marked) -> str:
    """Name a question: by its own id where it has one, else by its words.

    Pages of one name in several languages whose questions have the same ids are translations.
    """
    fragment = urldefrag(one.id).fragment or one.id
    if fragment:
        return f"{page.stem}/{fragment}"[: LIMITS["id"]]
    words = "-".join(_WORD.findall(unicodedata.normalize("NFKC", plain_line(one.question))))
    slug = words.casefold()
    if len(slug) > _SLUG:
        digest = hashlib.sha256(slug.encode()).hexdigest()[:8]
        slug = f"{slug[:_SLUG]}-{digest}"
    return f"{page.stem}/{slug}"


def _url(page: _Page, one: Marked) -> str | None:
    """Return the address of a question, as far as the page tells it."""
    given = one.url or (one.id if "://" in one.id else "")
    address = urljoin(page.url, given) if given else page.url
    usable = address.startswith(("https://", "http://")) and not re.search(r"\s", address)
    return address if usable and len(address) <= LIMITS["url"] else None


def _language(tree: HtmlElement) -> str:
    tag = next(iter(tree.xpath("/html/@lang")), "")
    return str(tag).strip()


def _address(tree: HtmlElement) -> str:
    links: Iterator[str] = iter(tree.xpath("//link[@rel='canonical']/@href"))
    return str(next(links, "")).strip()
