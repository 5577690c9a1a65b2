"""How the articles fare, what is asked in vain, and which articles say the same."""

from collections.abc import Mapping
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from triage.access.doors import needs
from triage.console.analysis import SPANS, analyst_of, download, view_of
from triage.console.context import console_of, locale_of, visit_of
from triage.console.door import ConsoleRoute
from triage.console.languages import Locale
from triage.console.pages import Page
from triage.console.rendering import page
from triage.errors import ArticleNotFoundError
from triage.insights.analyst import Analyst
from triage.insights.articles import Concern, Fate, Standing, fates
from triage.insights.reports import GapReport
from triage.insights.sheets import Cell, sheet
from triage.insights.texts import Kept
from triage.text.passages import cut

PER_PAGE = 50
DAYS = 90
MAX_SEARCH = 200
CONCERNS: tuple[Concern, ...] = (
    "expired", "expiring", "rejected", "falling", "old", "unused",
)  # fmt: skip

router = APIRouter(route_class=ConsoleRoute, include_in_schema=False)
PAGE = Page("knowledge", "/console/knowledge", "kb:read", "k", router)


@router.get("/console/knowledge")
@needs("kb:read")
async def knowledge(request: Request) -> Response:
    """List the articles with their rates and what is worth a look at them."""
    console, view = console_of(request), view_of(request, DAYS)
    everything = await console.stored(analyst_of(request).standings, view.brand, view.days)
    wanted = _wanted(request)
    found = [one for one in everything if _matches(one, wanted)]
    last = max(1, -(-len(found) // PER_PAGE))
    at = min(_page_number(request), last)
    return page(
        request,
        "knowledge.html",
        rows=found[(at - 1) * PER_PAGE : at * PER_PAGE],
        found=len(found),
        total=len(everything),
        at=at,
        last=last,
        days=view.days,
        spans=SPANS,
        filters={**wanted, "days": view.days},
        concerns=CONCERNS,
        counts={name: sum(name in one.concerns for one in everything) for name in CONCERNS},
        known_languages=sorted({one.article.language for one in everything}),
    )


@router.get("/console/knowledge/gaps")
@needs("kb:read")
async def gaps(request: Request) -> Response:
    """Show groups of questions without a good answer."""
    console, view = console_of(request), view_of(request)
    report, texts = await console.stored(_gaps, analyst_of(request), view.brand, view.days)
    return page(
        request,
        "gaps.html",
        report=report,
        texts=texts,
        days=view.days,
        spans=SPANS,
        keeps=console.service.settings.store_text,
    )


@router.get("/console/knowledge/twins")
@needs("kb:read")
async def twins(request: Request) -> Response:
    """Show articles that say nearly the same."""
    console, brand = console_of(request), visit_of(request).who.brand
    articles, found = await console.stored(analyst_of(request).twins, brand)
    pairs = [(articles[one.one], articles[one.other], one.likeness) for one in found]
    return page(request, "twins.html", pairs=pairs, total=len(articles))


@router.get("/console/knowledge/articles/{language}/{article_id:path}")
@needs("kb:read")
async def article(request: Request, language: str, article_id: str) -> Response:
    """Show one article as it is cut, with its rates."""
    console, view = console_of(request), view_of(request, DAYS)
    found = console.service.articles.get
    stored = await console.stored(found, view.brand, (article_id, language))
    if stored is None:
        raise ArticleNotFoundError(
            "There is no such article.", fix="It may have been removed since.", field="id"
        )
    picture = await console.stored(analyst_of(request).picture, view)
    known = fates(picture.decisions, picture.uses)
    return page(
        request,
        "article.html",
        stored=stored,
        article=stored.article,
        passages=[one for one in cut(stored.article) if one.kind == "block"],
        fate=known.get((article_id, language), Fate()),
        days=view.days,
    )


@router.get("/console/knowledge/export/articles.csv")
@needs("kb:read")
async def export_articles(request: Request) -> Response:
    """Give the list of articles as CSV."""
    console, view, locale = console_of(request), view_of(request, DAYS), locale_of(request)
    everything = await console.stored(analyst_of(request).standings, view.brand, view.days)
    wanted = _wanted(request)
    rows = [_article_row(one, locale) for one in everything if _matches(one, wanted)]
    head = [locale.t(f"knowledge.column.{name}") for name in _ARTICLE_COLUMNS]
    return download(_file("articles"), sheet(head, rows))


@router.get("/console/knowledge/export/gaps.csv")
@needs("kb:read")
async def export_gaps(request: Request) -> Response:
    """Give the questions of all gaps as CSV."""
    console, view, locale = console_of(request), view_of(request), locale_of(request)
    text = await console.stored(_gap_sheet, analyst_of(request), view.brand, view.days, locale)
    return download(_file("gaps"), text)


_ARTICLE_COLUMNS = (
    "id", "language", "title", "suggested", "used", "edited", "rejected", "accepted", "low",
    "high", "changed", "concerns",
)  # fmt: skip
_GAP_COLUMNS = ("gap", "words", "message", "when", "language", "text")


def _article_row(one: Standing, locale: Locale) -> list[Cell]:
    fate, (low, high) = one.fate, one.fate.interval
    share = fate.accepted / fate.judged if fate.judged else None
    return [
        one.article.id, one.article.language, one.article.title, fate.suggested, fate.used,
        fate.edited, fate.rejected, share, low if fate.judged else None,
        high if fate.judged else None, one.changed_at.date().isoformat(),
        ", ".join(locale.t(f"knowledge.concern.{name}") for name in one.concerns),
    ]  # fmt: skip


def _gaps(analyst: Analyst, brand: str | None, days: int) -> tuple[GapReport, Mapping[int, Kept]]:
    """Find gaps, and read their examples anew each time: an erased one is not shown again."""
    report = analyst.gaps(brand, days)
    wanted = [number for one in report.gaps for number in one.examples]
    return report, {one.number: one for one in analyst.texts(wanted, brand)}


def _gap_sheet(analyst: Analyst, brand: str | None, days: int, locale: Locale) -> str:
    report = analyst.gaps(brand, days)
    rows: list[list[Cell]] = []
    for at, gap in enumerate(report.gaps, start=1):
        words = ", ".join(word for found in gap.words.values() for word in found)
        for one in analyst.texts(gap.numbers, brand):
            when = one.at.isoformat(timespec="seconds")
            rows.append([at, words, one.message_id, when, one.language, one.text])
    return sheet([locale.t(f"insights.column.{name}") for name in _GAP_COLUMNS], rows)


def _wanted(request: Request) -> dict[str, str]:
    given = request.query_params
    concern = given.get("concern", "")
    return {
        "concern": concern if concern in CONCERNS else "",
        "language": given.get("language", "")[:MAX_SEARCH],
        "q": given.get("q", "")[:MAX_SEARCH],
    }


def _matches(one: Standing, wanted: Mapping[str, str]) -> bool:
    if wanted["concern"] and wanted["concern"] not in one.concerns:
        return False
    if wanted["language"] and wanted["language"] != one.article.language:
        return False
    searched = wanted["q"].casefold()
    return searched in f"{one.article.title}\n{one.article.id}".casefold()


def _file(name: str) -> str:
    return f"triage-{name}-{datetime.now(UTC):%Y-%m-%d}.csv"


def _page_number(request: Request) -> int:
    given = request.query_params.get("page", "")
    return max(1, int(given)) if given.isdecimal() and len(given) < 6 else 1  # noqa: PLR2004 - digits
