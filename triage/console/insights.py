"""What comes in, what the service does with it, and what is new."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, get_args

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from triage.access.doors import needs
from triage.bundle.baseline import read_baseline
from triage.console.analysis import (
    SPANS,
    USUAL_HOURS,
    WINDOWS,
    Chart,
    analyst_of,
    chosen,
    download,
    titles,
    view_of,
)
from triage.console.context import console_of, locale_of, visit_of
from triage.console.door import ConsoleRoute
from triage.console.languages import Locale
from triage.console.pages import Page
from triage.console.rendering import page
from triage.domain import Channel
from triage.insights.analyst import Analyst
from triage.insights.articles import Fate
from triage.insights.funnel import Funnel, as_mapping, breakdown, funnel
from triage.insights.moved import Moved, moved
from triage.insights.reports import Picture, SpikeReport, View
from triage.insights.series import REPLIED, Waits, balance, labels, shares, volume, waits
from triage.insights.sheets import Cell, sheet
from triage.insights.texts import Kept
from triage.service import Service
from triage.storage.self_service import read_counts

SENTIMENT = "sentiment"
EXAMPLES = 20
"""Messages of a spike that are shown; all are in its CSV."""
CHANNELS: tuple[str, ...] = get_args(Channel)

PARTS = 20
"""Languages, channels or articles in one table, the largest."""


@dataclass(frozen=True, slots=True)
class Visitors:
    """Searches of visitors of the company's own site, and their votes.

    Args:
        found: Searches that found an article.
        nothing: Those that found none.
        votes: Article, language, how often it helped and how often not; the worst first.
    """

    found: int
    nothing: int
    votes: tuple[tuple[str, str, int, int], ...]


router = APIRouter(route_class=ConsoleRoute, include_in_schema=False)
PAGE = Page("insights", "/console/insights", "models:read", "s", router)


@router.get("/console/insights")
@needs("models:read")
async def insights(request: Request) -> Response:
    """Show volume, labels, waits and the funnel."""
    console, view, locale = console_of(request), view_of(request), locale_of(request)
    service, analyst = console.service, analyst_of(request)
    picture = await console.stored(analyst.picture, view)
    drift = await console.stored(_drift, service, analyst, view.brand)
    closed = waits(picture.decisions, picture.uses, picture.period, ("closed",))
    return page(
        request,
        "insights.html",
        view=view,
        filters=_filters(view),
        spans=SPANS,
        channels=CHANNELS,
        known_languages=service.pipeline.bundle.manifest.languages,
        charts=charts_of(picture, locale),
        funnel=as_mapping(funnel(picture.decisions, picture.uses)),
        parts=_parts(picture),
        replied=waits(picture.decisions, picture.uses, picture.period, REPLIED),
        closed=closed,
        visitors=await console.stored(_visitors, service, view),
        drift=drift,
        bundle=service.pipeline.bundle.id,
        keeps=service.settings.store_text,
    )


@router.get("/console/insights/spikes")
@needs("models:read")
async def spikes(request: Request) -> Response:
    """Show topics that come up more than usual."""
    console = console_of(request)
    hours, brand = _hours(request), visit_of(request).who.brand
    report, texts = await console.stored(_spikes, analyst_of(request), brand, hours)
    return page(
        request,
        "spikes.html",
        report=report,
        texts=texts,
        hours=hours,
        windows=WINDOWS,
        keeps=console.service.settings.store_text,
    )


@router.get("/console/insights/export/{name}.csv")
@needs("models:read")
async def export(request: Request, name: str) -> Response:
    """Give one table of the page as CSV."""
    console, view, locale = console_of(request), view_of(request), locale_of(request)
    analyst = analyst_of(request)
    if name == "spikes":
        text = await console.stored(_spike_sheet, analyst, view.brand, _hours(request), locale)
    else:
        picture = await console.stored(analyst.picture, view)
        made = _sheets(picture, locale).get(name)
        if made is None:
            raise HTTPException(404)
        text = made()
    return download(f"triage-{name}-{datetime.now(UTC):%Y-%m-%d}.csv", text)


def charts_of(picture: Picture, locale: Locale) -> list[Chart]:
    """Return the charts of a picture, each named as its sentences and its CSV are."""
    decisions, period = picture.decisions, picture.period
    by_code = volume(decisions, period, decisions.language)
    out = [Chart.of("volume", by_code, titles(locale, "language", [*by_code.lines]))]
    for task in decisions.labels:
        found = labels(decisions, task, period)
        names = titles(locale, f"label.{task}", [*found.lines])
        if any(any(line) for line in found.lines.values()):
            out.append(Chart.of(f"labels-{task}", shares(found), names, "%"))
        if task == SENTIMENT:
            trend = balance(found, "positive", "negative")
            names = {"balance": locale.t("insights.balance")}
            out.append(Chart.of("trend", trend, names, "%"))
    known = {"median": locale.t("insights.median"), "slow": locale.t("insights.slow")}
    for name, kinds in (("replied", REPLIED), ("closed", ("closed",))):
        found_waits = waits(decisions, picture.uses, period, kinds)
        if found_waits.count:
            out.append(Chart.of(name, found_waits.series, known, "h"))
    return out


def _filters(view: View) -> dict[str, object]:
    return {"days": view.days, "language": view.language, "channel": view.channel}


def _visitors(service: Service, view: View) -> Visitors | None:
    """Return what visitors of the company's own site found; None where nobody asked."""
    since = (datetime.now(UTC) - timedelta(days=view.days)).date()
    counts = read_counts(service.store.engine, view.brand, since)
    votes: dict[tuple[str, str], list[int]] = {}
    for one in counts:
        if one.article_id:
            pair = votes.setdefault((one.article_id, one.language), [0, 0])
            pair[one.kind == "not_helped"] += one.count
    rows = sorted(votes.items(), key=lambda item: (-item[1][1], -item[1][0], item[0]))
    found, nothing = (
        sum(one.count for one in counts if one.kind == kind) for kind in ("found", "nothing")
    )
    listed = tuple((*key, pair[0], pair[1]) for key, pair in rows[:PARTS])
    return Visitors(found, nothing, listed) if counts else None


