"""What agents do on a message's page, recorded as feedback; a form sent twice is written once."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from triage.access.doors import needs
from triage.console.context import Console, console_of, visit_of
from triage.console.door import TOKEN, ConsoleRoute, form_of
from triage.console.visits import Visit
from triage.errors import InputError
from triage.storage.feedback import Event, Feedback, Use
from triage.storage.idempotency import Attempt, fingerprint
from triage.storage.inbox import Item, read_item
from triage.text.limits import MAX_TEXT
from triage.writes.base import Asker

MAX_USES = 10

router = APIRouter(route_class=ConsoleRoute, include_in_schema=False)


def nonce() -> str:
    """Name a page that was rendered, so that a form of it counts once however often it is sent."""
    return secrets.token_urlsafe(12)


@dataclass(frozen=True, slots=True)
class Did:
    """What an agent did, besides saying it is about which message."""

    labels: Mapping[str, str] | None = None
    uses: tuple[Use, ...] = ()
    final: Mapping[str, str] | None = None


NOTHING = Did()
"""There was nothing to record."""
Doing = Callable[[Item], Did]


@router.post("/console/messages/{number}/label")
@needs("feedback")
async def label(request: Request, number: int) -> Response:
    """Set the label of one task."""
    task, _, chosen = form_of(request).get("label", "").partition(":")
    return await _recorded(request, number, lambda _: Did(labels={task: chosen}))


@router.post("/console/messages/{number}/confirm")
@needs("feedback")
async def confirm(request: Request, number: int) -> Response:
    """Say that all labels are right as they are."""
    return await _recorded(request, number, lambda item: Did(labels=_labels(item)))


@router.post("/console/messages/{number}/done")
@needs("feedback")
async def done(request: Request, number: int) -> Response:
    """Say that the ticket is closed with the labels as they are."""
    return await _recorded(request, number, lambda item: Did(final=_labels(item)))


@router.post("/console/messages/{number}/suggestion")
@needs("feedback")
async def suggestion(request: Request, number: int) -> Response:
    """Say what became of a suggestion."""
    form = form_of(request)
    sent = form.get("sent_text", "").strip()
    if len(sent) > MAX_TEXT:
        raise InputError("The reply is too long.", fix=f"{MAX_TEXT} characters are allowed.")
    rejected = form.get("event") == "rejected"
    event: Event = "used" if sent == form.get("draft", "").strip() else "edited"
    use = Use(form.get("passage_id", ""), event, sent or None)
    if rejected:
        use = Use(use.passage_id, "rejected")
    return await _recorded(request, number, lambda _: Did(uses=(use,)))


@router.post("/console/messages/{number}/displayed")
@needs("feedback")
async def displayed(request: Request, number: int) -> Response:
    """Say which suggestions an agent saw; the same ones are recorded once for each agent."""
    named = form_of(request).get("passages", "").split("\n")[:MAX_USES]

    def did(item: Item) -> Did:
        known = {str(one["passage_id"]) for one in item.recorded.suggestions}
        events = item.outcome.events if item.outcome else {}
        new = [one for one in named if one in known and one not in events]
        return Did(uses=tuple(Use(one, "displayed") for one in new)) if new else NOTHING

    return await _recorded(request, number, did)


async def _recorded(request: Request, number: int, did: Doing) -> Response:
    console, visit = console_of(request), visit_of(request)
    told = {name: value for name, value in form_of(request).items() if name != TOKEN}
    # What was asked for is named by all of it, so that another text is another attempt.
    name = fingerprint(json.dumps([request.url.path, sorted(told.items())]).encode())
    attempt = Attempt(f"console {name}", name, visit.who.key_id)
    await console.stored(_record, console, visit, number, did, attempt)
    if request.headers.get("x-requested-with") == "fetch":
        return Response(status_code=HTTPStatus.NO_CONTENT)
    return RedirectResponse(f"/console/messages/{number}", HTTPStatus.SEE_OTHER)


def _record(console: Console, visit: Visit, number: int, did: Doing, attempt: Attempt) -> None:
    service, caller = console.service, visit.who
    item = read_item(service.store.engine, caller.brand, number)
    what = did(item)
    if what == NOTHING:
        return
    if not (what.labels or what.uses or what.final):
        raise InputError("There is no label yet.", fix="Set one first.", field="label")
    given = Feedback(item.recorded.message_id, visit.agent, what.labels, what.uses, what.final)
    service.writes.feedback.add(given, Asker(caller.brand, attempt), str)


def _labels(item: Item) -> dict[str, str]:
    """Return the labels that count: an agent's, else the service's; undecided ones are left out."""
    decided = {task: answer["label"] for task, answer in item.recorded.labels.items()}
    set_by_agent = item.outcome.labels if item.outcome else {}
    return {task: label for task, label in {**decided, **set_by_agent}.items() if label}
