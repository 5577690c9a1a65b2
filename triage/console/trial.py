"""Try any message: what would be answered, recorded only where that is chosen."""

from dataclasses import replace
from http import HTTPStatus
from uuid import uuid4

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from triage.access.doors import needs
from triage.console.answers import found_proposals, found_tasks
from triage.console.context import Console, console_of, visit_of
from triage.console.door import ConsoleRoute, form_of
from triage.console.inbox import CHANNELS
from triage.console.pages import Page
from triage.console.reading import blocks
from triage.console.rendering import page
from triage.domain import Channel, Context, Message, Options, TriageResult
from triage.errors import TooLargeError
from triage.storage.inbox import read_number
from triage.text.limits import MAX_TEXT, check_limits

SUGGESTIONS = 3

router = APIRouter(route_class=ConsoleRoute, include_in_schema=False)
PAGE = Page("try", "/console/try", "classify", "t", router)


@router.get("/console/try")
@needs("classify")
async def empty(request: Request) -> Response:
    """Show the box."""
    return _page(request, Message(""), None)


@router.post("/console/try")
@needs("classify")
async def attempt(request: Request) -> Response:
    """Answer what was pasted; recorded, it becomes a message of the inbox."""
    console, form, visit = console_of(request), form_of(request), visit_of(request)
    # The id is chosen here, so that the row can be found again.
    told = Message(
        form.get("text", ""),
        id=f"console-{uuid4().hex[:12]}",
        channel=_channel(form.get("channel", "")),
        context=Context(brand=visit.who.brand),
    )
    if not told.text.strip():
        return _page(request, told, None, HTTPStatus.UNPROCESSABLE_ENTITY, "try.nothing")
    try:
        check_limits(told)
    except TooLargeError:
        return _page(request, told, None, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "error.too_large")
    if not form.get("record"):
        return _page(request, told, await console.labelled(_ask, console, told))
    await console.labelled(console.service.classify, [told], _options(explain=False), durable=True)
    engine = console.service.store.engine
    number = await console.stored(read_number, engine, visit.who.brand, told.id)
    return RedirectResponse(f"/console/messages/{number}", HTTPStatus.SEE_OTHER)


def _ask(console: Console, told: Message) -> TriageResult:
    return console.service.pipeline.run([told], _options(explain=True))[0]


def _page(
    request: Request,
    told: Message,
    found: TriageResult | None,
    status: HTTPStatus = HTTPStatus.OK,
    fault: str = "",
) -> Response:
    labeler = console_of(request).service.pipeline.labeler
    known = {task: labeler.labels(task) for task in labeler.tasks}
    return page(
        request,
        "try.html",
        status,
        told=replace(told, text=told.text[:MAX_TEXT]),
        found=found,
        fault=fault,
        blocks=blocks(told.text, "text", found.labels, found.removed) if found else (),
        tasks=found_tasks(found, known) if found else (),
        proposals=found_proposals(found),
        channels=CHANNELS,
        longest=MAX_TEXT,
        keeps=console_of(request).service.settings.store_text,
    )


def _options(*, explain: bool) -> Options:
    return Options(suggestions=SUGGESTIONS, explain=explain)


def _channel(given: str) -> Channel | None:
    known: dict[str, Channel] = {
        "email": "email",
        "chat": "chat",
        "social": "social",
        "phone": "phone",
        "video": "video",
        "web_form": "web_form",
    }
    return known.get(given)