def _parts(picture: Picture) -> dict[str, list[tuple[str, Funnel, Fate, Waits]]]:
    """Return the funnel, what was sent of the suggestions, and the waits, for each part."""
    decisions = picture.decisions
    out = {}
    for name, column in (("language", decisions.language), ("channel", decisions.channel)):
        found = breakdown(decisions, picture.uses, column)
        out[name] = [
            (value, one, _sent(one), _waits_of(picture, name, value))
            for value, one in list(found.items())[:PARTS]
        ]
    return out


def _sent(one: Funnel) -> Fate:
    return Fate(used=one.used, edited=one.edited, rejected=one.rejected)


def _waits_of(picture: Picture, name: str, value: str) -> Waits:
    part = picture.decisions.where(getattr(picture.decisions, name).is_(value))
    return waits(part, picture.uses.of(part), picture.period, REPLIED)


def _drift(service: Service, analyst: Analyst, brand: str | None) -> list[Moved]:
    bundle = service.pipeline.bundle
    recent = analyst.picture(View(brand, 7)).decisions
    return moved(recent, bundle.id, read_baseline(bundle.folder))


def _spikes(
    analyst: Analyst, brand: str | None, hours: int
) -> tuple[SpikeReport, Mapping[int, Kept]]:
    """Find spikes, and read their messages anew each time: an erased one is not shown again."""
    report = analyst.spikes(brand, hours)
    wanted = [number for one in report.spikes for number in one.numbers[:EXAMPLES]]
    return report, {one.number: one for one in analyst.texts(wanted, brand)}


def _hours(request: Request) -> int:
    return chosen(request.query_params.get("hours"), WINDOWS, USUAL_HOURS)


def _sheets(picture: Picture, locale: Locale) -> dict[str, Callable[[], str]]:
    day = locale.t("insights.day")
    made: dict[str, Callable[[], str]] = {
        one.name: partial(one.sheet, day) for one in charts_of(picture, locale)
    }
    steps = [locale.t(f"insights.step.{name}") for name in as_mapping(Funnel())]

    def split(column: Any, prefix: str) -> str:  # noqa: ANN401 - a column of the decisions
        rows: list[list[Cell]] = [
            [locale.named(prefix, name) if name else "", *as_mapping(one).values()]
            for name, one in breakdown(picture.decisions, picture.uses, column).items()
        ]
        return sheet([locale.t(f"insights.by.{prefix}"), *steps], rows)

    def whole() -> str:
        found = as_mapping(funnel(picture.decisions, picture.uses))
        return sheet([locale.t("insights.step.title"), locale.t("insights.messages")],
                     [*zip(steps, found.values(), strict=True)])  # fmt: skip

    made["funnel"] = whole
    made["languages"] = lambda: split(picture.decisions.language, "language")
    made["channels"] = lambda: split(picture.decisions.channel, "channel")
    return made


def _spike_sheet(analyst: Analyst, brand: str | None, hours: int, locale: Locale) -> str:
    report = analyst.spikes(brand, hours)
    rows: list[list[Cell]] = []
    for at, spike in enumerate(report.spikes, start=1):
        words = ", ".join(word for found in spike.words.values() for word in found)
        for one in analyst.texts(spike.numbers, brand):
            when = one.at.isoformat(timespec="seconds")
            rows.append([at, words, one.message_id, when, one.language, one.text])
    head = [locale.t(f"insights.column.{name}") for name in _SPIKE_COLUMNS]
    return sheet(head, rows)


_SPIKE_COLUMNS = ("spike", "words", "message", "when", "language", "text")
