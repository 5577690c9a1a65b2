"""Which bundle answers, which may, and what stands against putting one live."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException

from triage.access.doors import needs
from triage.bundle.gate import Breach, load_gate, recorded
from triage.bundle.moves import Signature, history
from triage.bundle.promotion import Bench, examine, promote, rollback
from triage.bundle.registry import CHALLENGER, CHAMPION, PREVIOUS
from triage.bundle.state import state_of
from triage.console.analysis import analyst_of
from triage.console.context import console_of, visit_of
from triage.console.door import ConsoleRoute, form_of
from triage.console.pages import Page
from triage.console.rendering import page
from triage.errors import BundleError, GateError, InputError
from triage.insights.analyst import Analyst
from triage.insights.disagreements import Contest
from triage.insights.texts import Kept
from triage.service import Service

SHOWN = 20
"""Moves listed, the newest first."""
PROMOTE = "models:promote"
REPORT = "report.html"
MAX_WHY = 1_000
REPORT_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "frame-ancestors 'none'; sandbox"
}
"""A report is one file with its styles inside; whatever else stands in it does not run."""

router = APIRouter(route_class=ConsoleRoute, include_in_schema=False)
PAGE = Page("models", "/console/models", "models:read", "m", router)


@dataclass(frozen=True, slots=True)
class Side:
    """Recorded figures of one task: the champion's and another bundle's."""

    task: str
    profile: str
    f1: tuple[float | None, float | None]
    ece: tuple[float | None, float | None]


@router.get("/console/models")
@needs("models:read")
async def models(request: Request) -> Response:
    """Show what answers, all bundles and the last moves."""
    console = console_of(request)
    service = console.service
    state = await console.stored(state_of, service.registry)
    moves = await console.stored(history, service.registry)
    compared = service.monitor.shadow.comparison()
    return page(
        request,
        "models.html",
        serving=service.pipeline.model,
        fault=service.bundle_fault,
        state=state,
        champion=state.aliases.get(CHAMPION),
        challenger=state.aliases.get(CHALLENGER),
        challenger_fault=service.monitor.shadow.fault,
        previous=state.aliases.get(PREVIOUS),
        compared=compared,
        moves=moves[: -SHOWN - 1 : -1],
        may_move=PROMOTE in visit_of(request).who.scopes,
        done=request.query_params.get("done", ""),
    )


@router.get("/console/models/disagreements")
@needs("models:read")
async def disagreements(request: Request) -> Response:
    """List what champion and challenger label differently, what is most worth a label first."""
    console, brand = console_of(request), visit_of(request).who.brand
    contest, texts, rival = await console.stored(
        _contest, console.service, analyst_of(request), brand
    )
    return page(
        request,
        "disagreements.html",
        contest=contest,
        texts=texts,
        rival=rival,
        champion=console.service.pipeline.bundle.id,
        keeps=console.service.settings.store_text,
    )


@router.get("/console/models/bundles/{name}")
@needs("models:read")
async def bundle(request: Request, name: str) -> Response:
    """Show a bundle beside the champion, and what the gate says of it."""
    return await _bundle_page(request, name)


@router.get("/console/models/bundles/{name}/report")
@needs("models:read")
async def report(request: Request, name: str) -> Response:
    """Show the report that was written when the bundle was made."""
    console = console_of(request)
    text = await console.stored(_report, console.service, name)
    return HTMLResponse(text, headers=REPORT_HEADERS)


@router.post("/console/models/promote")
@needs("models:promote")
async def put_live(request: Request) -> Response:
    """Make a bundle the champion if the gate lets it."""
    console, form = console_of(request), form_of(request)
    name = form.get("bundle", "")
    _confirmed(form)
    try:
        await console.stored(_promote, console.service, _signature(request), form)
    except GateError:
        # The page names every reason, rule by rule.
        return await _bundle_page(request, name, HTTPStatus.CONFLICT)
    return RedirectResponse("/console/models?done=promoted", HTTPStatus.SEE_OTHER)


@router.post("/console/models/rollback")
@needs("models:promote")
async def take_back(request: Request) -> Response:
    """Make the previous bundle the champion again."""
    console, form = console_of(request), form_of(request)
    _confirmed(form)
    await console.stored(_rollback, console.service, _signature(request), form)
    return RedirectResponse("/console/models?done=rolled_back", HTTPStatus.SEE_OTHER)


async def _bundle_page(request: Request, name: str, status: int = HTTPStatus.OK) -> Response:
    console = console_of(request)
    service = console.service
    values = await console.stored(_bundle, service, name)
    may_move = PROMOTE in visit_of(request).who.scopes
    return page(
        request, "bundle.html", status, refused=status == HTTPStatus.CONFLICT,
        may_move=may_move, **values,
    )  # fmt: skip


def _bundle(service: Service, name: str) -> dict[str, Any]:
    registry = service.registry
    found, aliases = registry.bundle_id(name), registry.aliases()
    champion = aliases.get(CHAMPION)
    breaches: list[Breach] = []
    if found != champion:
        breaches = examine(_bench(service), found, champion)
    folder = registry.find(found)
    return {
        "bundle": next(one for one in state_of(registry).bundles if one.id == found),
        "champion": champion,
        "breaches": breaches,
        "sides": _sides(service, champion, found),
        "has_report": (folder / REPORT).is_file(),
    }


def _sides(service: Service, champion: str | None, other: str) -> list[Side]:
    figures = [_recorded(service, name) for name in (champion, other)]
    places = sorted({(p, t) for one in figures for p, tasks in one.items() for t in tasks})
    out = []
    for profile, task in places:
        known = [one.get(profile, {}).get(task) for one in figures]
        f1 = tuple(one[0] if one else None for one in known)
        ece = tuple(one[1] if one else None for one in known)
        out.append(Side(task, profile, (f1[0], f1[1]), (ece[0], ece[1])))
    return out


def _recorded(
    service: Service, name: str | None
) -> Mapping[str, Mapping[str, tuple[float | None, float]]]:
    """Return the recorded macro F1 and ECE by profile and task; nothing where none can be read."""
    if name is None:
        return {}
    try:
        found = recorded(service.registry.find(name))
    except BundleError:
        return {}
    return {
        profile: {
            task: (_mean([one.f1 for one in figures.per_label.values()]), figures.ece)
            for task, figures in tasks.items()
        }
        for profile, tasks in found.profiles.items()
    }


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _report(service: Service, name: str) -> str:
    # Only bundles that the registry lists, so that no other file can be read.
    path = service.registry.find(service.registry.bundle_id(name)) / REPORT
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise HTTPException(404) from None


def _contest(
    service: Service, analyst: Analyst, brand: str | None
) -> tuple[Contest | None, Mapping[int, Kept], str | None]:
    rival = service.monitor.shadow.pipeline
    if rival is None:
        return None, {}, service.registry.aliases().get(CHALLENGER)
    contest = analyst.contest(brand, rival)
    texts = analyst.texts([one.number for one in contest.queue], brand)
    return contest, {one.number: one for one in texts}, rival.bundle.id


def _promote(service: Service, signature: Signature, form: Mapping[str, str]) -> None:
    expected = form.get("expected") or None
    promote(_bench(service), form.get("bundle", ""), signature, expected=expected)


def _rollback(service: Service, signature: Signature, form: Mapping[str, str]) -> None:
    rollback(_bench(service), signature, expected=form.get("expected") or None)


def _signature(request: Request) -> Signature:
    who = visit_of(request).who
    why = form_of(request).get("why", "")[:MAX_WHY]
    return Signature(who.name or "console", why, "console")


def _confirmed(form: Mapping[str, str]) -> None:
    if form.get("confirm") != "yes":
        raise InputError(
            "Nothing was changed: the box that says you are sure was not ticked.",
            fix="Go back, tick it and send the form again.",
            field="confirm",
        )


def _bench(service: Service) -> Bench:
    settings = service.settings
    # Read each time, so that a bound can be changed without a restart.
    gate = load_gate(settings.gate)
    return Bench(service.registry, settings.encoders, gate, settings.profile)
