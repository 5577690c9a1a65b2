"""Find the questions of a schema.org FAQPage in the JSON-LD of a page."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from lxml.html import HtmlElement

from triage.knowledge.faults import Fault

MAX_NODES = 100_000
"""Objects and lists of one block that are looked at."""
_FIX = "Test the page with validator.schema.org."


class Marked(NamedTuple):
    """A question as a page marks it up; the answer is HTML or plain text."""

    question: str
    answer: str
    id: str = ""
    url: str = ""
    language: str = ""


def marked_in_json(tree: HtmlElement, where: str) -> tuple[list[Marked], list[Fault]]:
    """List the questions of every FAQPage in the JSON-LD of a page; a broken block is a fault."""
    marked: list[Marked] = []
    faults: list[Fault] = []
    scripts = (one for one in tree.iter("script") if _is_json_ld(one.get("type") or ""))
    for number, script in enumerate(scripts, start=1):
        try:
            content = json.loads(script.text_content(), strict=False)
        except (ValueError, RecursionError) as error:
            line = f" in line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
            place = f"{where}, JSON-LD block {number}"
            faults.append(Fault(place, f"no valid JSON{line}.", _FIX))
            continue
        marked += _questions(content)
    return marked, faults


def _is_json_ld(kind: str) -> bool:
    return kind.partition(";")[0].strip().lower() == "application/ld+json"


def _questions(content: object) -> Iterator[Marked]:
    nodes = list(_nodes(content))
    by_id = {_text(node.get("@id")): node for node in nodes if len(node) > 1}
    for page in nodes:
        if "FAQPage" not in _types(page):
            continue
        for entity in _listed(page.get("mainEntity")):
            yield _marked(_resolved(entity, by_id), by_id, _text(page.get("inLanguage")))


def _marked(node: Mapping[str, Any], by_id: Mapping[str, Mapping[str, Any]], said: str) -> Marked:
    answers = [_resolved(one, by_id) for one in _listed(node.get("acceptedAnswer"))]
    return Marked(
        question=_text(node.get("name")) or _text(node.get("text")),
        answer="\n".join(filter(None, (_text(one.get("text")) for one in answers))),
        id=_text(node.get("@id")),
        url=_text(node.get("url")),
        language=_text(node.get("inLanguage")) or said,
    )


def _resolved(node: Mapping[str, Any], by_id: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return what a mere reference names, where the page holds it."""
    return by_id.get(_text(node["@id"]), node) if set(node) == {"@id"} else node


def _nodes(content: object) -> Iterator[Mapping[str, Any]]:
    """Yield every object in the order they stand, without recursion."""
    waiting: list[object] = [content]
    for _ in range(MAX_NODES):
        if not waiting:
            return
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting += reversed(list(node.values()))
        elif isinstance(node, list):
            waiting += reversed(node)


def _types(node: Mapping[str, Any]) -> set[str]:
    given = node.get("@type")
    names = given if isinstance(given, list) else [given]
    return {str(name).rstrip("/").rpartition("/")[2].rpartition(":")[2] for name in names}


def _listed(value: object) -> list[Mapping[str, Any]]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict)]


def _text(value: object) -> str:
    """Return a text, also where it carries its language: ``{"@value": ..., "@language": ...}``."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict):
        value = value.get("@value") or value.get("alternateName")
    return value.strip() if isinstance(value, str) else ""
