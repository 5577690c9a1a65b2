"""The inbox: what waits, dearest first, kept up to date while it is open."""

from datetime import UTC, datetime
from typing import get_args

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from triage.access.doors import needs
from triage.console.context import console_of, visit_of
from triage.console.door import ConsoleRoute
from triage.console.pages import Page
from triage.console.rendering import page
from triage.console.waiting import OPEN, STATES, Wanted, queue
from triage.domain import Channel, DecisionKind
from triage.storage.inbox import read_newest

WINDOW = 2_000
"""Newest messages that are looked through; the page says so."""
PER_PAGE = 50
MAX_SEARCH = 200
CHANNELS = (*get_args(Channel), "none")
DECISIONS: tuple[str, ...] = get_args(DecisionKind)

router = APIRouter(route_class=ConsoleRoute, include_in_schema=False)
PAGE = Page("inbox", "/console/inbox", "feedback", "i", router)


@router.get("/console/inbox")
@needs("feedback")
async def inbox(request: Request) -> Response:
    """Show a page of the queue."""
    console, wanted = console_of(request), _wanted(request)
    brand = visit_of(request).who.brand
    items = await console.stored(read_newest, console.service.store.engine, brand, WINDOW)
    found = queue(items, console.targets, datetime.now(UTC), wanted)
    pages = max(1, -(-len(found) // PER_PAGE))
    at = min(_page_number(request), pages)
    pipeline = console.service.pipeline
    return page(
        request,
        "inbox.html",
        rows=found[(at - 1) * PER_PAGE : at * PER_PAGE],
        found=len(found),
        late=sum(one.late for one in found),
        seen=len(items),
        window=WINDOW,
        at=at,
        last=pages,
        wanted=wanted,
        filters=_filters(wanted),
        states=STATES,
        tasks={task: pipeline.labeler.labels(task) for task in pipeline.labeler.tasks},
        known_languages=pipeline.bundle.manifest.languages,
        channels=CHANNELS,
        decisions=DECISIONS,
        keeps=console.service.settings.store_text,
        now=datetime.now(UTC),
    )


@router.get("/console/live")
@needs("feedback")
async def live(request: Request) -> Response:
    """Tell an open page that something is new, without saying what."""
    stream = console_of(request).hub.listen(visit_of(request).who.brand)
    headers = {"X-Accel-Buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


def _wanted(request: Request) -> Wanted:
    given = request.query_params
    state = given.get("state", OPEN)
    return Wanted(
        state if state in STATES else OPEN,
        given.get("label", ""),
        given.get("language", ""),
        given.get("channel", ""),
        given.get("decision", ""),
        given.get("q", "")[:MAX_SEARCH],
    )


def _filters(wanted: Wanted) -> dict[str, object]:
    """Return the filters as a link writes them; what is usual is left out."""
    return {
        "state": "" if wanted.state == OPEN else wanted.state,
        "label": wanted.label,
        "language": wanted.language,
        "channel": wanted.channel,
        "decision": wanted.decision,
        "q": wanted.search,
    }


def _page_number(request: Request) -> int:
    given = request.query_params.get("page", "")
    return max(1, int(given)) if given.isdecimal() and len(given) < 6 else 1  # noqa: PLR2004 - digits
