"""Read a Zendesk Help Center from the JSON pages of its API, as they were saved into a folder.

Source of the fields: developer.zendesk.com, Help Center API, articles and translations. Drafts and
hidden translations are left out. An article of a user segment is internal: whom a segment lets in
is the help centre's matter, and all that is not for everyone must not reach everyone.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from triage.domain import Article
from triage.knowledge.checks import FieldError, language_code, make_article
from triage.knowledge.faults import Fault
from triage.knowledge.gathered import Gathered, Skip
from triage.knowledge.html_body import to_markdown

MAX_FILE = 200_000_000
"""Largest accepted page, in bytes."""
DRAFTS = "drafts"
HIDDEN = "hidden translations"
AGAIN = "articles that stand on several pages"
SECOND = "further locales of a language"
OTHER = "files without articles"

_Json = Mapping[str, Any]


class _Text(NamedTuple):
    """An article in one locale, with the place it stood at."""

    where: str
    article: _Json
    text: _Json

    @property
    def locale(self) -> str:
        """Its locale, such as ``en-us``."""
        return str(self.text.get("locale") or self.article.get("locale") or "").lower()


@dataclass(slots=True)
class _Pages:
    """What the pages of one list say about their number."""

    seen: set[int] = field(default_factory=set)
    count: int = 0
    files: int = 0
    going_on: int = 0


def read_help_center(path: Path, advance: Callable[[], None] = lambda: None) -> Gathered:
    """Read one page, or every ``.json`` file below a folder.

    Args:
        path: File or folder.
        advance: Called after each file.
    """
    found = Gathered()
    texts: list[_Text] = []
    apart: dict[str, list[_Json]] = defaultdict(list)
    pages: dict[tuple[str, str], _Pages] = defaultdict(_Pages)
    for file in [path] if path.is_file() else _files(path):
        where = file.name if file == path else file.relative_to(path).as_posix()
        try:
            payload = _load(file)
        except FieldError as error:
            found.faults.append(Fault(where, error.problem, error.fix))
        else:
            listed = _articles(payload)
            translations = _objects(payload, "translations", "translation")
            for one in translations:
                apart[str(one.get("source_id"))].append(one)
            texts += (_Text(where, one, one) for one in listed)
            if not (listed or translations):
                found.skipped.append(Skip(where, OTHER))
            _note(pages, where, payload, listed)
            found.faults.extend(_of_changes_alone(where, payload))
        advance()
    found.faults.extend(_missing(pages))
    _take(found, texts, apart)
    if path.is_file() and not texts and not found.faults:
        fix = "Give the answer of /api/v2/help_center/articles.json."
        found.faults.append(Fault(path.name, "no articles are in it.", fix))
    return found


def _files(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.rglob("*.json"))
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def _load(path: Path) -> _Json:
    """Read one page.

    Raises:
        FieldError: When it is too large or no JSON object.
    """
    try:
        if path.stat().st_size > MAX_FILE:
            raise FieldError("", f"larger than {MAX_FILE:,} bytes.", "Save it in pages.")
        payload = json.loads(path.read_bytes())
    except OSError as error:
        raise FieldError("", f"not readable ({error.strerror}).", "Check its rights.") from error
    except (ValueError, RecursionError) as error:
        line = f" in line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise FieldError("", f"no valid JSON{line}.", "Download the page again.") from error
    if isinstance(payload, list):
        payload = {"articles": payload}
    if not isinstance(payload, dict):
        raise FieldError("", "no page of a help centre.", "Download the page again.")
    return payload


def _objects(payload: _Json, many: str, one: str) -> list[_Json]:
    items = payload.get(many)
    items = items if isinstance(items, list) else [payload.get(one)]
    return [item for item in items if isinstance(item, dict)]


def _articles(payload: _Json) -> list[_Json]:
    return _objects(payload, "articles", "article")


def _note(
    pages: Mapping[tuple[str, str], _Pages], where: str, payload: _Json, listed: list[_Json]
) -> None:
    """Remember which page of how many this is."""
    locale = str(listed[0].get("locale", "")) if listed else ""
    known = pages[where.rpartition("/")[0], locale]
    meta = payload.get("meta")
    known.files += 1
    number, count = payload.get("page"), payload.get("page_count")
    if isinstance(number, int) and isinstance(count, int):
        known.seen.add(number)
        known.count = max(known.count, count)
    elif isinstance(meta, dict) and meta.get("has_more") is True:
        known.going_on += 1


def _missing(pages: Mapping[tuple[str, str], _Pages]) -> Iterator[Fault]:
    for (folder, locale), known in pages.items():
        where = "/".join(filter(None, (folder, locale))) or "the folder"
        lacking = next((n for n in range(1, known.count + 1) if n not in known.seen), None)
        fix = "Download it; until all pages are there, no article is deleted."
        if lacking:
            problem = f"page {lacking} of {known.count} is missing."
            yield Fault(where, problem, fix)
        elif known.files and known.going_on == known.files:
            yield Fault(where, "the last page is missing.", fix)


def _of_changes_alone(where: str, payload: _Json) -> Iterator[Fault]:
    if "end_time" in payload and "articles" in payload:
        fix = "Download /api/v2/help_center/articles.json, so that deletions can be told."
        yield Fault(where, "an incremental export holds only what changed.", fix)


def _take(found: Gathered, texts: list[_Text], apart: Mapping[str, list[_Json]]) -> None:
    """Turn every article in every language into one of ours."""
    chosen: dict[tuple[str, str], _Text] = {}
    for one in _all_texts(texts, apart):
        article_id = str(one.article.get("id") or "").strip()
        place = f"{one.where}, article {article_id or '(no id)'}"
        reason = _left_out(one)
        if reason:
            found.skipped.append(Skip(place, reason))
            continue
        try:
            key = (article_id, language_code(one.locale))
        except FieldError as error:
            found.faults.append(
                Fault(place, error.problem, error.fix, "locale", article_id=article_id)
            )
            continue
        other = chosen.get(key)
        if other is None:
            chosen[key] = one
            continue
        chosen[key] = max(one, other, key=_rank)
        if one.text is not other.text:
            reason = AGAIN if one.locale == other.locale else SECOND
            found.skipped.append(Skip(place, reason))
    for (article_id, language), one in chosen.items():
        place = f"{one.where}, article {article_id} ({one.locale})"
        try:
            found.placed.append((place, _article(one, article_id, language)))
        except FieldError as error:
            found.faults.append(
                Fault(place, error.problem, error.fix, error.field, article_id=article_id)
            )


def _all_texts(texts: list[_Text], apart: Mapping[str, list[_Json]]) -> Iterator[_Text]:
    """Yield articles with the translations that stand in them or beside them."""
    done: set[str] = set()
    for one in texts:
        yield one
        within = one.article.get("translations")
        for text in within if isinstance(within, list) else ():
            if isinstance(text, dict) and text.get("locale") != one.article.get("locale"):
                yield _Text(one.where, one.article, text)
        name = str(one.article.get("id"))
        if name not in done:
            done.add(name)
            for text in apart.get(name, ()):
                if text.get("locale") != one.article.get("locale"):
                    yield _Text(one.where, one.article, text)


def _left_out(one: _Text) -> str:
    if one.text.get("draft", one.article.get("draft")) is True:
        return DRAFTS
    return HIDDEN if one.text.get("hidden") is True else ""


def _rank(one: _Text) -> tuple[bool, bool, str, int]:
    """Prefer the locale that the article was written in, then the plain one, then the newest."""
    written = str(one.article.get("source_locale") or "").lower()
    newest = str(one.text.get("updated_at") or one.article.get("updated_at") or "")
    return one.locale == written, "-" not in one.locale, newest, -len(one.locale)


def _article(one: _Text, article_id: str, language: str) -> Article:
    text, article = one.text, one.article
    title, body = text.get("title") or text.get("name"), text.get("body")
    if not isinstance(body, str) or not body.strip():
        raise FieldError("body", "the body is empty.", "Write it, or make it a draft.")
    tags = article.get("label_names")
    fields = {
        "id": article_id,
        "title": title,
        "url": text.get("html_url") or article.get("html_url"),
        "tags": tags if isinstance(tags, list) else None,
        "visibility": "internal" if _is_restricted(article) else "public",
    }
    return make_article(fields, to_markdown(body), language)


def _is_restricted(article: _Json) -> bool:
    return article.get("user_segment_id") is not None or bool(article.get("user_segment_ids"))
