"""A message: its text, its labels to set, its suggestions to use, and others like it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from triage.access.doors import needs
from triage.console import inbox
from triage.console.answers import found_proposals, recorded_proposals, recorded_tasks
from triage.console.context import Console, console_of, visit_of
from triage.console.door import ConsoleRoute
from triage.console.feedback import nonce
from triage.console.reading import blocks
from triage.console.rendering import page
from triage.console.similar import LOOKED_THROUGH, Similar
from triage.console.waiting import Wanted, queue, waiting
from triage.domain import Article, Context, Message, Options, TriageResult
from triage.errors import OverloadedError
from triage.storage.inbox import Item, read_item, read_newest
from triage.suggest.filters import ArticleTable
from triage.suggest.query import Filters

SOUGHT = 10
"""Suggestions asked for, so that those recorded before are found among them."""

router = APIRouter(route_class=ConsoleRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Anew:
    """What the live pipeline says about a stored text; ``busy`` where it had no time to."""

    found: TriageResult | None = None
    similar: tuple[Similar, ...] = ()
    busy: bool = False


@router.get("/console/messages/{number}")
@needs("feedback")
async def message(request: Request, number: int) -> Response:
    """Show a message."""
    console, brand = console_of(request), visit_of(request).who.brand
    engine = console.service.store.engine
    item = await console.stored(read_item, engine, brand, number)
    if item.recorded.number != number:
        return RedirectResponse(f"/console/messages/{item.recorded.number}", HTTPStatus.SEE_OTHER)
    past = await console.stored(read_newest, engine, brand, LOOKED_THROUGH)
    anew = await _anew(console, item, [one for one in past if _other(one, item)])
    articles = await console.stored(_articles, console, item, brand)
    proposals = recorded_proposals(item, anew.found, articles)
    labeler = console.service.pipeline.labeler
    return page(
        request,
        "message.html",
        item=item,
        row=item.recorded,
        waits=waiting(item, console.targets, datetime.now(UTC)),
        blocks=_blocks(item, anew.found),
        tasks=recorded_tasks(
            item, {task: labeler.labels(task) for task in labeler.tasks}, anew.found
        ),
        proposals=proposals,
        others=found_proposals(anew.found, proposals) if not item.recorded.suggestions else (),
        anew=anew,
        other_bundle=item.recorded.bundle != console.service.pipeline.bundle.id,
        nonce=nonce(),
    )


@router.get("/console/next")
@needs("feedback")
async def next_message(request: Request) -> Response:
    """Lead to what waits most dearly, without the message that was just looked at."""
    console, brand = console_of(request), visit_of(request).who.brand
    after = request.query_params.get("after", "")
    engine = console.service.store.engine
    items = await console.stored(read_newest, engine, brand, inbox.WINDOW)
    waits = queue(items, console.targets, datetime.now(UTC), Wanted())
    others = [one.item.recorded.number for one in waits if str(one.item.recorded.number) != after]
    place = f"/console/messages/{others[0]}" if others else inbox.PAGE.path
    return RedirectResponse(place, HTTPStatus.SEE_OTHER)


async def _anew(console: Console, item: Item, past: list[Item]) -> Anew:
    """Ask the live pipeline; a service that is busy shows the message without."""
    text = item.recorded.text
    if not text or not text.strip():
        return Anew()
    try:
        return await console.labelled(_ask, console, item, text, past)
    except OverloadedError:
        return Anew(busy=True)


def _ask(console: Console, item: Item, text: str, past: list[Item]) -> Anew:
    pipeline, row = console.service.pipeline, item.recorded
    # Stored texts are clean already; what looks like a quote in one was kept before.
    told = Message(text, id=row.message_id, language=_language(row.language))
    given = replace(told, context=Context(brand=row.brand))
    found = pipeline.run([given], Options(suggestions=SOUGHT, explain=True))[0]
    return Anew(found, tuple(console.memory.find(pipeline, text, past)))


def _blocks(item: Item, found: TriageResult | None) -> tuple[object, ...]:
    """Mark the evidence of those labels that the service would still give."""
    if not item.recorded.text:
        return ()
    kept = {}
    for task, answer in item.recorded.labels.items():
        anew = found.labels.get(task) if found else None
        if anew is not None:
            kept[task] = anew if anew.label == answer["label"] else replace(anew, evidence=())
    return blocks(item.recorded.text, "text", kept)


def _articles(console: Console, item: Item, brand: str | None) -> Mapping[str, Article]:
    """Read the articles of recorded suggestions that may still be shown, by id."""
    ids = {str(one["article_id"]) for one in item.recorded.suggestions}
    languages = console.service.pipeline.bundle.manifest.languages
    preferred = sorted(languages, key=lambda code: code == item.recorded.language)
    keys = [(id_, code) for id_ in sorted(ids) for code in preferred]
    read = console.service.articles.read(keys)
    seen = item.recorded.brand if brand is None else brand
    allowed = ArticleTable.of(read).allowed(Filters(datetime.now(UTC).date(), seen))
    shown = [one for one, good in zip(read, allowed, strict=True) if good]
    return {one.id: one for one in sorted(shown, key=lambda one: preferred.index(one.language))}


def _other(one: Item, item: Item) -> bool:
    return one.recorded.message_id != item.recorded.message_id


def _language(code: str) -> str | None:
    return code if code not in {"", "und"} else None
