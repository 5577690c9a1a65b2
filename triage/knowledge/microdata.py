"""Find the questions of a schema.org FAQPage in the microdata of a page.

Source of the rules: HTML Living Standard, section 5 (Microdata).
"""

from collections.abc import Iterator

from lxml.html import HtmlElement, tostring

from triage.knowledge.json_ld import Marked


def marked_in_html(tree: HtmlElement) -> Iterator[Marked]:
    """Yield the questions of every FAQPage in the order they stand."""
    within: set[HtmlElement] = set()
    for page in tree.xpath("//*[@itemscope]"):
        if page in within or not _is_of(page, "FAQPage"):
            continue
        for one in page.iterdescendants():
            if _is_of(one, "FAQPage"):
                # Its questions are the outer page's too, and taken once.
                within.add(one)
            elif _is_of(one, "Question") and _has(one, "mainEntity"):
                yield _marked(one)


def _marked(question: HtmlElement) -> Marked:
    answers = [
        _html(text) for answer in _of(question, "acceptedAnswer") for text in _of(answer, "text")
    ]
    names = [_html(name) for name in _of(question, "name")]
    urls = [_address(one) for one in _of(question, "url")]
    return Marked(
        question=next(filter(None, names), ""),
        answer="\n".join(answers),
        id=question.get("itemid") or question.get("id") or "",
        url=next(filter(None, urls), ""),
        language=_language(question),
    )


def _is_of(element: HtmlElement, kind: str) -> bool:
    types = (element.get("itemtype") or "").split()
    return any(one.rstrip("/").rpartition("/")[2] == kind for one in types)


def _has(element: HtmlElement, name: str) -> bool:
    return name in (element.get("itemprop") or "").split()


def _of(item: HtmlElement, name: str) -> Iterator[HtmlElement]:
    """Yield the elements that are a property of an item, and not of another within it."""
    waiting = list(item)[::-1]
    while waiting:
        element = waiting.pop()
        if not isinstance(element.tag, str):
            continue
        if _has(element, name):
            yield element
        if element.get("itemscope") is None:
            waiting += list(element)[::-1]


def _html(element: HtmlElement) -> str:
    """Return what an element holds, as HTML; of a meta element its content."""
    if element.get("content") is not None:
        return str(element.get("content"))
    return str(tostring(element, encoding="unicode", with_tail=False))


def _address(element: HtmlElement) -> str:
    return str(element.get("href") or element.get("content") or "").strip()


def _language(element: HtmlElement) -> str:
    """Return the language of an element by its own mark or that of what holds it."""
    held = [element, *element.iterancestors()]
    return next((str(one.get("lang")) for one in held if one.get("lang")), "")
